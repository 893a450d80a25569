// SPDX-License-Identifier: Apache-2.0
// Mailboxes that changed, asked about all in a row: SELECT, which tells what changed by itself
// where there is QRESYNC (RFC 7162 section 3.2.5), or with a FETCH of the flags behind it, or where
// nothing is known of the mailbox yet, with a SEARCH. The round trips are those of a few, and the
// server works while the rows are compared.
//
// A SELECT closes the mailbox before, so what a glance says must be whole by itself. Where it is
// not, nothing of it counts, and the mailbox is looked at alone. A SELECT may fail, and what is
// behind it tell of no mailbox or of another one: it counts where its own SELECT had succeeded, and
// that mailbox was still selected when it was answered.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "ahead.h"
#include "execute.h"
#include "expunge.h"
#include "gather.h"
#include "message_limit.h"
#include "observe.h"
#include "remote_changes.h"
#include "uid_sink.h"

namespace sterna::account {
namespace {

// A server that does not understand what it is asked hangs up after some more of the same: so many
// mailboxes at first, and one more for each that it understood.
constexpr std::size_t kFirstAsked = 4;

// What tells the changes of a mailbox.
enum class Asked {
  vanished,  // SELECT (QRESYNC): also what is gone
  since,     // FETCH of what changed since the cursor (CONDSTORE)
  all,       // FETCH of all flags
  uids       // SEARCH: there is no cursor, and no row
};

// The SELECT of a glance.
struct Selecting {
  const imap::Client* client;
  imap::CommandId id;

  // What it selected, as long as that is selected.
  const imap::Selection* selection() const {
    const imap::Selection* now = client->selection();
    return now && now->complete && now->id == id ? now : nullptr;
  }
  // The same when what it tells of was told; nullopt: not all was, and it is asked alone, in parts.
  std::optional<imap::Selection> told(const imap::Done& done, bool limited) const {
    const imap::Selection* now = selection();
    if (!now || !done.ok() || limited || is_limited(done)) return std::nullopt;
    return *now;
  }
};

class GlanceSink final : public ChangeSink {
 public:
  GlanceSink(Asked asked, const Selecting& selecting) : asked_(asked), selecting_(&selecting) {}
  void on_response(const imap::Response& response) override {
    if (asked_ != Asked::vanished) {
      const imap::Selection* now = selecting_->selection();
      if (!now) return;
      expect(now->exists);
    }
    ChangeSink::on_response(response);
  }
  void on_done(const imap::Done& done) override {
    ChangeSink::on_done(done);
    selection = selecting_->told(done, limited);
  }

  std::optional<imap::Selection> selection;  // as it was when the changes were told

 private:
  Asked asked_;
  const Selecting* selecting_;
};

class FirstSink final : public UidSink {
 public:
  explicit FirstSink(const Selecting& selecting) : selecting_(&selecting) {}
  void on_response(const imap::Response& response) override {
    if (selecting_->selection()) UidSink::on_response(response);
  }
  void on_done(const imap::Done& done) override {
    UidSink::on_done(done);
    selection = selecting_->told(done, limited || unreadable);
  }

  std::optional<imap::Selection> selection;  // as it was when the UIDs were told

 private:
  const Selecting* selecting_;
};

struct Glance {
  Glance(MailboxWork& mailbox, Asked what, const imap::Client& client)
      : work(&mailbox),
        asked(what),
        selecting{&client, {}},
        sink(what, selecting),
        first(selecting) {}
  Glance(const Glance&) = delete;
  Glance& operator=(const Glance&) = delete;

  MailboxWork* work;
  Asked asked;
  Selecting selecting;
  GlanceSink sink;
  FirstSink first;
  imap::CommandId telling;
};

// Something left it: what, a list of all UIDs tells.
bool has_lost_some(const MailboxWork& work) {
  const RemoteCursor& cursor = work.row.cursor;
  if (!work.status || !work.status->messages || !work.status->uid_next) return false;
  if (*work.status->uid_next < cursor.uid_next) return true;
  const std::uint64_t arrived_max = work.status->uid_next->value - cursor.uid_next.value;
  return *work.status->messages < cursor.messages + arrived_max;
}

// None: it has to be looked at alone.
Result<std::optional<Asked>> what_to_ask(Engine& engine, const Connection& connection,
                                         const MailboxWork& work) {
  const RemoteCursor& cursor = work.row.cursor;
  const bool replaced = cursor.uidvalidity && work.status && work.status->uid_validity &&
                        *work.status->uid_validity != cursor.uidvalidity;
  if (replaced || work.told_wrong || (cursor.uidvalidity && work.input.adopting))
    return std::nullopt;
  STERNA_TRY(const bool owes, owes_deleted(engine, work));
  if (owes) return std::nullopt;
  if (!cursor.uidvalidity) return Asked::uids;
  // Where a message that is not shown may be there all the same, what vanished is looked for.
  if (connection.qresync && !connection.quirks.hides_old_messages && cursor.highest_modseq)
    return Asked::vanished;
  if (connection.condstore && cursor.highest_modseq) return Asked::since;
  if (connection.condstore || has_lost_some(work)) return std::nullopt;
  return Asked::all;
}

Result<imap::Command> telling(const Connection& connection, const Glance& one) {
  if (one.asked == Asked::uids) {
    imap::SearchQuery query;
    query.return_all = connection.has(imap::Capability::esearch);
    return imap::uid_search(query);
  }
  const bool since = one.asked == Asked::since;
  return imap::uid_fetch(flags_request(
      UidSet::range(Uid{1}, kUidMax),
      since ? std::optional(one.work->row.cursor.highest_modseq) : std::nullopt, since));
}

Status ask(Engine& engine, Connection& connection, Glance& one) {
  const MailboxRow& row = one.work->row;
  imap::SelectOptions options = select_options(engine, connection);
  const bool selects_alone = one.asked == Asked::vanished;
  if (selects_alone)
    options.qresync = imap::QresyncState{row.cursor.uidvalidity, row.cursor.highest_modseq};
  STERNA_TRY(one.selecting.id, connection.submit(imap::select(row.wire, options),
                                                 selects_alone ? &one.sink : nullptr));
  one.telling = one.selecting.id;
  STERNA_CHECK(ask_ahead(engine, connection, *one.work));
  if (selects_alone) return {};
  Sink* sink = &one.sink;
  if (one.asked == Asked::uids) sink = &one.first;
  STERNA_TRY(one.telling, connection.submit(telling(connection, one), sink));
  return {};
}

bool describes(const imap::Selection& selection, const RemoteCursor& cursor, Asked asked) {
  const bool tells_changes =
      asked == Asked::all || (selection.highest_modseq && !selection.no_modseq);
  return selection.uid_validity && *selection.uid_validity == cursor.uidvalidity &&
         !selection.uid_not_sticky && tells_changes && !went_backwards(selection, cursor) &&
         !holds_more_keywords(selection, cursor);
}

// Nothing was known of it: what it holds is new, if all of that was told.
Result<bool> take_first(Engine& engine, const Glance& one) {
  MailboxWork& work = *one.work;
  const std::optional<imap::Selection>& selection = one.first.selection;
  const UidSet& uids = one.first.uids;
  const bool sound = selection && selection->uid_validity && !selection->uid_not_sticky &&
                     uids.count() == selection->exists;
  if (!sound) return false;
  KnownUids base(*engine.store, work.row.id, work.input.adopting);
  STERNA_TRY(const std::uint64_t known, base.count());
  if (known != 0) return false;
  RemoteDelta& remote = work.input.remote;
  remote = {};
  remote.began = engine.generation;
  remote.coverage = Coverage::complete;
  remote.arrived = uids;
  take_rights(*selection, work.row.cursor, remote);
  STERNA_CHECK(begin_base(engine, work));
  STERNA_CHECK(bound_hiding(engine, work));
  work.next_cursor = cursor_of(*selection, work.row.cursor);
  STERNA_TRY(work.next_cursor.uid_next, uid_next_of(*selection, work, base));
  work.cursor_known = true;
  return true;
}

Result<bool> take_glance(Engine& engine, const Glance& one) {
  if (one.asked == Asked::uids) return take_first(engine, one);
  MailboxWork& work = *one.work;
  const std::optional<imap::Selection>& selection = one.sink.selection;
  if (!selection || !describes(*selection, work.row.cursor, one.asked)) return false;
  RemoteDelta& remote = work.input.remote;
  remote = {};
  remote.began = engine.generation;
  take_rights(*selection, work.row.cursor, remote);
  KnownUids base(*engine.store, work.row.id, false);
  STERNA_TRY(const bool whole, take_changes(one.sink, selection->exists, base, remote));
  // Nothing but VANISHED proves that something is gone.
  if (!whole || (one.asked != Asked::vanished && !remote.gone.empty())) return false;
  STERNA_CHECK(bound_hiding(engine, work));
  work.next_cursor = cursor_of(*selection, work.row.cursor);
  STERNA_TRY(work.next_cursor.uid_next, uid_next_of(*selection, work, base));
  work.cursor_known = true;
  STERNA_CHECK(drop_unchanged_flags(engine, work));
  return true;
}

// How many may be asked about at a time, by how the server answered so far.
class Width {
 public:
  Width(std::size_t first, std::size_t most) : now_(std::min(first, most)), most_(most) {}
  std::size_t now() const { return now_; }
  void understood() { now_ = std::min(now_ + 1, most_); }
  void not_understood() { now_ /= 2; }

 private:
  std::size_t now_;
  std::size_t most_;
};

// The first of its commands that failed, else the last.
coro::Task<Result<imap::Done>> answer(Connection& connection, const Glance& one) {
  STERNA_CO_TRY(imap::Done selected, co_await connection.wait(one.selecting.id));
  if (one.telling == one.selecting.id) co_return selected;
  STERNA_CO_TRY(imap::Done told, co_await connection.wait(one.telling));
  if (!selected.ok()) co_return selected;
  co_return told;
}

}  // namespace

coro::Task<Result<std::vector<MailboxWork*>>> glance(Engine& engine, Connection& connection,
                                                     const std::vector<MailboxWork*>& mailboxes) {
  std::vector<MailboxWork*> rest;
  std::deque<Glance> flying;  // the sinks stay where they are
  const std::size_t depth = connection.quirks.pipeline_depth_max;
  Width width(connection.qresync ? depth : kFirstAsked, depth > 1 ? depth : 0);
  for (auto next = mailboxes.begin();;) {
    while (next != mailboxes.end() && (flying.size() < width.now() || width.now() == 0)) {
      MailboxWork& work = **next++;
      STERNA_CO_TRY(const std::optional<Asked> asked, what_to_ask(engine, connection, work));
      if (!asked || width.now() == 0) {
        rest.push_back(&work);
        continue;
      }
      flying.emplace_back(work, *asked, connection.client());
      STERNA_CO_CHECK(ask(engine, connection, flying.back()));
    }
    if (flying.empty()) co_return rest;
    Glance& one = flying.front();
    Result<imap::Done> done = co_await answer(connection, one);
    if (!done) {
      const std::string mailbox = fmt::format("mailbox {}", one.work->name());
      co_return fail(std::move(done).error().with_context(mailbox));
    }
    if (done->ok()) width.understood();
    if (done->status == imap::StatusKind::bad) width.not_understood();
    STERNA_CO_TRY(const bool taken, take_glance(engine, one));
    if (!taken) rest.push_back(one.work);
    flying.pop_front();
  }
}

}  // namespace sterna::account
