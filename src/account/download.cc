// SPDX-License-Identifier: Apache-2.0
#include "download.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "failures.h"
#include "observe.h"
#include "sterna/base/bytes.h"
#include "sterna/coro/scope.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/delivery.h"
#include "sterna/maildir/file_name.h"
#include "uid_sink.h"

namespace sterna::account {
namespace {

constexpr std::size_t kBatchOctets = 256 * 1024;
constexpr std::size_t kBatchMessages = 128;
constexpr std::uint64_t kWindowMessages = 64;
constexpr std::size_t kWindowsInFlight = 3;
constexpr std::size_t kGroupMessages = 1000;
constexpr std::uint64_t kGroupOctets = std::uint64_t{64} << 20;
constexpr std::chrono::seconds kGroupAge{1};
constexpr std::uint32_t kCollisionsMax = 100;
// Nothing is fetched below that: what was fetched needs room to be recorded.
constexpr std::uint64_t kReserveOctets = std::uint64_t{16} << 20;

// What the server said of a message beside its octets.
struct Facts {
  Uid uid;
  FlagSet flags;
  ModSeq modseq;
  std::int64_t internal_date = 0;
  std::string email_id;
};

// Octets on their way to the worker: a message, or a part of a large one.
struct Piece {
  bool first = false;
  bool last = false;    // the facts are known from here on
  bool broken = false;  // what was begun must be forgotten
  std::string octets;
  Facts facts;
};

// Waits for the barrier and the row, among up to a thousand others: it holds no octets.
struct Stored {
  Facts facts;
  std::optional<maildir::Delivered> delivered;
  std::string base;
  std::optional<Error> error;
};

class BodySink : public Sink {
 public:
  void on_body_begin(const imap::BodyBegin& body) override {
    current_ = body.id;
    open_ = true;
    sent_part_ = false;
    octets_.clear();
    octets_.reserve(std::min<std::uint64_t>(body.size, kBatchOctets + 256 * 1024));
  }
  void on_body_chunk(imap::BodyId id, std::string_view octets) override {
    if (id != current_) return;
    octets_ += octets;
    queued_octets_ += octets.size();
  }
  void on_body_end(imap::BodyId) override { open_ = false; }
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch) return;
    if (fetch->bodies.empty()) return;
    finish(*fetch);
  }

  bool full() const override {
    return queued_octets_ >= kBatchOctets || pieces_.size() >= kBatchMessages;
  }
  coro::Task<Status> relieve() override { return relieve_(); }
  void on_full(std::function<coro::Task<Status>()> relieve) { relieve_ = std::move(relieve); }

  std::vector<Piece> take() {
    if (open_ && !octets_.empty()) {
      Piece part;
      part.first = !sent_part_;
      part.octets = std::exchange(octets_, {});
      pieces_.push_back(std::move(part));
      sent_part_ = true;
    }
    queued_octets_ = octets_.size();
    return std::exchange(pieces_, {});
  }

  // The line was cut: a message that was begun will not be finished.
  void abandon() {
    if (open_ && sent_part_) forget_begun();
    open_ = false;
    octets_.clear();
  }

  UidSet received;

 private:
  void forget_begun() {
    Piece piece;
    piece.broken = true;
    pieces_.push_back(std::move(piece));
  }

  void finish(const imap::Fetch& fetch) {
    const imap::FetchBody& body = fetch.bodies.front();
    Piece piece;
    piece.first = !sent_part_;
    piece.last = true;
    if (body.source == imap::FetchBody::Source::nil || !fetch.uid || body.id != current_) {
      // NIL is "could not be rendered": never a file of no octets.
      if (sent_part_) forget_begun();
      octets_.clear();
      sent_part_ = false;
      return;
    }
    piece.octets = std::exchange(octets_, {});
    piece.facts = {*fetch.uid, fetch.flags.value_or(FlagSet{}), fetch.modseq.value_or(ModSeq{}),
                   fetch.internal_date.value_or(0),
                   fetch.gm_msgid ? fmt::format("{}", *fetch.gm_msgid) : fetch.email_id};
    received.add(piece.facts.uid);
    sent_part_ = false;
    pieces_.push_back(std::move(piece));
  }

  std::vector<Piece> pieces_;
  std::string octets_;
  std::size_t queued_octets_ = 0;
  imap::BodyId current_;
  bool open_ = false;
  bool sent_part_ = false;
  std::function<coro::Task<Status>()> relieve_;
};

// The half that runs on the worker.
class Writer {
 public:
  Writer(Engine& engine, MailboxWork& work, maildir::MailboxDirs& dirs)
      : delivery_({.fsync = engine.settings.fsync,
                   .now = [&clock = engine.services.clock] { return clock.monotonic(); }}),
        dirs_(dirs),
        known_names_(work.listing ? &*work.listing : nullptr),
        keywords_(work.keywords),
        tree_(engine.tree),
        mailbox_(work.row.id),
        uidvalidity_(work.input.remote.uidvalidity) {}

  std::vector<Stored> write(std::vector<Piece> pieces) {
    std::vector<Stored> stored;
    name_keywords(pieces);
    for (Piece& piece : pieces) {
      if (piece.broken) {
        delivery_.abandon();
        failed_.reset();
        continue;
      }
      write_one(piece, stored);
    }
    return stored;
  }

  Status flush() { return delivery_.flush(); }
  const maildir::KeywordTable& keywords() const { return keywords_; }
  bool letters_denied() const { return letters_denied_; }

 private:
  // Letters for keywords that have none yet; without one the keyword lives in the state alone.
  void name_keywords(const std::vector<Piece>& pieces) {
    std::vector<std::string> missing;
    for (const Piece& piece : pieces) {
      for (std::string& keyword : keywords_.missing(piece.facts.flags)) {
        if (std::ranges::find(missing, keyword) == missing.end()) {
          missing.push_back(std::move(keyword));
        }
      }
    }
    if (missing.empty()) return;
    auto table = maildir::add_keywords(dirs_, missing);
    if (table) keywords_ = *table;
    letters_denied_ = letters_denied_ || !table;
  }

  void write_one(Piece& piece, std::vector<Stored>& stored) {
    if (piece.first) {
      failed_.reset();
      const std::string temporary = fmt::format("sterna.{}.{}", mailbox_.value, ++sequence_);
      delivery_.begin(dirs_, temporary, piece.facts.internal_date * 1'000'000'000);
    }
    if (!failed_) {
      if (Status written = delivery_.write(piece.octets); !written) failed_ = written.error();
    }
    if (!piece.last) return;
    Stored one;
    one.facts = std::move(piece.facts);
    if (!failed_) place(one);
    if (failed_) {
      delivery_.abandon();
      one.error = std::exchange(failed_, std::nullopt);
    }
    stored.push_back(std::move(one));
  }

  void place(Stored& one) {
    delivery_.set_mtime(one.facts.internal_date * 1'000'000'000);
    maildir::Origin origin{tree_, mailbox_, uidvalidity_, one.facts.uid, one.facts.internal_date,
                           0};
    for (; origin.collision < kCollisionsMax; ++origin.collision) {
      maildir::FileName name;
      name.base = maildir::derive_base_name(origin);
      if (is_there_already(name.base, one)) return;
      name.kind = maildir::InfoKind::flags;
      name.mask = one.facts.flags.mask();
      name.keywords = keywords_.letters_of(one.facts.flags);
      Result<maildir::Delivered> placed = delivery_.place(name);
      if (placed) {
        one.delivered = std::move(*placed);
        one.base = name.base;
        return;
      }
      if (!placed.error().is(ErrorCode::exists)) {
        failed_ = placed.error();
        return;
      }
    }
    failed_ = Error(ErrorCode::exists, "every name for it is taken");
  }

  // A download that is done again meets its own file, whatever its flags are by now (rule 8).
  bool is_there_already(const std::string& base, Stored& one) {
    const maildir::Entry* entry = known_names_ ? known_names_->find(base) : nullptr;
    if (!entry || entry->kind == maildir::EntryKind::strange) return false;
    const maildir::SeenFile seen = known_names_->seen(*entry);
    Result<bool> same = delivery_.matches(seen);
    if (!same || !*same) return false;
    Result<io::FileStat> stat = maildir::stat_seen(*dirs_.home, seen);
    if (!stat) return false;
    Result<std::unique_ptr<io::FileReader>> reader =
        dirs_.message_dir(seen.in_new).open_file(seen.name);
    if (!reader) return false;
    Result<maildir::ContentIdentity> identity = maildir::read_identity(**reader);
    if (!identity) return false;
    delivery_.abandon();
    one.delivered = maildir::Delivered{seen, *stat, *identity, identity->size};
    one.base = base;
    return true;
  }

  maildir::Delivery delivery_;
  maildir::MailboxDirs& dirs_;
  // As they were when the mailbox was looked at; none where every file has a row.
  const maildir::Listing* known_names_;
  maildir::KeywordTable keywords_;
  bool letters_denied_ = false;
  TreeId tree_;
  MailboxId mailbox_;
  UidValidity uidvalidity_;
  std::optional<Error> failed_;
  std::uint64_t sequence_ = 0;
};

class Downloader {
 public:
  Downloader(Engine& engine, Connection& connection, MailboxWork& work, maildir::MailboxDirs& dirs,
             std::string reason)
      : engine_(engine),
        connection_(connection),
        work_(work),
        writer_(engine, work, dirs),
        reason_(std::move(reason)) {
    sink_.on_full([this] { return hand_over(); });
    group_began_ = engine.services.clock.monotonic();
  }

  coro::Task<Status> run(UidSet uids) {
    coro::Scope scope = co_await coro::make_scope();
    scope_ = &scope;
    Status fetched = co_await fetch_windows(uids);
    if (!fetched) sink_.abandon();
    // What has come is written and recorded, whatever happened to the line.
    Status stored = co_await finish();
    co_await scope.join();
    scope_ = nullptr;
    if (!fetched) co_return fetched;
    co_return stored;
  }

  UidSet missing(const UidSet& uids) const { return uids.minus(sink_.received); }

 private:
  Result<imap::CommandId> ask(const UidSet& window) {
    imap::FetchRequest request;
    request.uids = window;
    request.items = {imap::FetchItem::uid, imap::FetchItem::flags, imap::FetchItem::internal_date};
    if (connection_.has(imap::Capability::object_id)) {
      request.items.push_back(imap::FetchItem::email_id);
    }
    if (connection_.has(imap::Capability::gmail)) {
      request.items.push_back(imap::FetchItem::gm_msgid);
    }
    request.items.push_back(imap::FetchItem::body);
    return connection_.submit(imap::uid_fetch(request), &sink_);
  }

  coro::Task<Status> fetch_windows(const UidSet& uids) {
    std::vector<UidSet> windows = windows_of(uids);
    std::deque<imap::CommandId> flying;
    std::size_t next = 0;
    while (next < windows.size() || !flying.empty()) {
      while (next < windows.size() && flying.size() < kWindowsInFlight) {
        STERNA_CO_TRY(const imap::CommandId id, ask(windows[next]));
        flying.push_back(id);
        ++next;
      }
      STERNA_CO_TRY(imap::Done done, co_await connection_.wait(flying.front()));
      flying.pop_front();
      // BAD, too: some servers say so of a message that they cannot read. What did not come is
      // asked for one by one.
      if (!done.ok()) engine_.log.debug("mailbox {}: fetch: {}", work_.name(), done.text);
    }
    co_return Status{};
  }

  // Newest first: the last windows of the set come first; within one the server ascends.
  static std::vector<UidSet> windows_of(const UidSet& uids) {
    std::vector<UidSet> windows;
    UidSet window;
    std::uint64_t count = 0;
    for (const UidRange& range : uids.ranges()) {
      std::uint64_t first = range.first.value;
      while (first <= range.last.value) {
        const std::uint64_t last =
            std::min<std::uint64_t>(range.last.value, first + kWindowMessages - count - 1);
        window.add_range(Uid{static_cast<std::uint32_t>(first)},
                         Uid{static_cast<std::uint32_t>(last)});
        count += last - first + 1;
        first = last + 1;
        if (count >= kWindowMessages) {
          windows.push_back(std::exchange(window, {}));
          count = 0;
        }
      }
    }
    if (!window.empty()) windows.push_back(std::move(window));
    std::ranges::reverse(windows);
    return windows;
  }

  // Gives what is queued to the worker, after the batch before it is done.
  coro::Task<Status> hand_over() {
    STERNA_CO_CHECK(co_await await_batch());
    batch_ = sink_.take();
    if (batch_.empty()) co_return Status{};
    const auto age = engine_.services.clock.monotonic() - group_began_;
    flush_wanted_ = ungrouped_.size() + batch_.size() >= kGroupMessages ||
                    group_octets_ >= kGroupOctets || age >= kGroupAge;
    running_ = true;
    scope_->spawn(work_batch());
    co_return Status{};
  }

  coro::Task<void> work_batch() {
    auto job = [this] {
      results_ = writer_.write(std::move(batch_));
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
    if (!flushed_) co_return flushed_;
    STERNA_CO_CHECK(record());
    co_return fatal_;
  }

  void take_result(Stored& one) {
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
    engine_.progress.transferred(1, one.delivered->wire_octets);
    ++engine_.report.counts.bodies_fetched;
    ungrouped_.push_back(std::move(one));
  }

  // One transaction for a group whose files are durable.
  Status record() {
    if (ungrouped_.empty()) return {};
    work_.keywords = writer_.keywords();
    work_.letters_denied = work_.letters_denied || writer_.letters_denied();
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    for (const Stored& one : ungrouped_) {
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
      row.internal_date = one.facts.internal_date;
      row.remote_size = one.delivered->wire_octets;
      row.email_id = one.facts.email_id;
      row.modseq = one.facts.modseq;
      row.identity = to_identity(one.delivered->identity);
      row.remote_since = engine_.generation;
      row.local_since = engine_.generation;
      STERNA_CHECK(engine_.store->put_message(row));
      STERNA_CHECK(engine_.store->clear_failure(work_.row.id, one.facts.uid, "", "download"));
      STERNA_CHECK(engine_.add_history(work_, one.facts.uid, seen.name, "downloaded", "local",
                                       row.flags.to_string(), reason_));
    }
    STERNA_CHECK(transaction.commit());
    engine_.report.counts.downloaded += ungrouped_.size();
    ungrouped_.clear();
    group_octets_ = 0;
    group_began_ = engine_.services.clock.monotonic();
    work_.changed_by_us = true;
    return {};
  }

  coro::Task<Status> finish() {
    Status first = co_await hand_over();
    Status last = co_await await_batch();
    work_.keywords = writer_.keywords();
    if (!first) co_return first;
    if (!last) co_return last;
    auto job = [this] { return writer_.flush(); };
    STERNA_CO_CHECK(co_await on_worker(engine_.services, job));
    co_return record();
  }

  Engine& engine_;
  Connection& connection_;
  MailboxWork& work_;
  Writer writer_;
  std::string reason_;
  BodySink sink_;
  coro::Scope* scope_ = nullptr;
  coro::Event batch_done_;
  std::vector<Piece> batch_;
  std::vector<Stored> results_;
  std::vector<Stored> ungrouped_;  // written, not yet recorded
  std::uint64_t group_octets_ = 0;
  std::chrono::nanoseconds group_began_{};
  bool running_ = false;
  bool flush_wanted_ = false;
  Status flushed_;
  Status fatal_;
};

coro::Task<Status> check_reserve(Engine& engine) {
  STERNA_CO_TRY(const std::uint64_t free, engine.root->free_bytes());
  if (free >= kReserveOctets) co_return Status{};
  co_return fail(Error(ErrorCode::no_space,
                       fmt::format("only {} are free where the Maildir is; nothing is fetched",
                                   human_bytes(free)))
                     .with_hint("free some space; the next sync goes on where this one stopped"));
}

// What did not come although it was asked for twice is looked for, and parked if it is there.
coro::Task<Status> explain_missing(Engine& engine, Connection& connection, MailboxWork& work,
                                   const UidSet& missing) {
  UidSink sink;
  for (const UidSet& part : missing.chunks(connection.quirks.command_line_octets_max - 100)) {
    imap::SearchQuery query;
    query.uids = part;
    STERNA_CO_CHECK(co_await connection.run_ok(imap::uid_search(query), &sink));
  }
  const UidSet& there = sink.uids;
  for (const UidRange& range : missing.intersect(there).ranges()) {
    for (std::uint64_t uid = range.first.value; uid <= range.last.value; ++uid) {
      park(engine, work, Uid{static_cast<std::uint32_t>(uid)}, "", "download",
           Error(ErrorCode::protocol, "the server lists the message and does not hand it out")
               .with_scope(ErrorScope::message));
    }
  }
  if (!missing.minus(there).empty()) work.cursor_settled = false;
  co_return Status{};
}

}  // namespace

coro::Task<Status> download(Engine& engine, Connection& connection, MailboxWork& work, UidSet uids,
                            std::string reason) {
  uids = uids.minus(parked_uids(engine, work, "download"));
  if (uids.empty()) co_return Status{};
  STERNA_CO_CHECK(co_await check_reserve(engine));
  STERNA_CO_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(work));
  STERNA_CO_CHECK(co_await select_mailbox(engine, connection, work, work.input.remote.uidvalidity));
  Downloader downloader(engine, connection, work, *dirs, reason);
  STERNA_CO_CHECK(co_await downloader.run(uids));
  UidSet missing = downloader.missing(uids);
  if (missing.empty()) co_return Status{};
  // One by one: a message that spoils its neighbours' answers is found so.
  const UidSet asked = missing;
  for (const UidRange& range : asked.ranges()) {
    for (std::uint64_t uid = range.first.value; uid <= range.last.value; ++uid) {
      Downloader single(engine, connection, work, *dirs, reason);
      const UidSet one = UidSet::single(Uid{static_cast<std::uint32_t>(uid)});
      STERNA_CO_CHECK(co_await single.run(one));
      missing = missing.minus(one.minus(single.missing(one)));
    }
  }
  if (missing.empty()) co_return Status{};
  co_return co_await explain_missing(engine, connection, work, missing);
}

}  // namespace sterna::account
