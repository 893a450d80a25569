// SPDX-License-Identifier: Apache-2.0
// The table `removal`: how much was removed lately, for the brake's rolling window (rule 6).
#include "impl.h"
#include "query.h"
#include "sterna/store/store.h"

namespace sterna::store {

Status Store::add_removals(MailboxId mailbox, std::string_view side, std::uint64_t count,
                           std::int64_t at_ms, std::uint64_t messages_before) {
  return impl_->change(
      "INSERT INTO removal (mailbox, side, count, at_ms, messages_before, lived_ms) "
      "VALUES (?, ?, ?, ?, ?, ?)",
      mailbox, side, count, at_ms, messages_before, impl_->lived_ms);
}

Result<Store::Removals> Store::removals_since(MailboxId mailbox, std::string_view side,
                                              std::int64_t since_ms) {
  Removals removals;
  Query query(impl_->db,
              "SELECT coalesce(sum(count), 0), coalesce(max(messages_before), 0) FROM removal "
              "WHERE mailbox = ? AND side = ? AND at_ms >= ?",
              mailbox, side, since_ms);
  STERNA_TRY(const bool found, query.next());
  if (!found) return removals;
  removals.count = query.get<std::uint64_t>();
  removals.messages_before = query.get<std::uint64_t>();
  return removals;
}

Result<std::size_t> Store::trim_removals(std::int64_t lived_before_ms, std::size_t rows_max) {
  return impl_->remove_rows(
      "DELETE FROM removal WHERE lived_ms < ? AND id IN (SELECT id FROM removal ORDER BY id "
      "LIMIT ?)",
      lived_before_ms, rows_max);
}

}  // namespace sterna::store
