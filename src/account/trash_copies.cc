// SPDX-License-Identifier: Apache-2.0
#include "trash_copies.h"

#include <algorithm>
#include <map>

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

Result<std::map<IntentId, Uid>> first_of_each(Engine& engine, UidValidity now) {
  std::map<IntentId, Uid> first;
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
  trash.input.remote.details.clear();
  if (!there.empty()) STERNA_CO_CHECK(co_await identify_remote(engine, connection, trash, there));
  UidSet copied;
  UidSet taken;
  for (const BegunRemoval& one : begun) {
    for (const RemoteArrival& copy : trash.input.remote.details) {
      if (copy.uid < first.at(one.intent) || taken.contains(copy.uid) || !copy.identity) continue;
      if (!copy.identity->same_as(one.identity, copy.size_reliable)) continue;
      taken.add(copy.uid);
      copied.add(one.uid);
      break;
    }
  }
  co_return copied;
}

}  // namespace sterna::account
