// SPDX-License-Identifier: Apache-2.0
// Uploads: intents first, APPENDs pipelined, rows with what APPENDUID says (docs/safety.md).
//
// An upload whose UID the server does not tell keeps its intent open: the next pass finds the
// message by its content and pairs it. The same holds for a line that was cut: nothing is sent
// again before it was looked for.
#include "sterna/maildir/upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "allowance.h"
#include "execute.h"
#include "failures.h"
#include "file_words.h"
#include "late_flush.h"
#include "learn_stored.h"
#include "list_remote.h"
#include "row_changes.h"
#include "sterna/base/bytes.h"
#include "sterna/base/nanoseconds.h"
#include "sterna/base/step.h"
#include "sterna/coro/both.h"
#include "sterna/imap/outcome.h"
#include "transfer.h"
#include "upload_job.h"

namespace sterna::account {
namespace {

constexpr std::size_t kUploadsInFlight = 16;
// With MULTIAPPEND so many small messages are one command, stored by the server at once (RFC 3502).
constexpr std::size_t kMessagesTogether = 64;
constexpr std::uint64_t kOctetsTogether = 8 * 1024 * 1024;
constexpr std::uint64_t kEagerOctets = 1024 * 1024;

// So many are stored before their rows are written, however many there are.
constexpr std::size_t kRowsTogether = 1000;

// What the server cannot hold lives in the file and in the base alone.
FlagSet with_unstored(FlagSet flags, const FlagSet& shown, const StorableFlags& storable) {
  flags = flags.united(storable.refused_of(shown));
  for (const std::string& keyword : shown.keywords()) flags.add_keyword(keyword);
  return flags;
}

// What of them APPEND gives.
FlagSet sent_of(const UploadJob& job, const FlagSet& flags) {
  return job.unworded ? FlagSet::from_mask(flags.mask()) : flags;
}

// What both sides have once it is sent. What an edit took over from its message on the server the
// file does not show yet, and the next look brings it.
const FlagSet& agreed_flags(const sync::Upload& what) {
  return what.replaces || what.forgets ? what.file.flags : what.flags;
}

// All mailboxes' uploads in one row: while the server stores, the next are read.
class Uploader {
 public:
  Uploader(Engine& engine, Connection& connection)
      : engine_(engine), connection_(connection), words_(*engine.store) {}

  coro::Task<Status> run(std::span<const Uploads> uploads) {
    STERNA_CO_TRY(const std::vector<store::Failure> failures, engine_.store->failures());
    any_parked_ = !failures.empty();
    STERNA_CO_TRY(today_, may_be_sent(engine_, connection_.quirks));
    for (const Uploads& one : uploads) {
      Status taken = take(one);
      STERNA_CO_CHECK(absorb(engine_, connection_, *one.work, std::move(taken)));
    }
    if (jobs_.empty()) co_return Status{};
    for (UploadJob& job : jobs_) todo_.push_back(&job);
    STERNA_CO_CHECK(submit_limits());
    // The first files are read while all of them are flushed, and the server answers.
    STERNA_CO_CHECK(co_await connection_.flush());
    auto [opened, flushed] = co_await coro::both(open_some(), end_late_flush(engine_));
    STERNA_CO_CHECK(opened);
    if (flushed) STERNA_CO_CHECK(write_intents());
    Status limits = co_await take_limits();
    if (!limits) co_return co_await give_up(std::move(limits).error());
    if (!flushed) co_return leave_all();
    while (!todo_.empty() || !flying_.empty()) {
      STERNA_CO_CHECK(co_await fill_line());
      if (flying_.empty()) continue;
      Result<imap::Done> done = co_await connection_.wait(flying_.front().front()->command);
      if (!done) co_return co_await give_up(std::move(done).error());
      at_step("upload.answered");
      const std::vector<UploadJob*> group = std::move(flying_.front());
      flying_.pop_front();
      STERNA_CO_CHECK(settle(group, *done));
      Status made = co_await make_missing();
      if (!made) co_return co_await give_up(std::move(made).error());
      if (stored_.size() >= kRowsTogether) STERNA_CO_CHECK(record());
    }
    STERNA_CO_CHECK(record());
    for (const auto& [mailbox, uids] : std::exchange(recorded_, {})) {
      STERNA_CO_CHECK(co_await learn_stored(engine_, connection_, *engine_.find(mailbox), uids));
    }
    co_return Status{};
  }

 private:
  Status take(const Uploads& uploads) {
    MailboxWork& work = *uploads.work;
    STERNA_TRY(maildir::MailboxDirs * dirs, engine_.open_dirs(work));
    for (const sync::Action* action : uploads.actions) {
      const auto& what = std::get<sync::Upload>(action->what);
      if (any_parked_ && is_parked(engine_, work, Uid{}, what.file.base, "upload")) {
        work.stamp_settled = false;
        continue;
      }
      STERNA_TRY(const bool may, may_send_today(what.identity.size));
      if (!may) {
        leave(work, what);
        continue;
      }
      UploadJob job;
      job.work = &work;
      job.dirs = dirs;
      job.action = action;
      job.what = &what;
      jobs_.push_back(std::move(job));
      // Until that is recorded, its old row misses a file that no listing would show again.
      MailboxWork* before = what.forgets ? engine_.find(what.forgets->mailbox) : nullptr;
      if (before) before->look_again();
    }
    return {};
  }

  Result<bool> may_send_today(std::uint64_t octets) {
    if (!today_) return true;
    // What fits into no day at all is for the server to refuse.
    if (taken_octets_ + octets <= today_->left || octets > today_->whole) {
      taken_octets_ += octets;
      return true;
    }
    if (std::exchange(left_some_, true)) return false;
    STERNA_TRY(Error why, not_sent(engine_, connection_.quirks, taken_octets_, octets));
    engine_.note(std::move(why));
    return false;
  }

  // APPENDLIMIT without a number: each mailbox has its own, or none (RFC 7889).
  Status submit_limits() {
    const imap::Capabilities& can = connection_.capabilities();
    if (!can.has(imap::Capability::append_limit) || can.append_limit()) return {};
    for (const UploadJob& job : jobs_) {
      if (!limits_.emplace(job.work, std::nullopt).second) continue;
      STERNA_TRY(const imap::CommandId id,
                 connection_.submit(
                     imap::status(job.work->row.wire, {imap::StatusItem::append_limit}), &told_));
      asked_.push_back(id);
    }
    return {};
  }

  coro::Task<Status> take_limits() {
    for (const imap::CommandId id : asked_) {
      STERNA_CO_TRY(imap::Done done, co_await connection_.wait(id));
      if (!done.ok()) engine_.log.debug("STATUS (APPENDLIMIT): {}", done.text);
    }
    for (auto& [work, limit] : limits_) {
      const auto it = told_.statuses.find(work->row.wire.octets);
      if (it != told_.statuses.end()) limit = it->second.append_limit;
    }
    co_return Status{};
  }

  std::optional<std::uint64_t> limit_of(const UploadJob& job) const {
    const auto own = limits_.find(job.work);
    return own == limits_.end() ? connection_.capabilities().append_limit() : own->second;
  }

  // A file that went with the power would look like one that was sent, and deleted then.
  Status leave_all() {
    for (const UploadJob& job : jobs_) leave(*job.work, *job.what);
    return {};
  }

  // For another pass.
  void leave(MailboxWork& work, const sync::Upload& what) {
    work.stamp_settled = false;
    engine_.outcomes.undone.insert({work.row.id, Uid{}, what.file.base, "upload"});
  }

  Status write_intents() {
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    for (UploadJob& job : jobs_) {
      Intent& intent = job.intent;
      intent.kind = IntentKind::upload;
      intent.mailbox = job.work->row.id;
      intent.uidvalidity = job.work->input.remote.uidvalidity;
      intent.target_uid_next = job.work->next_cursor.uid_next;
      intent.base_name = job.what->file.base;
      intent.identity = job.what->identity;
      intent.flags = kept_of(job, agreed_flags(*job.what));
      intent.at_ms = engine_.sure_ms();
      if (job.what->intent) {
        intent.id = job.what->intent;
        STERNA_CHECK(engine_.store->update_intent(intent));
      } else {
        STERNA_TRY(intent.id, engine_.store->add_intent(intent));
      }
    }
    STERNA_CHECK(transaction.commit());
    at_step("upload.intended");
    return {};
  }

  // As many commands as may fly, and as can be held.
  coro::Task<Status> fill_line() {
    while (!todo_.empty() && flying_.size() < kUploadsInFlight) {
      STERNA_CO_CHECK(co_await open_some());
      if (!todo_.front()->is_looked_at()) break;
      Result<std::vector<UploadJob*>> sent = send_next();
      if (!sent) co_return co_await give_up(std::move(sent).error());
      if (sent->empty()) continue;
      flying_.push_back(std::move(*sent));
      Status begun = co_await connection_.flush();
      if (!begun) co_return co_await give_up(std::move(begun).error());
      at_step("upload.sent");
    }
    co_return Status{};
  }

  // Opens a stretch of files on workers, so that counting and digesting them stays off the loop.
  // None where no more can be held before an answer comes.
  coro::Task<Status> open_some() {
    if (todo_.front()->is_looked_at()) co_return Status{};
    std::vector<UploadJob*> opening;
    for (std::size_t i = 0; i < todo_.size() && i < kMessagesTogether; ++i) {
      if (todo_[i]->is_looked_at()) continue;
      const bool must = opening.empty() && flying_.empty();
      if (!must && !held_.has_room()) break;
      held_.add(*todo_[i]);
      opening.push_back(todo_[i]);
    }
    if (opening.empty()) co_return Status{};
    const std::span<UploadJob* const> all(opening);
    const std::size_t half = (all.size() + 1) / 2;
    co_await coro::both(open_on_worker(all.first(half)), open_on_worker(all.subspan(half)));
    for (const UploadJob* one : opening) {
      if (!one->reader) held_.remove(*one);
    }
    co_return Status{};
  }

  coro::Task<Status> open_on_worker(std::span<UploadJob* const> jobs) {
    if (jobs.empty()) co_return Status{};
    auto job = [jobs] {
      for (UploadJob* one : jobs) open_file(*one);
      return true;
    };
    co_await on_worker(engine_.services, job);
    co_return Status{};
  }

  void let_go(UploadJob& job) {
    if (!job.reader) return;
    job.reader.reset();
    held_.remove(job);
  }

  // Whether it can be sent at all; if not, its fate is settled here.
  Result<bool> may_send(UploadJob& job) {
    const auto limit = limit_of(job);
    if (!job.error && limit && job.size() > *limit) {
      job.error =
          Error(ErrorCode::too_big, fmt::format("{} is more than the {} that the server takes",
                                                human_bytes(job.size()), human_bytes(*limit)));
    }
    if (!job.error) return true;
    STERNA_CHECK(refuse(job, *job.error));
    return false;
  }

  // One command with the next message, or with several small ones; empty if none of them can be
  // sent.
  Result<std::vector<UploadJob*>> send_next() {
    std::vector<UploadJob*> group;
    std::vector<imap::AppendMessage> messages;
    std::uint64_t octets = 0;
    const std::size_t limit = connection_.capabilities().message_limit().value_or(0);
    const std::size_t most = limit == 0 ? kMessagesTogether : std::min(limit, kMessagesTogether);
    while (!todo_.empty() && group.size() < most) {
      UploadJob& job = *todo_.front();
      if (!job.is_looked_at()) break;
      STERNA_TRY(const bool sound, may_send(job));
      if (!sound) {
        todo_.pop_front();
        continue;
      }
      const bool together = can_join(job) && (group.empty() || can_join(*group.front()));
      if (!group.empty() && job.work != group.front()->work) break;
      if (!group.empty() && (!together || octets + job.size() > kOctetsTogether)) break;
      octets += job.size();
      messages.push_back(message_of(job));
      group.push_back(&job);
      todo_.pop_front();
    }
    if (group.empty()) return group;
    STERNA_TRY(const imap::CommandId command,
               connection_.submit(imap::append(group.front()->work->row.wire, messages), nullptr,
                                  source_of(group)));
    for (UploadJob* job : group) job->command = command;
    return group;
  }

  // A message of no octets would cancel the command for the others (RFC 3502 section 6.3.11).
  bool can_join(const UploadJob& job) const {
    return connection_.has(imap::Capability::multiappend) && !job.alone &&
           connection_.has(imap::Capability::literal_plus) && job.size() > 0 &&
           job.size() <= kEagerOctets;
  }

  imap::AppendMessage message_of(const UploadJob& job) const {
    imap::AppendMessage message;
    message.flags = sent_of(job, job.what->flags);
    const std::int64_t seconds = job.stat.mtime_ns / kNsPerSecond;
    if (seconds > 0 && !job.undated) message.internal_date = seconds;
    message.size = job.size();
    if (message.size <= kEagerOctets) message.mode = imap::LiteralMode::eager;
    return message;
  }

  // Surely not stored: the intent goes, and the file is parked unless it only changed.
  Status refuse(UploadJob& job, Error error) {
    let_go(job);
    STERNA_CHECK(engine_.write([&] { return engine_.store->close_intent(job.intent.id); }));
    if (error.is(ErrorCode::changed)) {
      engine_.again = true;
      leave(*job.work, *job.what);
      return {};
    }
    job.work->stamp_settled = false;
    park(engine_, *job.work, Uid{}, job.what->file.base, "upload", std::move(error));
    return {};
  }

  void send_again(UploadJob& job) {
    let_go(job);
    job.command = {};
    todo_.push_front(&job);
  }

  // Whether there is a known way around the refusal; it is gone once.
  bool remedy(UploadJob& job, const imap::Done& done) {
    const bool missing = done.code.is(imap::Code::try_create);
    if (missing && !job.remade && may_be_made(engine_, *job.work)) {
      job.remade = true;
      if (made_.insert(job.work).second) missing_ = job.work;
    } else if (done.status == imap::StatusKind::bad && !job.undated) {
      job.undated = true;
    } else if (done.code.is(imap::Code::none) && !job.unworded &&
               !job.what->flags.keywords().empty()) {
      job.unworded = true;  // some refuse a message for a keyword that they cannot hold
    } else {
      return false;
    }
    send_again(job);
    return true;
  }

  // What of the flags that APPEND gave the server surely has: the others follow by STORE.
  FlagSet kept_of(const UploadJob& job, const FlagSet& flags) const {
    return connection_.quirks.append_rewrites ? FlagSet{} : sent_of(job, flags);
  }

  // What is in doubt later must not look as if its keywords had been taken away there.
  Status note_remedy(UploadJob& job) {
    if (!job.unworded) return {};
    job.intent.flags = kept_of(job, job.intent.flags);
    return engine_.write([&] { return engine_.store->update_intent(job.intent); });
  }

  // The server says that a mailbox is not there, and may be made: by another client's doing since
  // it was looked at. The next look tells what it is now.
  coro::Task<Status> make_missing() {
    MailboxWork* work = std::exchange(missing_, nullptr);
    if (!work) co_return Status{};
    work->look_again();
    engine_.again = true;
    STERNA_CO_TRY(imap::Done done, co_await connection_.run(imap::create(work->row.wire)));
    if (!done.ok()) engine_.log.debug("mailbox {}: create: {}", work->name(), done.text);
    co_return Status{};
  }

  Status settle(const std::vector<UploadJob*>& group, const imap::Done& done) {
    if (!done.ok() && group.size() > 1) {
      // All or nothing (RFC 3502): nothing was stored. One by one they tell which of them it was.
      for (auto it = group.rbegin(); it != group.rend(); ++it) {
        (*it)->alone = true;
        send_again(**it);
      }
      return {};
    }
    if (!done.ok()) {
      if (remedy(*group.front(), done)) return note_remedy(*group.front());
      if (done.code.is(imap::Code::try_create)) group.front()->work->cursor_settled = false;
      return refuse(*group.front(), imap::error_from(done));
    }
    engine_.report.counts.uploaded += group.size();
    for (UploadJob* job : group) {
      engine_.progress.transferred(1, job->size());
      let_go(*job);
    }
    MailboxWork& work = *group.front()->work;
    const auto* stored = done.code.as<imap::AppendUid>();
    const bool told = stored && stored->uids.count() == group.size() &&
                      stored->uidvalidity == work.input.remote.uidvalidity;
    if (!told) {
      for (UploadJob* job : group) keep_as_stored(*job);
      return {};
    }
    const std::vector<Uid> uids = stored->uids.expand(group.size());
    for (std::size_t i = 0; i < group.size(); ++i) stored_.push_back({group[i], uids[i]});
    return {};
  }

  // Not told where: the next look at the mailbox finds it.
  void keep_as_stored(UploadJob& job) {
    job.intent.stored = true;
    engine_.again = true;
    job.work->stamp_settled = false;
  }

  Status record() {
    const bool any = std::ranges::any_of(jobs_, &Intent::stored, &UploadJob::intent);
    if (stored_.empty() && !any) return {};
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    STERNA_CHECK(words_.look());
    for (const UploadJob& job : jobs_) {
      if (!job.intent.stored) continue;
      STERNA_CHECK(engine_.store->update_intent(job.intent));
      STERNA_CHECK(words_.use_up_restore(job.what->file.base));
    }
    for (const auto& [job, uid] : stored_) {
      STERNA_TRY(const bool told, can_be_new(engine_, *job->work, uid));
      if (!told) {
        keep_as_stored(*job);
        STERNA_CHECK(engine_.store->update_intent(job->intent));
        continue;
      }
      MessageRow row;
      row.key = {job->work->row.id, uid};
      row.state = RowState::present;
      row.flags = with_unstored(agreed_flags(*job->what), job->what->file.flags,
                                job->work->input.remote.storable);
      take_file(row, job->what->file);
      const FlagSet& given = job->what->flags;
      if (const FlagSet unkept = given.minus(kept_of(*job, given)); !unkept.empty()) {
        row.flags = row.flags.minus(unkept);
        row.info = unsaid(row.info);
        job->work->look_again();
        engine_.again = true;
      }
      row.file = to_stamp(job->stat);
      row.internal_date = job->stat.mtime_ns / kNsPerSecond;
      row.identity = job->identity;
      row.remote_size = row.identity->size;
      row.remote_since = row.local_since = engine_.generation;
      STERNA_CHECK(engine_.store->put_message(row));
      recorded_[row.key.mailbox].add(uid);
      STERNA_CHECK(engine_.store->close_intent(job->intent.id));
      STERNA_CHECK(forget_exceptions(*job));
      if (job->what->forgets) {
        STERNA_CHECK(forget_row(engine_, *job->what->forgets, job->action->reason));
      }
      if (job->what->replaces) STERNA_CHECK(release_replaced(*job->work, *job->what->replaces));
      STERNA_CHECK(engine_.add_history(*job->work, uid, job->what->file.name, "uploaded", "remote",
                                       row.flags.to_string(), job->action->reason));
    }
    stored_.clear();
    for (const auto& [mailbox, uids] : recorded_) {
      STERNA_CHECK(note_unlearned(engine_, connection_, mailbox, uids));
    }
    STERNA_CHECK(keep_counted(engine_));
    STERNA_CHECK(transaction.commit());
    at_step("upload.recorded");
    return {};
  }

  // What made a file wait, or be sent for all that, is settled.
  Status forget_exceptions(const UploadJob& job) {
    const std::string& base = job.what->file.base;
    if (any_parked_) {
      STERNA_CHECK(engine_.store->clear_failure(job.work->row.id, Uid{}, base, "upload"));
    }
    return words_.forget(base);
  }

  // The edited message's old row has no file any more; the next pass takes it from the server.
  Status release_replaced(MailboxWork& work, Uid uid) {
    STERNA_TRY(std::optional<MessageRow> old, engine_.store->message({work.row.id, uid}));
    if (!old) return {};
    old->local_since = Generation{engine_.generation.value - 1};
    give_file_away(*old);
    engine_.again = true;
    work.stamp_settled = false;
    return engine_.store->put_message(*old);
  }

  // What is answered, or still will be, is recorded. Where the line was cut, what was sent is in
  // doubt and keeps its intent; what never left is not.
  coro::Task<Status> give_up(Error error) {
    const std::vector<imap::CommandId> unanswered = connection_.client().outstanding();
    const auto is_open = [&](imap::CommandId id) {
      return std::ranges::find(unanswered, id) != unanswered.end();
    };
    for (const std::vector<UploadJob*>& group : std::exchange(flying_, {})) {
      if (!connection_.usable() && is_open(group.front()->command)) continue;
      Result<imap::Done> done = co_await connection_.wait(group.front()->command);
      if (done) STERNA_CO_CHECK(settle(group, *done));
    }
    STERNA_CO_CHECK(record());
    STERNA_CO_CHECK(engine_.write([&]() -> Status {
      for (const UploadJob& job : jobs_) {
        const bool unsent = is_open(job.command) && !connection_.client().was_sent(job.command);
        if (job.command && !unsent) continue;
        STERNA_CHECK(engine_.store->close_intent(job.intent.id));
      }
      return {};
    }));
    for (const UploadJob& job : jobs_) job.work->stamp_settled = false;
    co_return fail(std::move(error));
  }

  Engine& engine_;
  Connection& connection_;
  std::vector<UploadJob> jobs_;
  std::deque<UploadJob*> todo_;
  std::deque<std::vector<UploadJob*>> flying_;
  HeldUploads held_;
  std::optional<SendRoom> today_;
  std::uint64_t taken_octets_ = 0;
  bool left_some_ = false;  // for another day
  bool any_parked_ = false;
  FileWords words_;
  // Of mailboxes with a limit of their own; none in it: unlimited, or not told.
  std::map<const MailboxWork*, std::optional<std::uint64_t>> limits_;
  std::vector<imap::CommandId> asked_;
  ListSink told_;
  std::set<const MailboxWork*> made_;
  MailboxWork* missing_ = nullptr;
  std::vector<std::pair<UploadJob*, Uid>> stored_;
  std::map<MailboxId, UidSet> recorded_;
};

}  // namespace

coro::Task<Status> upload(Engine& engine, Connection& connection,
                          std::span<const Uploads> uploads) {
  Uploader uploader(engine, connection);
  co_return co_await uploader.run(uploads);
}

}  // namespace sterna::account
