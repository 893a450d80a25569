// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/role.h"

#include <algorithm>
#include <array>

namespace sterna {
namespace {

// In the order of Role.
constexpr std::array<std::string_view, 10> kNames = {
    "", "inbox", "trash", "sent", "drafts", "junk", "archive", "all", "flagged", "important"};

}  // namespace

std::string_view to_string(Role role) {
  return kNames[static_cast<std::size_t>(role)];
}

std::optional<Role> parse_role(std::string_view text) {
  const auto* const found = std::ranges::find(kNames, text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Role>(found - kNames.begin());
}

}  // namespace sterna
