// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/intent.h"

#include <algorithm>
#include <array>

namespace sterna {
namespace {

// In the order of IntentKind.
constexpr std::array<std::string_view, 7> kKinds{
    "upload",         "move_out",       "move_in",       "delete_out",
    "mailbox_create", "mailbox_rename", "mailbox_delete"};

}  // namespace

std::string_view to_string(IntentKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<IntentKind> parse_intent_kind(std::string_view text) {
  const auto* const found = std::ranges::find(kKinds, text);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<IntentKind>(found - kKinds.begin());
}

}  // namespace sterna
