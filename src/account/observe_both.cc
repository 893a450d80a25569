// SPDX-License-Identifier: Apache-2.0
#include "observe_both.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "allowance.h"
#include "ask_again.h"
#include "decisions.h"
#include "execute.h"
#include "failures.h"
#include "gather.h"
#include "kept.h"
#include "list_remote.h"
#include "news.h"
#include "observe.h"
#include "pairings.h"
#include "sterna/base/step.h"
#include "sterna/coro/both.h"

namespace sterna::account {
namespace {

// How often mailboxes that moved while others were looked at are looked at again.
constexpr int kMovedRounds = 4;
// A file that is moved changes two.
constexpr std::size_t kForeseenMax = 2;

// Nothing changed on the server since the cursor: proven by STATUS alone. Flags can only be
// excluded where there is a mod-sequence (RFC 7162), so what a server without CONDSTORE has is
// always looked at, but for a mailbox without messages.
bool is_unchanged(const MailboxWork& work) {
  const RemoteCursor& cursor = work.row.cursor;
  if (!work.status || !cursor.uidvalidity) return false;
  const imap::MailboxStatus& status = *work.status;
  const bool same_messages = status.uid_validity == cursor.uidvalidity &&
                             status.uid_next == cursor.uid_next &&
                             status.messages == cursor.messages;
  if (!status.highest_modseq) return same_messages && status.messages == 0U;
  return same_messages && status.highest_modseq->value != 0 &&
         *status.highest_modseq == cursor.highest_modseq;
}

bool has_other_uids(const MailboxWork& work) {
  const UidValidity known = work.row.cursor.uidvalidity;
  return known && work.input.remote.uidvalidity && work.input.remote.uidvalidity != known;
}

// The base of a mailbox that is paired anew: nothing of it is believed any more.
Status reset_base(Engine& engine, MailboxWork& work, bool other_uids = false) {
  work.input.adopting = true;
  work.input.base_uidvalidity = {};
  work.row.cursor = {work.input.remote.uidvalidity, {}, {}, 0, work.input.remote.storable};
  work.row.stamp.clear();
  if (engine.dry_run()) {
    work.input.remote.coverage = Coverage::unknown;
    engine.report.plan.push_back(
        {work.name(), "pair_anew", 1, "the mailbox was replaced, or a backup restored"});
    return {};
  }
  STERNA_TRY(auto transaction, engine.store->begin(store::Durability::full));
  STERNA_TRY(const std::vector<MessageRow> rows, engine.store->take_all(work.row.id));
  STERNA_CHECK(engine.store->set(compared_key(work.row.id), kPairedAnew));
  if (work.row.pair_anew) {
    STERNA_CHECK(engine.store->mark_tombstones_of_backup(work.row.id));
    work.row.pair_anew = false;
  } else if (other_uids) {
    STERNA_CHECK(note_pairing(engine, work.row.id));
  }
  STERNA_CHECK(engine.store->update_mailbox(work.row));
  STERNA_CHECK(transaction.commit());
  at_step("adoption.begun");
  engine.log.info("mailbox {}: {} rows of the base are paired anew", work.name(), rows.size());
  return {};
}

// A restored backup: nothing of the base is believed. What is not asked for, or whose directory is
// not there, is not looked at either, and keeps its mark.
Status reset_restored(Engine& engine) {
  for (const auto& work : engine.mailboxes) {
    if (!work->row.pair_anew) continue;
    if (work->requested && work->stamp_now && !work->input.local.suspect) {
      STERNA_CHECK(reset_base(engine, *work));
    } else {
      work->input.local.suspect = true;
      work->look_again();
    }
  }
  return {};
}

coro::Task<Status> observe_one(Engine& engine, Pool& pool, MailboxWork& work) {
  const bool anew = work.input.adopting;  // reset before the look
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  Status observed = co_await observe_remote(engine, *connection, work);
  const bool let_go = work.input.adopting && !anew;
  // Under the UIDVALIDITY of the base its rows would count again: numbers that went backwards
  // wait for nothing.
  const bool other_uids = has_other_uids(work);
  if (observed && let_go && other_uids) observed = may_pair_anew(engine, work);
  if (!observed) {
    // Half a look says nothing, nor one at other messages; the other mailboxes go on.
    work.input.remote = {};
    work.input.remote.began = engine.generation;
    work.input.adopting = anew;
    work.cursor_known = false;
    co_return absorb(engine, *connection, work, std::move(observed));
  }
  if (let_go) {
    engine.log.warn("mailbox {}: {}: what is on the server is paired anew", work.name(),
                    other_uids ? "its UIDVALIDITY changed" : "its numbers went backwards");
    STERNA_CO_CHECK(reset_base(engine, work, other_uids));
  }
  co_return drop_unchanged_flags(engine, work);
}

// A mailbox whose rest comes another day, and which says nothing new (allowance.h).
Result<bool> leave_resting(Engine& engine, const Connection& connection, MailboxWork& work) {
  STERNA_TRY(std::optional<Error> why, why_resting(engine, connection.quirks, work));
  if (!why) return false;
  work.input.remote.began = engine.generation;
  work.look_again();
  engine.resting.push_back(&work);
  if (!engine.why_resting)
    engine.why_resting = std::move(*why).with_context(fmt::format("mailbox {}", work.name()));
  return true;
}

// What was seen here meanwhile may be the news that they waited for.
coro::Task<Status> observe_rested(Engine& engine, Pool& pool) {
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  for (MailboxWork* work : std::exchange(engine.resting, {})) {
    STERNA_CO_TRY(const bool rests, leave_resting(engine, *connection, *work));
    if (!rests) STERNA_CO_CHECK(co_await observe_one(engine, pool, *work));
  }
  co_return Status{};
}

using Seen = std::set<const MailboxWork*>;

coro::Task<Status> observe_changed(Engine& engine, Pool& pool,
                                   const std::vector<MailboxWork*>& changed) {
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  STERNA_CO_TRY(const std::vector<MailboxWork*> rest,
                co_await glance(engine, *connection, changed));
  for (MailboxWork* work : rest) STERNA_CO_CHECK(co_await observe_one(engine, pool, *work));
  co_return Status{};
}

// But those in `seen`.
coro::Task<Status> observe_remotes(Engine& engine, Pool& pool, const Seen& seen) {
  std::vector<MailboxWork*> changed;
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  engine.resting.clear();
  engine.why_resting.reset();
  for (const auto& work : engine.mailboxes) {
    if (seen.contains(work.get())) continue;
    if (!work->requested) {
      work->input.remote.began = engine.generation;
      continue;
    }
    STERNA_CO_TRY(const bool rests, leave_resting(engine, *connection, *work));
    if (rests) continue;
    if (is_unchanged(*work) || is_no_news(engine, *work)) {
      observe_remote_unchanged(*work, engine.generation);
      continue;
    }
    changed.push_back(work.get());
  }
  co_return co_await observe_changed(engine, pool, changed);
}

// Of which it is known before they are listed here that they are asked about: what files came to or
// left is in doubt until the server was looked at. Not where that is more than a few words.
coro::Task<Result<Seen>> observe_foreseen(Engine& engine, Pool& pool) {
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  std::vector<MailboxWork*> foreseen;
  for (const auto& work : engine.mailboxes) {
    const RemoteCursor& cursor = work->row.cursor;
    const bool tells_changes = connection->condstore && cursor.highest_modseq;
    const bool moves_here = engine.news->here.contains(work->row.path);
    if (!work->requested || !tells_changes || !moves_here || is_unchanged(*work)) continue;
    STERNA_CO_TRY(const auto rests, why_resting(engine, connection->quirks, *work));
    if (!rests) foreseen.push_back(work.get());
  }
  if (foreseen.size() > kForeseenMax) foreseen.clear();
  STERNA_CO_CHECK(co_await observe_changed(engine, pool, foreseen));
  co_return Seen(foreseen.begin(), foreseen.end());
}

// Messages came to it, or left, since it was looked at: it is neither as its SELECT said, nor as
// the STATUS before said (a server's SELECT and STATUS need not agree on UIDNEXT).
bool has_moved_since(const MailboxWork& work, const RemoteListing& listing) {
  if (!work.requested || !work.cursor_known || !listing.status) return false;
  const imap::MailboxStatus& now = *listing.status;
  const RemoteCursor& seen = work.next_cursor;
  const bool as_seen = now.uid_validity == seen.uidvalidity && now.uid_next == seen.uid_next &&
                       now.messages == seen.messages;
  const bool as_before = work.status && now.uid_validity == work.status->uid_validity &&
                         now.uid_next == work.status->uid_next &&
                         now.messages == work.status->messages;
  return !as_seen && !as_before;
}

coro::Task<Result<bool>> observe_moved_once(Engine& engine, Pool& pool) {
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  SecondQuestion question(engine, *connection);
  STERNA_CO_CHECK(question.ask());
  STERNA_CO_TRY(const RemoteList list, co_await list_remote(engine, *connection));
  STERNA_CO_TRY(const std::vector<MailboxWork*> there, co_await question.land());
  bool moved = !there.empty();
  for (MailboxWork* work : there) STERNA_CO_CHECK(co_await observe_one(engine, pool, *work));
  for (const RemoteListing& listing : list.mailboxes) {
    MailboxWork* work = engine.find(listing.mailbox.name);
    if (!work || !has_moved_since(*work, listing)) continue;
    moved = true;
    work->status = listing.status;
    STERNA_CO_CHECK(co_await observe_one(engine, pool, *work));
  }
  co_return moved;
}

// Mailboxes are looked at in turn: a message that is moved meanwhile may be gone from the later one
// and not yet in the earlier one. No absence is believed before all of them stand still.
coro::Task<Status> observe_moved(Engine& engine, Pool& pool) {
  const auto lacks_some = [](const auto& work) { return !work->input.remote.gone.empty(); };
  for (int round = 0; std::ranges::any_of(engine.mailboxes, lacks_some); ++round) {
    STERNA_CO_TRY(const bool moved, co_await observe_moved_once(engine, pool));
    if (!moved) co_return Status{};
    if (round < kMovedRounds) continue;
    for (const auto& work : engine.mailboxes) {
      if (!lacks_some(work)) continue;
      work->input.remote.gone = {};
      work->input.remote.coverage = Coverage::changes;
      work->look_again();
    }
  }
  co_return Status{};
}

coro::Task<Status> observe_there(Engine& engine, Pool& pool, const Seen& seen) {
  STERNA_CO_CHECK(co_await observe_remotes(engine, pool, seen));
  co_return co_await observe_moved(engine, pool);
}

}  // namespace

coro::Task<Status> observe_both(Engine& engine, Pool& pool) {
  STERNA_CO_CHECK(reset_restored(engine));
  engine.all_seen_here = false;
  if (engine.news) {
    // What is seen here decides what has to be looked at there.
    auto [foreseen, here] =
        co_await coro::both(observe_foreseen(engine, pool), observe_local(engine));
    STERNA_CO_TRY(const Seen seen, std::move(foreseen));
    STERNA_CO_CHECK(here);
    const std::vector<MailboxWork*> unasked = without_news(engine);
    STERNA_CO_CHECK(co_await observe_there(engine, pool, seen));
    STERNA_CO_CHECK(co_await settle_local(engine));
    // What came to light meanwhile is no reason to send anything to where nobody looked (rule 8).
    for (MailboxWork* work : unasked) {
      if (seen.contains(work) || is_no_news(engine, *work)) continue;
      STERNA_CO_CHECK(co_await observe_one(engine, pool, *work));
    }
  } else {
    auto [there, here] =
        co_await coro::both(observe_there(engine, pool, {}), observe_local(engine));
    STERNA_CO_CHECK(there);
    STERNA_CO_CHECK(here);
    STERNA_CO_CHECK(co_await settle_local(engine));
    STERNA_CO_CHECK(co_await observe_rested(engine, pool));
  }
  engine.all_seen_here = true;
  co_return Status{};
}

}  // namespace sterna::account
