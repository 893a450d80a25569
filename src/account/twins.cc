// SPDX-License-Identifier: Apache-2.0
#include "twins.h"

namespace sterna::account {

bool may_be_source(const MessageRow& row, const Announced& message) {
  const bool same_id = !message.email_id.empty() && row.email_id == message.email_id;
  const bool has_file =
      row.state == RowState::present && row.file.ino != 0 && !row.base_name.empty();
  // A server that made something else of what it was sent has not what the file has. A body that
  // nobody saw cannot be told from one that was written to since.
  const bool is_known = row.identity && !row.remote_header && row.identity->body != 0;
  return same_id && has_file && is_known && message.size != 0 && row.remote_size == message.size &&
         row.identity->size == message.size;
}

bool is_twin_of(const RemoteArrival& told, const MessageRow& row) {
  const bool same_id = !told.email_id.empty() && told.email_id == row.email_id;
  return same_id && told.size_reliable && told.identity && row.identity &&
         told.identity->same_as(*row.identity);
}

Claims::~Claims() {
  for (const Coming::Content& content : taken_) coming_->contents_.erase(content);
}

bool Claims::take(const Announced& message) {
  if (coming_->ended_ || message.email_id.empty()) return true;
  const auto [content, is_first] = coming_->contents_.emplace(message.email_id, message.size);
  if (is_first) taken_.push_back(*content);
  return is_first;
}

}  // namespace sterna::account
