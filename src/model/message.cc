// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/message.h"

#include <algorithm>
#include <array>
#include <string>

namespace sterna {
namespace {

// In the order of RowState.
constexpr std::array<std::string_view, 9> kStates{"wanted",   "present",  "stub",
                                                  "dropped",  "detached", "quarantined",
                                                  "dropping", "deleting", "tombstone"};

constexpr char kUnsaid = '?';
constexpr std::string_view kReplaced = "replaced.";

}  // namespace

std::string_view to_string(RowState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<RowState> parse_row_state(std::string_view text) {
  const auto* const found = std::ranges::find(kStates, text);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<RowState>(found - kStates.begin());
}

std::optional<Identity> remote_identity(const MessageRow& row) {
  if (!row.identity) return std::nullopt;
  Identity there = *row.identity;
  if (row.remote_header) {
    there.header = *row.remote_header;
    there.body = 0;
  }
  if (row.remote_size != 0) there.size = row.remote_size;
  return there;
}

void take_remote_identity(MessageRow& row, const Identity& told) {
  row.remote_size = told.size;
  row.remote_header.reset();
  if (row.identity && row.identity->header != told.header) row.remote_header = told.header;
}

std::string unsaid(std::string_view info) {
  return kUnsaid + std::string(info);
}

bool is_unsaid(const MessageRow& row) {
  return row.info.starts_with(kUnsaid);
}

std::string full_name(const MessageRow& row) {
  return row.base_name + (is_unsaid(row) ? row.info.substr(1) : row.info);
}

void give_file_away(MessageRow& row) {
  row.base_name = std::string(kReplaced) + std::to_string(row.key.uid.value);
  row.info.clear();
  row.file = {};
}

bool is_replaced(const MessageRow& row) {
  return row.file == FileStamp{} && row.base_name.starts_with(kReplaced);
}

}  // namespace sterna
