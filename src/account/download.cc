// SPDX-License-Identifier: Apache-2.0
#include "download.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

#include "ahead.h"
#include "allowance.h"
#include "body_writer.h"
#include "failures.h"
#include "find_twins.h"
#include "message_limit.h"
#include "observe.h"
#include "reserve.h"
#include "sterna/base/bytes.h"
#include "sterna/base/step.h"
#include "sterna/coro/scope.h"
#include "sterna/imap/outcome.h"
#include "sterna/imap/told_to_wait.h"
#include "uid_sink.h"

namespace sterna::account {
namespace {

constexpr std::uint64_t kWindowMessages = 64;
// So many are looked at for twins together: a round trip or two more, of some hundred.
constexpr std::uint64_t kStretchMessages = 1000;
constexpr std::size_t kWindowsInFlight = 3;
constexpr std::size_t kGroupMessages = 1000;
constexpr std::uint64_t kGroupOctets = std::uint64_t{64} << 20;
constexpr std::chrono::seconds kGroupAge{1};
// What a batch of copies is begun below.
constexpr std::uint64_t kCopiedOctetsMax = std::uint64_t{8} << 20;
// So many in a row that bring nothing, though the server lists what is in them, are enough: a set
// on its word may be of four thousand million.
constexpr int kWindowsInVain = 8;
constexpr int kSinglesInVain = 64;

// Of messages, as far as the server told it.
using Sizes = std::map<Uid, std::uint64_t>;

// Newest first: the last messages of the set come first; within a window the server ascends.
class Windows {
 public:
  Windows(const UidSet& uids, std::uint64_t messages)
      : ranges_(uids.ranges()), messages_(messages) {}
  // Of at least one message, and else of so many octets at most.
  Windows(const UidSet& uids, std::uint64_t messages, const Sizes& sizes, std::uint64_t octets)
      : ranges_(uids.ranges()), messages_(messages), sizes_(&sizes), octets_(octets) {}

  bool done() const { return ranges_.empty(); }
  UidSet rest() const {
    UidSet set;
    for (const UidRange& range : ranges_) set.add_range(range.first, range.last);
    return set;
  }
  UidSet next() {
    UidSet window;
    std::uint64_t left = octets_ == 0 ? messages_ : count_of_octets();
    while (left > 0 && !ranges_.empty()) {
      UidRange& range = ranges_.back();
      const std::uint64_t count = std::min(left, range.count());
      const Uid first(static_cast<std::uint32_t>(range.last.value - count + 1));
      window.add_range(first, range.last);
      left -= count;
      if (first == range.first) {
        ranges_.pop_back();
      } else {
        range.last = Uid(first.value - 1);
      }
    }
    return window;
  }

 private:
  std::uint64_t count_of_octets() const {
    std::uint64_t count = 0;
    std::uint64_t octets = 0;
    for (auto range = ranges_.rbegin(); range != ranges_.rend(); ++range) {
      for (std::uint64_t i = 0; i < range->count(); ++i) {
        const auto size = sizes_->find(Uid(static_cast<std::uint32_t>(range->last.value - i)));
        octets += size == sizes_->end() ? 0 : size->second;
        if (count == messages_ || (count > 0 && octets > octets_)) return count;
        ++count;
      }
    }
    return count;
  }

  std::vector<UidRange> ranges_;
  std::uint64_t messages_;
  const Sizes* sizes_ = nullptr;
  std::uint64_t octets_ = 0;
};

std::uint64_t window_messages(const Connection& connection) {
  const std::uint64_t limit = connection.capabilities().message_limit().value_or(0);
  return limit == 0 ? kWindowMessages : std::min(limit, kWindowMessages);
}

struct Errand {
  std::string reason;
  Share share;  // of what may be fetched in a day
  std::function<coro::Task<void>()> when_all_came = {};
};

class Downloader {
 public:
  Downloader(Engine& engine, Connection& connection, MailboxWork& work, maildir::MailboxDirs& dirs,
             Errand errand, std::unique_ptr<Ahead> ahead = nullptr)
      : engine_(engine),
        connection_(connection),
        work_(work),
        writer_(engine, work, dirs, connection.quirks),
        errand_(std::move(errand)),
        ahead_(std::move(ahead)),
        sink_(ahead_ ? std::move(ahead_->sink) : std::make_unique<BodySink>()) {
    sink_->on_full([this] { return hand_over(); });
    group_began_ = engine.services.clock.monotonic();
  }

  // May be called again: newest first.
  coro::Task<Status> run(UidSet uids, std::vector<Twin> twins = {}, Sizes sizes = {}) {
    sizes_ = std::move(sizes);
    coro::Scope scope = co_await coro::make_scope();
    scope_ = &scope;
    Status fetched = co_await copy(std::move(twins));
    if (fetched) {
      uids.add_all(std::exchange(unproven_, {}));
      sink_->expect(uids);
      fetched = co_await fetch_windows(uids);
      const bool all = fetched && uids.minus(sink_->received).empty();
      if (all && errand_.when_all_came) co_await errand_.when_all_came();
    }
    if (!fetched) sink_->abandon();
    // What has come is written and recorded, whatever happened to the line.
    Status stored = co_await finish();
    co_await scope.join();
    scope_ = nullptr;
    missing_.add_all(std::exchange(asked_, {}).minus(sink_->received));
    if (!fetched) co_return fetched;
    co_return stored;
  }

  // What was asked for and did not come.
  const UidSet& missing() const { return missing_; }
  // What the server said to the last FETCH that it refused.
  const std::optional<Error>& refusal() const { return refusal_; }
  bool gave_up() const { return in_vain_ >= kWindowsInVain; }

 private:
  // What turns out to be something else than its row knows is fetched with the rest.
  coro::Task<Status> copy(std::vector<Twin> twins) {
    std::ranges::sort(
        twins, {}, [](const Twin& twin) { return std::pair(twin.source.mailbox, twin.facts.uid); });
    while (!twins.empty()) {
      // Nothing here waits for the server, which is where an interrupt is noticed.
      const bool stop = co_await coro::cancelled();
      if (stop) co_return fail(Error::cancelled());
      STERNA_CO_CHECK(check_reserve(engine_));
      const MailboxId mailbox = twins.back().source.mailbox;
      std::uint64_t octets = 0;
      while (!twins.empty() && twins.back().source.mailbox == mailbox &&
             twins_.size() < kBatchMessages && octets < kCopiedOctetsMax) {
        octets += twins.back().source.file.size;
        twins_.push_back(std::move(twins.back()));
        twins.pop_back();
      }
      // Apart from those that are open in the pass: another download may use them meanwhile.
      Result<maildir::MailboxDirs> dirs =
          maildir::open_mailbox(*engine_.root, engine_.find(mailbox)->path);
      if (!dirs) {
        for (const Twin& twin : std::exchange(twins_, {})) unproven_.add(twin.facts.uid);
        continue;
      }
      source_ = std::move(*dirs);
      begin_batch(twins_.size());
      STERNA_CO_CHECK(co_await await_batch());
    }
    co_return Status{};
  }

  coro::Task<Status> fetch_windows(const UidSet& uids) {
    if (const std::unique_ptr<Ahead> ahead = std::move(ahead_)) {
      STERNA_CO_TRY(imap::Done done, co_await connection_.wait(ahead->id));
    }
    Windows windows(uids.minus(sink_->received), window_messages(connection_), sizes_,
                    octets_at_a_time(connection_.quirks));
    std::deque<std::pair<imap::CommandId, UidSet>> flying;
    Status room;
    while (!windows.done() || !flying.empty()) {
      while (room && !windows.done() && !gave_up() && flying.size() < kWindowsInFlight) {
        // What is on its way still comes.
        room = check_reserve(engine_);
        if (room) room = check_fetched(engine_, connection_.quirks, errand_.share);
        if (!room) break;
        UidSet window = windows.next();
        STERNA_CO_TRY(const imap::CommandId id, ask_for_bodies(connection_, window, *sink_));
        flying.emplace_back(id, std::move(window));
      }
      if (flying.empty()) break;
      STERNA_CO_TRY(imap::Done done, co_await connection_.wait(flying.front().first));
      in_vain_ = has_brought(flying.front().second) ? 0 : in_vain_ + 1;
      flying.pop_front();
      if (done.ok()) continue;
      engine_.log.debug("mailbox {}: fetch: {}", work_.name(), done.text);
      // BAD, too: some servers say so of a message that they cannot read. What did not come is
      // asked for one by one, unless the account is to come later.
      refusal_ = imap::error_from(done);
      if (room && imap::told_to_wait(*refusal_)) room = fail(*refusal_);
    }
    asked_ = uids.minus(windows.rest());
    co_return room;
  }

  bool has_brought(const UidSet& window) const {
    return std::ranges::any_of(window.expand(kWindowMessages),
                               [&](Uid uid) { return sink_->received.contains(uid); });
  }

  // Gives what is queued to the worker, after the batch before it is done.
  coro::Task<Status> hand_over() {
    STERNA_CO_CHECK(co_await await_batch());
    batch_ = sink_->take();
    if (!batch_.empty()) begin_batch(batch_.size());
    co_return Status{};
  }

  void begin_batch(std::size_t messages) {
    const auto age = engine_.services.clock.monotonic() - group_began_;
    flush_wanted_ = ungrouped_.size() + messages >= kGroupMessages ||
                    group_octets_ >= kGroupOctets || age >= kGroupAge;
    running_ = true;
    scope_->spawn(work_batch());
  }

  coro::Task<void> work_batch() {
    auto job = [this] {
      results_ = twins_.empty() ? writer_.write(std::exchange(batch_, {}))
                                : writer_.copy(std::exchange(twins_, {}), source_);
      if (flush_wanted_) flushed_ = writer_.flush();
      return true;
    };
    co_await on_worker(engine_.services, job);
    running_ = false;
    batch_done_.set();
  }

  coro::Task<Status> await_batch() {
    if (running_) static_cast<void>(co_await batch_done_.wait_regardless());
    batch_done_.reset();
    for (Stored& one : std::exchange(results_, {})) take_result(one);
    if (!std::exchange(flush_wanted_, false)) co_return fatal_;
    STERNA_CO_CHECK(end_group(std::exchange(flushed_, {})));
    co_return fatal_;
  }

  void take_result(Stored& one) {
    if (one.is_unproven) {
      unproven_.add(one.facts.uid);
      return;
    }
    if (one.error) {
      if (one.error->is(ErrorCode::no_space)) {
        // Not this message's fault: all of them wait for space, and none is parked.
        fatal_ = fail(*one.error);
        return;
      }
      park(engine_, work_, one.facts.uid, "", "download", *one.error);
      return;
    }
    group_octets_ += one.delivered->stat.size;
    engine_.progress.transferred(1, one.copied_from ? 0 : one.wire_octets);
    if (!one.copied_from) ++engine_.report.counts.bodies_fetched;
    ungrouped_.push_back(std::move(one));
  }

  // A group whose barrier failed has not come, whatever can be seen of it, and a later barrier is
  // none for it: it stays without rows, and so does all that would come after it (rule 3).
  Status end_group(Status flushed) {
    if (!flushed) {
      ungrouped_.clear();
      fatal_ = flushed;
      return flushed;
    }
    return record();
  }

  // One transaction for a group whose files are durable.
  Status record() {
    if (ungrouped_.empty()) return {};
    work_.keywords = writer_.keywords();
    work_.letters_denied = work_.letters_denied || writer_.letters_denied();
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    for (const Stored& one : ungrouped_) {
      if (one.facts.flags_unsaid) ask_for_flags();
      const maildir::SeenFile& seen = one.delivered->seen;
      MessageRow row;
      row.key = {work_.row.id, one.facts.uid};
      row.state = RowState::present;
      row.flags = work_.shown(one.facts.flags);
      row.base_name = one.base;
      row.in_new = seen.in_new;
      const std::size_t colon = seen.name.find(':');
      row.info = colon == std::string::npos ? "" : seen.name.substr(colon);
      row.file = to_stamp(one.delivered->stat);
      row.internal_date = one.date;
      row.remote_size = one.wire_octets;
      row.email_id = one.facts.email_id;
      if (!one.facts.flags_unsaid) row.modseq = one.facts.modseq;
      row.identity = to_identity(one.delivered->identity);
      row.remote_since = engine_.generation;
      row.local_since = engine_.generation;
      STERNA_CHECK(engine_.store->put_message(row));
      STERNA_CHECK(engine_.store->clear_failure(work_.row.id, one.facts.uid, "", "download"));
      STERNA_CHECK(engine_.add_history(work_, one.facts.uid, seen.name, "downloaded", "local",
                                       row.flags.to_string(), reason_of(one)));
    }
    STERNA_CHECK(keep_counted(engine_));
    STERNA_CHECK(transaction.commit());
    at_step("download.recorded");
    for (const Stored& one : ungrouped_) {
      const maildir::Delivered& file = *one.delivered;
      engine_.tell(FileChange::Kind::added,
                   {&work_, file.seen.in_new, file.seen.name, to_stamp(file.stat)});
    }
    engine_.report.counts.downloaded += ungrouped_.size();
    ungrouped_.clear();
    group_octets_ = 0;
    group_began_ = engine_.services.clock.monotonic();
    work_.changed_by_us = true;
    return {};
  }

  std::string reason_of(const Stored& one) const {
    const MailboxWork* source = one.copied_from ? engine_.find(*one.copied_from) : nullptr;
    if (!source) return errand_.reason;
    return fmt::format("{}; copied from {}", errand_.reason, source->name());
  }

  // An answer may come in several lines (RFC 3501 section 7.4.2), and the flags in another one. The
  // base has none until the next pass, which finds the cursor where it was, and is told of them.
  void ask_for_flags() {
    work_.cursor_settled = false;
    engine_.again = true;
  }

  coro::Task<Status> finish() {
    Status first = co_await hand_over();
    Status last = co_await await_batch();
    work_.keywords = writer_.keywords();
    if (!first) co_return first;
    if (!last) co_return last;
    auto job = [this] { return writer_.flush(); };
    Status flushed = co_await on_worker(engine_.services, job);
    co_return end_group(std::move(flushed));
  }

  Engine& engine_;
  Connection& connection_;
  MailboxWork& work_;
  BodyWriter writer_;
  UidSet asked_;    // in this run
  UidSet missing_;  // in all of them
  int in_vain_ = 0;
  Errand errand_;
  Sizes sizes_;
  std::unique_ptr<Ahead> ahead_;
  std::unique_ptr<BodySink> sink_;
  coro::Scope* scope_ = nullptr;
  coro::Event batch_done_;
  std::vector<Piece> batch_;  // the worker has either these,
  std::vector<Twin> twins_;   // or these
  maildir::MailboxDirs source_;
  UidSet unproven_;
  std::vector<Stored> results_;
  std::vector<Stored> ungrouped_;  // written, not yet recorded
  std::uint64_t group_octets_ = 0;
  std::chrono::nanoseconds group_began_{};
  bool running_ = false;
  bool flush_wanted_ = false;
  std::optional<Error> refusal_;
  Status flushed_;
  Status fatal_;
};

// What did not come although it was asked for twice is looked for, and parked if it is there, with
// what the server said of it alone.
coro::Task<Status> explain_missing(Engine& engine, Connection& connection, MailboxWork& work,
                                   const UidSet& missing, const std::map<Uid, Error>& refusals) {
  UidSink sink;
  for (const UidSet& part : parts_for(connection, missing, 100)) {
    imap::SearchQuery query;
    query.uids = part;
    STERNA_CO_CHECK(co_await connection.run_ok(imap::uid_search(query), &sink));
  }
  const UidSet there = missing.intersect(sink.uids);
  for (const Uid uid : there.expand(there.count())) {
    const auto said = refusals.find(uid);
    Error error =
        said == refusals.end()
            ? Error(ErrorCode::protocol, "the server lists the message and does not hand it out")
            : said->second;
    park(engine, work, uid, "", "download", std::move(error).with_scope(ErrorScope::message));
  }
  const UidSet denied = missing.minus(there);
  for (const Uid uid : denied.expand(denied.count())) {
    engine.outcomes.answers[{work.row.id, uid, {}, "download"}] =
        "lists it, and neither FETCH nor SEARCH tells of it";
  }
  if (!denied.empty()) work.cursor_settled = false;
  co_return Status{};
}

// One by one: a message that spoils its neighbours' answers is found so.
class Singly {
 public:
  Singly(Engine& engine, Connection& connection, MailboxWork& work, maildir::MailboxDirs& dirs,
         Errand errand)
      : engine_(engine),
        connection_(connection),
        work_(work),
        dirs_(dirs),
        errand_(std::move(errand)) {}

  coro::Task<Status> run(const UidSet& uids) {
    Windows windows(uids, 1);
    while (!windows.done() && !gave_up()) {
      const UidSet one = windows.next();
      Downloader single(engine_, connection_, work_, dirs_, errand_);
      STERNA_CO_CHECK(co_await single.run(one));
      in_vain_ = single.missing().empty() ? 0 : in_vain_ + 1;
      missing.add_all(single.missing());
      if (single.refusal()) refusals.emplace(one.first(), *single.refusal());
    }
    co_return Status{};
  }
  bool gave_up() const { return in_vain_ >= kSinglesInVain; }

  UidSet missing;                 // of what was asked for
  std::map<Uid, Error> refusals;  // of some of those

 private:
  Engine& engine_;
  Connection& connection_;
  MailboxWork& work_;
  maildir::MailboxDirs& dirs_;
  Errand errand_;
  int in_vain_ = 0;
};

// The rest is asked for in the next sync, and says no more than that.
void note_in_vain(Engine& engine, MailboxWork& work) {
  work.cursor_settled = false;
  work.broken_off = true;
  engine.note(Error(ErrorCode::protocol,
                    "the server lists messages and, asked for many of them, hands out none")
                  .with_scope(ErrorScope::mailbox),
              &work);
}

// Of several copies of one message one is fetched; and what a day allows is counted by sizes.
bool asks_before(Engine& engine, const Connection& connection) {
  return may_have_twins(engine, connection) || octets_at_a_time(connection.quirks) != 0;
}

coro::Task<Result<UidSet>> fetch_all(Engine& engine, Connection& connection, MailboxWork& work,
                                     UidSet uids, std::string reason, Coming& coming, Line& line) {
  uids = uids.minus(parked_uids(engine, work, "download"));
  if (uids.empty()) co_return UidSet();
  STERNA_CO_CHECK(check_reserve(engine));
  STERNA_CO_TRY(Today today, what_today(engine, connection.quirks, work, std::move(uids)));
  if (today.uids.empty()) co_return fail(*today.rest);
  STERNA_CO_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(work));
  STERNA_CO_CHECK(co_await select_mailbox(engine, connection, work, work.input.remote.uidvalidity));
  const Errand errand{std::move(reason), today.share};
  if (!line.ahead) line.ahead = take_ahead(engine, connection, work);
  Errand whole = errand;
  whole.when_all_came = std::move(line.when_all_came);
  const bool asks_first = asks_before(engine, connection) && !line.ahead;
  Downloader downloader(engine, connection, work, *dirs, asks_first ? errand : std::move(whole),
                        std::move(line.ahead));
  UidSet later;
  if (!asks_first) {
    STERNA_CO_CHECK(co_await downloader.run(today.uids));
  } else {
    Windows stretches(today.uids, kStretchMessages);
    while (!stretches.done() && !downloader.gave_up()) {
      STERNA_CO_TRY(Sorted sorted,
                    co_await find_twins(engine, connection, work, stretches.next(), coming));
      later.add_all(sorted.later);
      STERNA_CO_CHECK(
          co_await downloader.run(sorted.fetch, std::move(sorted.copies), std::move(sorted.sizes)));
    }
  }
  Singly singly(engine, connection, work, *dirs, errand);
  STERNA_CO_CHECK(co_await singly.run(downloader.missing()));
  if (downloader.gave_up() || singly.gave_up()) note_in_vain(engine, work);
  if (!singly.missing.empty()) {
    STERNA_CO_CHECK(
        co_await explain_missing(engine, connection, work, singly.missing, singly.refusals));
  }
  if (today.rest) co_return fail(*today.rest);
  co_return later;
}

}  // namespace

Result<std::unique_ptr<Ahead>> begin_download(Engine& engine, Connection& connection,
                                              const MailboxWork& work, const UidSet& uids) {
  const UidSet due = uids.minus(parked_uids(engine, work, "download"));
  const bool may = !due.empty() && connection.asks_ahead &&
                   connection.quirks.pipeline_depth_max > 1 && !asks_before(engine, connection) &&
                   check_reserve(engine);
  if (!may) return nullptr;
  Windows windows(due, window_messages(connection));
  return ask_behind_select(engine, connection, work, windows.next());
}

coro::Task<Result<UidSet>> download(Engine& engine, Connection& connection, MailboxWork& work,
                                    UidSet uids, std::string reason, Coming& coming, Line line) {
  STERNA_CO_CHECK(co_await await_selected(connection, work, line.ahead));
  Result<UidSet> later = co_await fetch_all(engine, connection, work, std::move(uids),
                                            std::move(reason), coming, line);
  if (line.ahead) STERNA_CO_CHECK(co_await let_land(connection, std::move(line.ahead)));
  co_return later;
}

}  // namespace sterna::account
