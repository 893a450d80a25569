// SPDX-License-Identifier: Apache-2.0
#include "trash_copies.h"

#include <algorithm>
#include <utility>

#include "message_limit.h"
#include "observe.h"

namespace sterna::account {
namespace {

// The copies that may be there begin with what the intent noted, as long as it speaks of this
// mailbox.
Uid first_possible(const Intent& intent, UidValidity now) {
  const bool same = intent.target_uidvalidity && intent.target_uidvalidity == now;
  return same ? std::max(Uid(1), intent.target_uid_next) : Uid(1);
}

Result<FirstPossible> first_of_each(Engine& engine, UidValidity now) {
  FirstPossible first;
  STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
  for (const Intent& intent : intents) first[intent.id] = first_possible(intent, now);
  return first;
}

coro::Task<Result<UidSet>> uids_since(Connection& connection, Uid first) {
  imap::SearchQuery query;
  query.uids = UidSet::range(first, Uid(UINT32_MAX));
  Result<Found> found = co_await search_all(connection, std::move(query));
  if (!found) co_return fail(std::move(found).error().with_context("look into the Trash"));
  if (!found->whole) {
    co_return fail(Error(ErrorCode::unsupported, "the server does not tell all of its Trash")
                       .with_scope(ErrorScope::mailbox));
  }
  co_return std::move(found->uids);
}

coro::Task<Result<std::vector<RemoteArrival>>> contents_of(Engine& engine, Connection& connection,
                                                           MailboxWork& trash, const UidSet& uids) {
  if (uids.empty()) co_return std::vector<RemoteArrival>{};
  // What the plan goes by stays as it is.
  std::vector<RemoteArrival> before = std::exchange(trash.input.remote.details, {});
  Status identified = co_await identify_remote(engine, connection, trash, uids);
  auto found = std::exchange(trash.input.remote.details, std::move(before));
  if (!identified) co_return fail(std::move(identified).error());
  co_return found;
}

}  // namespace

coro::Task<Result<UidSet>> find_trash_copies(Engine& engine, Connection& connection,
                                             MailboxWork& trash,
                                             const std::vector<BegunRemoval>& begun) {
  STERNA_CO_TRY(const imap::CommandId selecting, submit_select(engine, connection, trash));
  STERNA_CO_CHECK(co_await connection.wait_ok(selecting));
  const imap::Selection* selection = connection.client().selection();
  if (!selection || !selection->uid_validity) co_return fail(replaced());
  trash.input.remote.uidvalidity = *selection->uid_validity;
  STERNA_CO_TRY(const auto first, first_of_each(engine, *selection->uid_validity));
  Uid lowest(UINT32_MAX);
  for (const BegunRemoval& one : begun) lowest = std::min(lowest, first.at(one.intent));
  STERNA_CO_TRY(const UidSet there, co_await uids_since(connection, lowest));
  STERNA_CO_TRY(const std::vector<RemoteArrival> copies,
                co_await contents_of(engine, connection, trash, there));
  UidSet copied;
  for (const BegunRemoval& one : begun) {
    for (const RemoteArrival& copy : copies) {
      if (copy.uid < first.at(one.intent) || !copy.identity) continue;
      if (!copy.identity->same_as(one.identity, copy.size_reliable)) continue;
      const auto [taken, is_free] = engine.trash_copies.try_emplace(copy.uid, one.key);
      if (!is_free && taken->second != one.key) continue;
      copied.add(one.key.uid);
      break;
    }
  }
  co_return copied;
}

Status raise_first(Engine& engine, const MailboxWork& trash, const FirstPossible& first) {
  if (first.empty()) return {};
  STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
  return engine.write([&]() -> Status {
    for (Intent intent : intents) {
      const auto raised = first.find(intent.id);
      if (raised == first.end()) continue;
      const bool same = intent.target == trash.row.id &&
                        intent.target_uidvalidity == trash.next_cursor.uidvalidity;
      const Uid before = same ? intent.target_uid_next : Uid(1);
      intent.target = trash.row.id;
      intent.target_uidvalidity = trash.next_cursor.uidvalidity;
      intent.target_uid_next = std::max(before, raised->second);
      STERNA_CHECK(engine.store->update_intent(intent));
    }
    return {};
  });
}

}  // namespace sterna::account
