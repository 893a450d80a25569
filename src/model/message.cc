// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/message.h"

#include <array>
#include <string>

#include "sterna/model/intent.h"

namespace sterna {
namespace {

constexpr std::array<std::string_view, 9> kStates{"wanted",   "present",  "stub",
                                                  "dropped",  "detached", "quarantined",
                                                  "dropping", "deleting", "tombstone"};
constexpr std::array<std::string_view, 6> kKinds{
    "upload", "move_out", "delete_out", "mailbox_create", "mailbox_rename", "mailbox_delete"};

constexpr std::string_view kReplaced = "replaced.";

template <class Enum, std::size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(RowState state) {
  return kStates[static_cast<std::size_t>(state)];
}
std::optional<RowState> parse_row_state(std::string_view text) {
  return parse<RowState>(kStates, text);
}

std::optional<Identity> remote_identity(const MessageRow& row) {
  if (!row.identity) return std::nullopt;
  Identity there = *row.identity;
  if (row.remote_header) there.header = *row.remote_header;
  if (row.remote_size != 0) there.size = row.remote_size;
  return there;
}

void take_remote_identity(MessageRow& row, const Identity& told) {
  row.remote_size = told.size;
  row.remote_header.reset();
  if (row.identity && row.identity->header != told.header) row.remote_header = told.header;
}

void give_file_away(MessageRow& row) {
  row.base_name = std::string(kReplaced) + std::to_string(row.key.uid.value);
  row.info.clear();
  row.file = {};
}
bool is_replaced(const MessageRow& row) {
  return row.file == FileStamp{} && row.base_name.starts_with(kReplaced);
}

std::string_view to_string(IntentKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}
std::optional<IntentKind> parse_intent_kind(std::string_view text) {
  return parse<IntentKind>(kKinds, text);
}

}  // namespace sterna
