// SPDX-License-Identifier: Apache-2.0
// The table `failure`: what failed how often, and when it is tried again (rule 25).
#include "impl.h"
#include "query.h"
#include "sterna/store/store.h"

namespace sterna::store {
namespace {

Failure read_failure(Query& query) {
  Failure failure;
  failure.mailbox = query.get<MailboxId>();
  failure.uid = query.get<Uid>();
  failure.base_name = query.string();
  failure.action = query.string();
  failure.count = query.get<unsigned>();
  failure.next_try_ms = query.integer();
  failure.reason = query.string();
  return failure;
}

}  // namespace

Result<std::vector<Failure>> Store::failures() {
  std::vector<Failure> failures;
  Query query(impl_->db,
              "SELECT mailbox, uid, base_name, action, count, next_try_ms, reason FROM failure "
              "ORDER BY mailbox, uid, base_name, action");
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return failures;
    failures.push_back(read_failure(query));
  }
}

Result<std::optional<Failure>> Store::failure(MailboxId mailbox, Uid uid,
                                              std::string_view base_name, std::string_view action) {
  Query query(impl_->db,
              "SELECT mailbox, uid, base_name, action, count, next_try_ms, reason FROM failure "
              "WHERE mailbox = ? AND uid = ? AND base_name = ? AND action = ?",
              mailbox, uid, base_name, action);
  STERNA_TRY(const bool found, query.next());
  return found ? std::optional(read_failure(query)) : std::nullopt;
}

Status Store::put_failure(const Failure& failure) {
  return impl_->change(
      "INSERT OR REPLACE INTO failure (mailbox, uid, base_name, action, count, next_try_ms, "
      "reason) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      failure.mailbox, failure.uid, failure.base_name, failure.action, failure.count,
      failure.next_try_ms, failure.reason);
}

Status Store::clear_failure(MailboxId mailbox, Uid uid, std::string_view base_name,
                            std::string_view action) {
  return impl_->change(
      "DELETE FROM failure WHERE mailbox = ? AND uid = ? AND base_name = ? AND action = ?", mailbox,
      uid, base_name, action);
}

Status Store::move_tries(std::chrono::milliseconds by) {
  return impl_->change("UPDATE failure SET next_try_ms = next_try_ms + ?", by.count());
}

}  // namespace sterna::store
