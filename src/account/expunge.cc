// SPDX-License-Identifier: Apache-2.0
#include "expunge.h"

#include <fmt/format.h>

#include "message_limit.h"
#include "observe.h"
#include "sterna/base/step.h"

namespace sterna::account {
namespace {

coro::Task<Status> store_deleted(Connection& connection, const UidSet& uids,
                                 imap::StoreAction action) {
  std::vector<imap::CommandId> flying;
  for (const UidSet& part : parts_for(connection, uids, 100)) {
    imap::StoreRequest request{part, action, FlagSet{Flag::deleted}};
    STERNA_CO_TRY(const imap::CommandId id, connection.submit(imap::uid_store(request)));
    flying.push_back(id);
  }
  co_return co_await wait_all_whole(connection, std::move(flying));
}

std::string undelete_key(const MailboxWork& work, UidValidity uidvalidity) {
  return fmt::format("undelete:{}:{}", work.row.id.value, uidvalidity.value);
}

coro::Task<Result<UidSet>> foreign_deleted(Connection& connection, const UidSet& ours) {
  imap::SearchQuery query;
  query.deleted = true;
  STERNA_CO_TRY(const Found found, co_await search_all(connection, std::move(query)));
  if (!found.whole) {
    co_return fail(Error(ErrorCode::unsupported, "the server does not tell all that is \\Deleted")
                       .with_scope(ErrorScope::mailbox));
  }
  co_return found.uids.minus(ours);
}

}  // namespace

bool has_uid_expunge(const Connection& connection) {
  return connection.has(imap::Capability::uidplus) && !connection.quirks.no_uid_expunge;
}

// One packet: the STORE cannot make the EXPUNGE mean more than its UIDs.
Result<std::vector<imap::CommandId>> submit_uid_expunge(Connection& connection,
                                                        const UidSet& uids) {
  std::vector<imap::CommandId> flying;
  for (const UidSet& part : parts_for(connection, uids, 100)) {
    imap::StoreRequest request{part, imap::StoreAction::add, FlagSet{Flag::deleted}};
    STERNA_TRY(const imap::CommandId marked, connection.submit(imap::uid_store(request)));
    STERNA_TRY(const imap::CommandId gone, connection.submit(imap::uid_expunge(part)));
    flying.push_back(marked);
    flying.push_back(gone);
  }
  return flying;
}

coro::Task<Status> land_uid_expunge(Connection& connection, std::vector<imap::CommandId> flying) {
  Status outcome;
  for (const imap::CommandId id : flying) {
    STERNA_CO_TRY(imap::Done done, co_await connection.wait(id));
    const bool unknown =
        done.kind == imap::CommandKind::expunge && done.status == imap::StatusKind::bad;
    if (unknown && has_uid_expunge(connection)) connection.distrust(imap::Capability::uidplus);
    if (outcome) outcome = whole(done);
  }
  co_return outcome;
}

coro::Task<Status> expunge_exactly(Engine& engine, Connection& connection, MailboxWork& work,
                                   const UidSet& uids) {
  if (has_uid_expunge(connection)) {
    STERNA_CO_TRY(auto flying, submit_uid_expunge(connection, uids));
    Status done = co_await land_uid_expunge(connection, std::move(flying));
    if (done || has_uid_expunge(connection)) co_return done;
  }
  const std::string key = undelete_key(work, work.input.remote.uidvalidity);
  STERNA_CO_TRY(const UidSet foreign, co_await foreign_deleted(connection, uids));
  if (!foreign.empty()) {
    // Remembered first, so that a crash in between still gives the others their \Deleted back.
    auto remember = [&] { return engine.store->set(key, foreign.to_string()); };
    STERNA_CO_CHECK(engine.write(remember));
    STERNA_CO_CHECK(co_await store_deleted(connection, foreign, imap::StoreAction::remove));
    at_step("expunge.spared");
  }
  Status marked = co_await store_deleted(connection, uids, imap::StoreAction::add);
  Status expunged = marked;
  if (marked) {
    at_step("expunge.marked");
    STERNA_CO_TRY(const imap::CommandId id, connection.submit(imap::expunge()));
    expunged = co_await wait_all_whole(connection, {id});
    at_step("expunge.done");
  }
  if (!foreign.empty() && connection.usable()) {
    STERNA_CO_CHECK(co_await store_deleted(connection, foreign, imap::StoreAction::add));
    at_step("expunge.restored");
    auto forget = [&] { return engine.store->unset(key); };
    STERNA_CO_CHECK(engine.write(forget));
  }
  co_return expunged;
}

coro::Task<Status> unmark_deleted(Connection& connection, const UidSet& uids) {
  co_return co_await store_deleted(connection, uids, imap::StoreAction::remove);
}

Result<bool> owes_deleted(Engine& engine, const MailboxWork& work) {
  STERNA_TRY(const auto owed, engine.store->get(undelete_key(work, work.row.cursor.uidvalidity)));
  return owed.has_value();
}

coro::Task<Status> give_back_deleted(Engine& engine, Connection& connection, MailboxWork& work) {
  const UidValidity uidvalidity = work.row.cursor.uidvalidity;
  if (!uidvalidity || engine.dry_run()) co_return Status{};
  const std::string key = undelete_key(work, uidvalidity);
  STERNA_CO_TRY(const auto remembered, engine.store->get(key));
  if (!remembered) co_return Status{};
  Status selected = co_await select_mailbox(engine, connection, work, uidvalidity);
  if (!selected && !connection.usable()) co_return selected;
  const imap::Selection* selection = connection.client().selection();
  if (selected && selection->read_only) co_return Status{};
  const auto uids = UidSet::parse(*remembered);
  if (selected && uids) {
    STERNA_CO_CHECK(co_await store_deleted(connection, *uids, imap::StoreAction::add));
  }
  co_return engine.write([&] { return engine.store->unset(key); });
}

}  // namespace sterna::account
