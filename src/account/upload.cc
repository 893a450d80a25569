// SPDX-License-Identifier: Apache-2.0
// Uploads: intents first, APPENDs pipelined, rows with what APPENDUID says (docs/safety.md, effects).
//
// An upload whose UID the server does not tell keeps its intent open: the next pass finds the message by
// its content and pairs it. The same holds for a line that was cut: nothing is sent again before it was
// looked for.
#include <fmt/format.h>

#include <deque>

#include "execute.h"
#include "failures.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/upload.h"

namespace sterna::account {
namespace {

constexpr std::size_t kUploadsInFlight = 16;
constexpr std::uint64_t kEagerOctets = 1024 * 1024;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

struct Job {
  const sync::Action* action = nullptr;
  const sync::Upload* what = nullptr;
  Intent intent;
  std::shared_ptr<maildir::UploadReader> reader;
  std::optional<Error> error;
  imap::CommandId command;
};

Result<std::string> read_piece(maildir::UploadReader& reader, std::size_t octets_max) {
  std::string piece;
  STERNA_TRY(const std::size_t got, reader.read(piece, octets_max));
  if (got == 0) return fail(ErrorCode::changed, "the file became shorter while it was sent");
  return piece;
}

FlagSet storable(const MailboxWork& work, const FlagSet& flags) {
  const RemoteDelta& remote = work.input.remote;
  if (remote.any_keyword) return flags;
  FlagSet kept = FlagSet::from_mask(flags.mask());
  for (const std::string& keyword : flags.keywords()) {
    if (remote.permanent.has_keyword(keyword)) kept.add_keyword(keyword);
  }
  return kept;
}

class Uploader {
 public:
  Uploader(Engine& engine, Connection& connection, MailboxWork& work)
      : engine_(engine), connection_(connection), work_(work) {}

  coro::Task<Status> run(std::span<const sync::Action* const> actions) {
    for (const sync::Action* action : actions) {
      const auto& what = std::get<sync::Upload>(action->what);
      if (is_parked(engine_, work_, Uid{}, what.file.base, "upload")) {
        work_.stamp_settled = false;
        continue;
      }
      jobs_.push_back({action, &what, {}, {}, {}, {}});
    }
    STERNA_CO_TRY(maildir::MailboxDirs * dirs, engine_.open_dirs(work_));
    STERNA_CO_CHECK(write_intents());
    std::deque<std::size_t> flying;
    std::size_t next = 0;
    while (next < jobs_.size() || !flying.empty()) {
      while (next < jobs_.size() && flying.size() < kUploadsInFlight) {
        STERNA_CO_CHECK(co_await open_some(*dirs, next));
        STERNA_CO_TRY(const bool sent, send(jobs_[next]));
        if (sent) flying.push_back(next);
        ++next;
      }
      if (flying.empty()) continue;
      Job& job = jobs_[flying.front()];
      flying.pop_front();
      Result<imap::Done> done = co_await connection_.wait(job.command);
      if (!done) co_return co_await give_up(std::move(done).error());
      STERNA_CO_CHECK(settle(job, *done));
    }
    co_return record();
  }

 private:
  Status write_intents() {
    if (jobs_.empty()) return {};
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    for (Job& job : jobs_) {
      Intent& intent = job.intent;
      intent.kind = IntentKind::upload;
      intent.mailbox = work_.row.id;
      intent.uidvalidity = work_.input.remote.uidvalidity;
      intent.target_uid_next = work_.next_cursor.uid_next;
      intent.base_name = job.what->file.base;
      intent.identity = job.what->identity;
      intent.flags = job.what->flags;
      intent.at_ms = engine_.now_ms();
      if (job.what->intent) {
        intent.id = job.what->intent;
        STERNA_CHECK(engine_.store->update_intent(intent));
      } else {
        STERNA_TRY(intent.id, engine_.store->add_intent(intent));
      }
    }
    return transaction.commit();
  }

  // Opens a stretch of files on the worker, so that counting and digesting them stays off the loop.
  coro::Task<Status> open_some(maildir::MailboxDirs& dirs, std::size_t from) {
    if (opened_ > from) co_return Status{};
    const std::size_t to = std::min(jobs_.size(), from + kUploadsInFlight);
    auto job = [&] {
      for (std::size_t i = from; i < to; ++i) open(dirs, jobs_[i]);
      return true;
    };
    co_await on_worker(engine_.services, job);
    opened_ = to;
    co_return Status{};
  }

  static void open(maildir::MailboxDirs& dirs, Job& job) {
    Result<maildir::UploadReader> reader =
        maildir::UploadReader::open(*dirs.home, to_seen(job.what->file));
    if (!reader) {
      job.error = reader.error();
    } else if (to_identity(reader->identity()).same_as(job.what->identity)) {
      job.reader = std::make_shared<maildir::UploadReader>(std::move(*reader));
    } else {
      job.error = Error(ErrorCode::changed, "the file is being written");
    }
  }

  // False if it was not sent: the reason is in the job's fate already.
  Result<bool> send(Job& job) {
    const auto limit = connection_.capabilities().append_limit();
    if (!job.error && limit && job.reader->size() > *limit) {
      job.error = Error(ErrorCode::too_big,
                        fmt::format("{} is more than the {} that the server takes",
                                    human_bytes(job.reader->size()), human_bytes(*limit)));
    }
    if (job.error) {
      STERNA_CHECK(refuse(job, *job.error));
      return false;
    }
    imap::AppendMessage message;
    message.flags = storable(work_, job.what->flags);
    const std::int64_t seconds = job.reader->stat().mtime_ns / kNsPerSecond;
    if (seconds > 0) message.internal_date = seconds;
    message.size = job.reader->size();
    if (message.size <= kEagerOctets) message.mode = imap::LiteralMode::eager;
    std::shared_ptr<maildir::UploadReader> reader = job.reader;
    LiteralSource source = [reader](std::size_t octets_max) {
      return read_piece(*reader, octets_max);
    };
    STERNA_TRY(job.command, connection_.submit(imap::append(work_.row.wire, {message}), nullptr,
                                               std::move(source)));
    return true;
  }

  // Surely not stored: the intent goes, and the file is parked unless it only changed.
  Status refuse(Job& job, Error error) {
    STERNA_CHECK(engine_.write([&] { return engine_.store->close_intent(job.intent.id); }));
    work_.stamp_settled = false;
    if (error.is(ErrorCode::changed)) {
      engine_.again = true;
      return {};
    }
    park(engine_, work_, Uid{}, job.what->file.base, "upload", std::move(error));
    return {};
  }

  Status settle(Job& job, const imap::Done& done) {
    if (!done.ok()) {
      if (done.code.is(imap::Code::try_create)) work_.cursor_settled = false;
      return refuse(job, imap::error_from(done));
    }
    engine_.report.counts.uploaded += 1;
    engine_.progress.transferred(1, job.reader->size());
    const auto* stored = done.code.as<imap::AppendUid>();
    const bool told = stored && stored->uids.count() == 1 &&
                      stored->uidvalidity == work_.input.remote.uidvalidity;
    if (!told) {
      // Stored, but not told where: the next look at the mailbox finds it.
      engine_.again = true;
      work_.stamp_settled = false;
      return {};
    }
    stored_.push_back({&job, stored->uids.first()});
    return {};
  }

  Status record() {
    if (stored_.empty()) return {};
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    for (const auto& [job, uid] : stored_) {
      MessageRow row;
      row.key = {work_.row.id, uid};
      row.state = RowState::present;
      row.flags = job->what->flags;
      take_file(row, job->what->file);
      row.file = to_stamp(job->reader->stat());
      row.internal_date = job->reader->stat().mtime_ns / kNsPerSecond;
      row.identity = to_identity(job->reader->identity());
      row.remote_size = row.identity->size;
      row.remote_since = engine_.generation;
      row.local_since = engine_.generation;
      STERNA_CHECK(engine_.store->put_message(row));
      STERNA_CHECK(engine_.store->close_intent(job->intent.id));
      STERNA_CHECK(engine_.store->clear_failure(work_.row.id, Uid{}, job->what->file.base, "upload"));
      if (job->what->forgets) STERNA_CHECK(forget(*job->what->forgets, job->action->reason));
      if (job->what->replaces) STERNA_CHECK(release_replaced(*job->what->replaces));
      STERNA_CHECK(engine_.add_history(work_, uid, job->what->file.name, "uploaded", "remote",
                                       row.flags.to_string(), job->action->reason));
    }
    return transaction.commit();
  }

  // The row whose file this was; its message is gone from the server.
  Status forget(MessageKey key, const std::string& reason) {
    STERNA_TRY(std::optional<MessageRow> row, engine_.store->message(key));
    MailboxWork* work = engine_.find(key.mailbox);
    if (!row || !work) return {};
    return bury(engine_, *work, *row, "local", "forgotten", reason);
  }

  // The edited message's old row has no file any more; the next pass takes it from the server.
  Status release_replaced(Uid uid) {
    STERNA_TRY(std::optional<MessageRow> old, engine_.store->message({work_.row.id, uid}));
    if (!old) return {};
    old->local_since = Generation{engine_.generation.value - 1};
    old->file = {};
    old->base_name = fmt::format("replaced.{}", uid.value);
    old->info.clear();
    engine_.again = true;
    work_.stamp_settled = false;
    return engine_.store->put_message(*old);
  }

  // The line was cut: what was sent is in doubt and keeps its intent; what never left is not.
  coro::Task<Status> give_up(Error error) {
    STERNA_CO_CHECK(record());
    for (Job& job : jobs_) {
      if (job.command) continue;
      auto close = [&] { return engine_.store->close_intent(job.intent.id); };
      STERNA_CO_CHECK(engine_.write(close));
    }
    work_.stamp_settled = false;
    co_return fail(std::move(error));
  }

  Engine& engine_;
  Connection& connection_;
  MailboxWork& work_;
  std::vector<Job> jobs_;
  std::vector<std::pair<Job*, Uid>> stored_;
  std::size_t opened_ = 0;
};

}  // namespace

coro::Task<Status> upload(Engine& engine, Connection& connection, MailboxWork& work,
                          std::span<const sync::Action* const> actions) {
  Uploader uploader(engine, connection, work);
  co_return co_await uploader.run(actions);
}

}  // namespace sterna::account
