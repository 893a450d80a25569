// SPDX-License-Identifier: Apache-2.0
// The table `attempt`: what the last plans had to be done, and how often in a row (rule 25).
#include "impl.h"
#include "query.h"
#include "sterna/store/store.h"

namespace sterna::store {

Result<std::vector<Attempt>> Store::attempts() {
  std::vector<Attempt> attempts;
  Query query(impl_->db,
              "SELECT mailbox, uid, base_name, action, content, times, next_try_ms, answer "
              "FROM attempt ORDER BY mailbox, uid, base_name, action");
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return attempts;
    Attempt& attempt = attempts.emplace_back();
    attempt.key.mailbox = query.get<MailboxId>();
    attempt.key.uid = query.get<Uid>();
    attempt.key.base_name = query.string();
    attempt.key.action = query.string();
    attempt.content = query.get<std::uint64_t>();
    attempt.times = query.get<unsigned>();
    attempt.next_try_ms = query.integer();
    attempt.answer = query.string();
  }
}

Status Store::put_attempt(const Attempt& attempt) {
  return impl_->change(
      "INSERT OR REPLACE INTO attempt (mailbox, uid, base_name, action, content, times, "
      "next_try_ms, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      attempt.key.mailbox, attempt.key.uid, attempt.key.base_name, attempt.key.action,
      attempt.content, attempt.times, attempt.next_try_ms, attempt.answer);
}

Status Store::clear_attempt(const ActionKey& key) {
  return impl_->change(
      "DELETE FROM attempt WHERE mailbox = ? AND uid = ? AND base_name = ? AND action = ?",
      key.mailbox, key.uid, key.base_name, key.action);
}

}  // namespace sterna::store
