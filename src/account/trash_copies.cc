// SPDX-License-Identifier: Apache-2.0
#include "trash_copies.h"

#include <algorithm>
#include <set>
#include <utility>

#include "message_limit.h"
#include "observe.h"

namespace sterna::account {
namespace {

// From which UID of the Trash on the copy of each intent may be. What is below is known to be none
// of theirs.
using FirstPossible = std::map<IntentId, Uid>;

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

Status raise_first(Engine& engine, const MailboxWork& trash, UidValidity now,
                   const FirstPossible& first) {
  if (first.empty()) return {};
  STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
  return engine.write([&]() -> Status {
    for (Intent intent : intents) {
      const auto raised = first.find(intent.id);
      if (raised == first.end()) continue;
      const Uid before = intent.target == trash.row.id ? first_possible(intent, now) : Uid(1);
      intent.target = trash.row.id;
      intent.target_uidvalidity = now;
      intent.target_uid_next = std::max(before, raised->second);
      STERNA_CHECK(engine.store->update_intent(intent));
    }
    return {};
  });
}

bool is_to_trash(const Intent& intent) {
  return intent.kind == IntentKind::delete_out && intent.to_trash;
}

// Of what was begun before, a copy may be there already, below the one that is made now.
bool may_have_copy(const Intent& intent, const RemoteCursor& seen) {
  return intent.target_uidvalidity != seen.uidvalidity || intent.target_uid_next < seen.uid_next;
}

std::set<MessageKey> removals_with_copy(const Engine& engine) {
  std::set<MessageKey> keys;
  for (const auto& [copy, key] : engine.trash_copies) keys.insert(key);
  return keys;
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
  std::vector<Uid> told;
  for (const RemoteArrival& copy : copies) {
    if (copy.identity) told.push_back(copy.uid);
  }
  const UidSet untold = there.minus(UidSet::of(std::move(told)));
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
    const bool unknown = !untold.empty() && untold.last() >= first.at(one.intent);
    if (unknown && !copied.contains(one.key.uid)) {
      co_return fail(Error(ErrorCode::protocol, "the server does not tell what is in its Trash")
                         .with_scope(ErrorScope::mailbox));
    }
  }
  co_return copied;
}

Result<std::map<Uid, IntentId>> open_removals(Engine& engine, MailboxId mailbox,
                                              UidValidity uidvalidity) {
  std::map<Uid, IntentId> open;
  STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
  for (const Intent& intent : intents) {
    const bool ours = intent.mailbox == mailbox && intent.uidvalidity == uidvalidity;
    if (ours && is_to_trash(intent)) open.emplace(intent.uid, intent.id);
  }
  return open;
}

const RemoteCursor& seen_before(const MailboxWork& trash) {
  return trash.cursor_known ? trash.next_cursor : trash.row.cursor;
}

Status begin_anew(Engine& engine, const MailboxWork& trash, const std::vector<IntentId>& intents) {
  if (!trash.cursor_known) return {};
  Uid next = trash.next_cursor.uid_next;
  // Those of this sync came later.
  if (!engine.trash_copies.empty()) {
    next = std::max(next, Uid{engine.trash_copies.rbegin()->first.value + 1});
  }
  FirstPossible first;
  for (const IntentId id : intents) first[id] = next;
  return raise_first(engine, trash, trash.next_cursor.uidvalidity, first);
}

Status tell_apart(Engine& engine, const MailboxWork& trash,
                  const std::vector<BegunRemoval>& removals, const CopySink& told) {
  const RemoteCursor& seen = seen_before(trash);
  const UidValidity now = trash.cursor_known ? seen.uidvalidity : told.uidvalidity();
  std::multimap<Digest, std::pair<Uid, const Identity*>> copies;
  for (const BegunRemoval& one : removals) {
    const auto copy = told.target_of(one.key.uid, now);
    if (!copy) continue;
    engine.trash_copies.emplace(*copy, one.key);
    copies.emplace(one.identity.header, std::pair(*copy, &one.identity));
  }
  if (copies.empty()) return {};
  const std::set<MessageKey> copied = removals_with_copy(engine);
  STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
  FirstPossible first;
  for (const Intent& intent : intents) {
    if (!is_to_trash(intent) || !intent.identity || may_have_copy(intent, seen)) continue;
    if (copied.contains({intent.mailbox, intent.uid})) continue;
    const auto [begin, end] = copies.equal_range(intent.identity->header);
    for (auto it = begin; it != end; ++it) {
      const auto& [copy, identity] = it->second;
      if (!identity->same_as(*intent.identity, false)) continue;
      first[intent.id] = std::max(first[intent.id], Uid{copy.value + 1});
    }
  }
  return raise_first(engine, trash, now, first);
}

}  // namespace sterna::account
