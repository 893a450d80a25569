// SPDX-License-Identifier: Apache-2.0
// The remote tree as differences to the base: QRESYNC, CONDSTORE alone, or neither, behind one
// shape.
//
// What changed is asked for as narrowly as the server allows (RFC 7162); the arithmetic decides
// whether the answer was whole: the rows for which the server has a message, less what vanished,
// plus what arrived, must be EXISTS. Where it is not, all UIDs are listed; where that does not
// close it either, the coverage is `changes` and nothing is gone (rule 5). The cursor is the one
// that SELECT announced (rule 20).
#include <fmt/format.h>

#include <algorithm>

#include "ahead.h"
#include "decisions.h"
#include "execute.h"
#include "expunge.h"
#include "message_limit.h"
#include "observe.h"
#include "remote_changes.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/identity.h"
#include "time_units.h"
#include "uids_of.h"

namespace sterna::account {
namespace {

// A server that tells of one message at a time would be asked for ever.
constexpr int kLookPartsMax = 100'000;

struct RemoteLook {
  ChangeSink changes;
  bool all_flags = false;    // `changes` names every message of the mailbox
  bool whole = true;         // false: the server told of a part, and not where it stopped
  std::uint32_t exists = 0;  // how many messages there are by what it tells
};

// BAD to what an extension adds to SELECT: without it. Where that is understood, the extension is
// given up; else it was not to blame.
coro::Task<Result<imap::Done>> select_plainer(Connection& connection, const WireName& mailbox,
                                              imap::SelectOptions options, Sink* sink) {
  std::vector<imap::Capability> blamed;
  if (std::exchange(options.qresync, std::nullopt)) {
    blamed.push_back(imap::Capability::qresync);
  } else {
    options.condstore = false;
    blamed.push_back(imap::Capability::condstore);
  }
  STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::select(mailbox, options), sink));
  if (options.condstore && done.status == imap::StatusKind::bad) {
    options.condstore = false;
    blamed.push_back(imap::Capability::condstore);
    STERNA_CO_TRY(done, co_await connection.run(imap::select(mailbox, options), sink));
  }
  if (done.status != imap::StatusKind::bad) {
    for (const imap::Capability one : blamed) connection.distrust(one);
  }
  co_return done;
}

coro::Task<Result<imap::Done>> fetch_flags(Connection& connection, UidSet uids,
                                           std::optional<ModSeq> since, Sink* sink) {
  const bool with_modseq = connection.condstore && !connection.client().selection()->no_modseq;
  imap::FetchRequest request = flags_request(std::move(uids), since, with_modseq);
  STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::uid_fetch(request), sink));
  if (!with_modseq || done.status != imap::StatusKind::bad) co_return done;
  request.items.pop_back();
  request.changed_since = std::nullopt;
  STERNA_CO_TRY(done, co_await connection.run(imap::uid_fetch(request), sink));
  if (done.status != imap::StatusKind::bad) connection.distrust(imap::Capability::condstore);
  co_return done;
}

// Of all messages, downwards in as many parts as the server makes of it.
coro::Task<Result<imap::Done>> fetch_all_flags(Connection& connection, std::optional<ModSeq> since,
                                               RemoteLook& out) {
  UidSet uids = UidSet::range(Uid{1}, kUidMax);
  for (int part = 0;; ++part) {
    out.changes.limited = false;
    STERNA_CO_TRY(imap::Done done, co_await fetch_flags(connection, uids, since, &out.changes));
    if (!done.ok() || (!is_limited(done) && !out.changes.limited)) co_return done;
    const std::optional<Uid> last = limited_at(done);
    out.whole = last && *last <= uids.last() && part < kLookPartsMax;
    if (!out.whole || last->value == 1) co_return done;
    uids = UidSet::range(Uid{1}, Uid{last->value - 1});
  }
}

// SELECT and whatever else tells the changed flags since the cursor.
coro::Task<Result<imap::Done>> look(Engine& engine, Connection& connection, MailboxWork& work,
                                    RemoteLook& out) {
  const RemoteCursor& cursor = work.row.cursor;
  imap::SelectOptions options = select_options(engine, connection);
  const bool has_base = cursor.uidvalidity && cursor.highest_modseq;
  if (connection.qresync && has_base) {
    options.qresync = imap::QresyncState{cursor.uidvalidity, cursor.highest_modseq};
  }
  STERNA_CO_TRY(const imap::CommandId selecting,
                connection.submit(imap::select(work.row.wire, options), &out.changes));
  STERNA_CO_CHECK(ask_ahead(engine, connection, work));
  STERNA_CO_TRY(imap::Done done, co_await connection.wait(selecting));
  if (done.status == imap::StatusKind::bad && (options.qresync || options.condstore)) {
    STERNA_CO_TRY(done, co_await select_plainer(connection, work.row.wire, options, &out.changes));
    options.qresync = std::nullopt;
  }
  if (!done.ok()) co_return done;
  const imap::Selection* selection = connection.client().selection();
  if (!selection || !selection->uid_validity) co_return done;
  const bool same_base = cursor.uidvalidity && *selection->uid_validity == cursor.uidvalidity;
  // What a keyword was set on before the server could hold it does not count as changed (40).
  const bool ask_for_all = same_base && holds_more_keywords(*selection, cursor);
  const bool told = options.qresync && !is_limited(done) && !out.changes.limited;
  if (told && same_base && !selection->no_modseq && !ask_for_all) co_return done;
  out.changes = {};
  out.changes.expect(selection->exists);
  if (!same_base || selection->exists == 0) co_return done;
  const bool modseq_usable = connection.condstore && !selection->no_modseq && !ask_for_all &&
                             cursor.highest_modseq && selection->highest_modseq &&
                             *selection->highest_modseq >= cursor.highest_modseq;
  if (modseq_usable && *selection->highest_modseq == cursor.highest_modseq) co_return done;
  STERNA_CO_TRY(
      imap::Done fetched,
      co_await fetch_all_flags(
          connection, modseq_usable ? std::optional(cursor.highest_modseq) : std::nullopt, out));
  const bool asked_all = !modseq_usable || !connection.condstore;
  out.all_flags = asked_all && out.whole && fetched.ok();
  if (!fetched.ok()) co_return fetched;
  co_return done;
}

std::uint32_t exists_now(Connection& connection) {
  const imap::Selection* selection = connection.client().selection();
  return selection ? selection->exists : 0;
}

// Arrived and gone, by the arithmetic; lists all UIDs where the cheap way does not close it.
coro::Task<Status> settle_presence(Connection& connection, MailboxWork& work, RemoteLook& seen,
                                   KnownUids& base) {
  RemoteDelta& remote = work.input.remote;
  const imap::Selection& selection = *connection.client().selection();
  STERNA_CO_TRY(const bool closes, take_changes(seen.changes, selection.exists, base, remote));
  const bool hides = connection.quirks.hides_old_messages;
  const bool doubted = work.told_wrong || (hides && !remote.gone.empty());
  seen.exists = selection.exists;
  if (closes && seen.whole && !doubted) co_return Status{};
  bool whole = false;
  UidSet all;
  const UidSet told = uids_of(seen.changes.flags, &RemoteFlags::uid);
  if (seen.all_flags && told.count() == selection.exists) {
    all = told;
    whole = true;
  } else if (selection.exists == 0) {
    whole = true;
  } else {
    STERNA_CO_TRY(Found found, co_await search_all(connection, {}));
    // What came after the list was made is in the next one.
    if (found.whole && found.uids.count() < exists_now(connection)) {
      STERNA_CO_TRY(found, co_await search_all(connection, {}));
    }
    all = std::move(found.uids);
    whole = found.whole;
    seen.whole = seen.whole && !found.limited;
  }
  STERNA_CO_TRY(const UidSet known, base.all());
  remote.arrived = all.minus(known);
  remote.gone = known.minus(all);
  if (hides) keep_hidden(all, remote.gone);
  remote.gone_proof = "absent from the server's whole list of UIDs, and asked for again";
  const imap::Selection* now = connection.client().selection();
  if (!seen.whole || !whole || !now || all.count() != now->exists) {
    remote.hides_some = seen.whole && whole && all.count() < exists_now(connection);
    remote.gone = {};
    remote.coverage = Coverage::changes;
    co_return Status{};
  }
  remote.coverage = Coverage::complete;
  seen.exists = now->exists;
  if (remote.gone.empty()) co_return Status{};
  // Asked once more by name: a server that left them out of the list answers them here.
  UidSet still_there;
  for (const UidSet& part : parts_for(connection, remote.gone, 100)) {
    ChangeSink again;
    again.expect(now->exists);
    STERNA_CO_TRY(imap::Done done, co_await fetch_flags(connection, part, std::nullopt, &again));
    if (!done.ok() || is_limited(done) || again.unreadable) {
      remote.gone = {};
      remote.coverage = Coverage::changes;
      co_return Status{};
    }
    still_there.add_all(uids_of(again.flags, &RemoteFlags::uid));
  }
  remote.gone = remote.gone.minus(still_there);
  remote.asked_again = true;
  co_return Status{};
}

// A server that is behind itself tells the rest soon; one that is broken must not keep new files
// here for good.
constexpr std::int64_t kHidesMaxMs = kHourMs;

void check_numbers(const imap::Selection& selection, MailboxWork& work) {
  const RemoteCursor& cursor = work.row.cursor;
  const bool back = cursor.uidvalidity && *selection.uid_validity == cursor.uidvalidity &&
                    went_backwards(selection, cursor);
  const bool other = cursor.uidvalidity && *selection.uid_validity != cursor.uidvalidity;
  if (back || other) work.input.adopting = true;
}

// A change that was told and could not be read would never be told again behind the cursor of this
// look.
void keep_cursor_before_unreadable(Engine& engine, MailboxWork& work, const RemoteLook& seen) {
  if (!seen.changes.unreadable) return;
  work.cursor_settled = false;
  engine.note(Error(ErrorCode::protocol, "what the server told of its messages cannot all be read")
                  .with_scope(ErrorScope::mailbox)
                  .with_hint("it is asked for again at each sync; the log has the line"),
              &work);
}

}  // namespace

Status begin_base(Engine& engine, MailboxWork& work) {
  if (work.row.cursor.uidvalidity || engine.dry_run()) return {};
  const RemoteDelta& remote = work.input.remote;
  work.row.cursor = {remote.uidvalidity, {}, {}, 0, remote.storable};
  return engine.write([&] { return engine.store->update_mailbox(work.row); });
}

Error replaced() {
  return Error(ErrorCode::changed, "the mailbox was replaced on the server meanwhile")
      .with_scope(ErrorScope::mailbox);
}

Result<Uid> uid_next_of(const imap::Selection& selection, const MailboxWork& work,
                        KnownUids& base) {
  if (selection.uid_next) return *selection.uid_next;
  if (work.status && work.status->uid_next) return *work.status->uid_next;
  STERNA_TRY(UidSet known, base.all());
  known.add_all(work.input.remote.arrived);
  if (known.empty() || known.last() == kUidMax) return Uid{1};
  return Uid{known.last().value + 1};
}

Status bound_hiding(Engine& engine, MailboxWork& work) {
  RemoteDelta& remote = work.input.remote;
  const std::string key = hides_key(work.row.id);
  STERNA_TRY(const std::optional<std::string> known, engine.store->get(key));
  if (!remote.hides_some) {
    if (!known || engine.dry_run()) return {};
    return engine.write([&] { return engine.store->unset(key); });
  }
  const auto since = known ? parse_number(*known) : std::nullopt;
  const std::int64_t now = engine.sure_ms();
  if (since && static_cast<std::int64_t>(*since) <= now) {
    remote.hides_some = now - static_cast<std::int64_t>(*since) < kHidesMaxMs;
    return {};
  }
  if (engine.dry_run()) return {};
  return engine.write([&] { return engine.store->set(key, fmt::format("{}", now)); });
}

imap::SelectOptions select_options(const Engine& engine, const Connection& connection) {
  imap::SelectOptions options;
  options.examine = engine.dry_run();
  options.condstore = connection.condstore;
  return options;
}

Result<imap::CommandId> submit_select(const Engine& engine, Connection& connection,
                                      const MailboxWork& work, Sink* sink) {
  imap::SelectOptions options;
  options.examine = engine.dry_run();
  return connection.submit(imap::select(work.row.wire, options), sink);
}

coro::Task<Status> select_mailbox(Engine& engine, Connection& connection, const MailboxWork& work,
                                  UidValidity expected) {
  const imap::Selection* selection = connection.client().selection();
  if (connection.selecting() || !selection || !selection->complete ||
      selection->mailbox != work.row.wire || selection->examined != engine.dry_run()) {
    STERNA_CO_TRY(const imap::CommandId id, submit_select(engine, connection, work));
    STERNA_CO_CHECK(co_await connection.wait_ok(id));
    selection = connection.client().selection();
  }
  if (!selection || !selection->uid_validity || *selection->uid_validity != expected) {
    co_return fail(replaced());
  }
  co_return Status{};
}

coro::Task<Status> leave_mailbox(Connection& connection) {
  if (!connection.client().selection()) co_return Status{};
  if (connection.has(imap::Capability::unselect)) {
    STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::unselect()));
    if (done.ok()) co_return Status{};
    connection.distrust(imap::Capability::unselect);
  }
  imap::SelectOptions options;
  options.examine = true;
  co_return co_await connection.run_ok(imap::select(WireName{"INBOX"}, options));
}

void observe_remote_unchanged(MailboxWork& work, Generation generation) {
  RemoteDelta& remote = work.input.remote;
  remote = {};
  remote.coverage = Coverage::complete;
  remote.began = generation;
  remote.uidvalidity = work.row.cursor.uidvalidity;
  remote.storable = work.row.cursor.storable;
  work.next_cursor = work.row.cursor;
  work.cursor_known = true;
}

coro::Task<Status> observe_remote(Engine& engine, Connection& connection, MailboxWork& work) {
  RemoteDelta& remote = work.input.remote;
  remote = {};
  remote.began = engine.generation;
  work.cursor_known = false;  // an earlier look's is not this one's (rule 20)
  STERNA_CO_CHECK(co_await give_back_deleted(engine, connection, work));
  RemoteLook seen;
  STERNA_CO_TRY(imap::Done done, co_await look(engine, connection, work, seen));
  if (!done.ok()) {
    engine.note(imap::error_from(done).with_context("open it"), &work);
    co_return Status{};
  }
  const imap::Selection* selection = connection.client().selection();
  if (!selection || !selection->uid_validity || selection->uid_not_sticky) {
    engine.note(Error(ErrorCode::unsupported, "the server gives its messages no lasting UIDs")
                    .with_hint("such a mailbox cannot be synced; exclude it"),
                &work);
    co_return Status{};
  }
  take_rights(*selection, work.row.cursor, remote);
  check_numbers(*selection, work);
  STERNA_CO_CHECK(begin_base(engine, work));
  keep_cursor_before_unreadable(engine, work, seen);
  if (work.input.adopting) seen = {};
  KnownUids base(*engine.store, work.row.id, work.input.adopting);
  STERNA_CO_CHECK(co_await settle_presence(connection, work, seen, base));
  STERNA_CO_CHECK(bound_hiding(engine, work));
  if (!seen.whole) engine.note(limited_error("tells of"), &work);
  selection = connection.client().selection();
  if (!selection) co_return fail(ErrorCode::changed, "the selection was lost");
  work.next_cursor = cursor_of(*selection, work.row.cursor);
  // What went since is not among what the look tells as gone.
  work.next_cursor.messages = seen.exists;
  STERNA_CO_TRY(work.next_cursor.uid_next, uid_next_of(*selection, work, base));
  work.cursor_known = remote.coverage == Coverage::complete;
  co_return Status{};
}

}  // namespace sterna::account
