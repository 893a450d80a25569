// SPDX-License-Identifier: Apache-2.0
#include "sterna/account/sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "allowance.h"
#include "audit.h"
#include "decisions.h"
#include "discover.h"
#include "engine.h"
#include "hints.h"
#include "kept.h"
#include "last_sync.h"
#include "life.h"
#include "pass.h"
#include "passed_time.h"
#include "pool.h"
#include "restart.h"
#include "sterna/account/inspect.h"
#include "sterna/base/step.h"
#include "sterna/coro/both.h"
#include "sterna/coro/sync.h"
#include "told_wait.h"
#include "tree.h"
#include "trim.h"
#include "unflushed.h"

namespace sterna::account {
namespace {

// A pass that made work for another one is followed by it: what was moved to the Trash is fetched
// into the local one, a mailbox that was created is filled. A server or a program that never comes
// to rest ends it.
constexpr int kPassesMax = 6;

// Than that the server is to be left alone, which it may have said before it hung up.
bool says_no_more(const Status& done) {
  return done || is_told_to_wait(done.error()) || done.error().is(ErrorCode::disconnected) ||
         done.error().is(ErrorCode::timeout);
}

coro::Task<Status> run_passes(Engine& engine, Pool& pool) {
  for (int pass = 0; pass < kPassesMax; ++pass) {
    engine.again = false;
    engine.may_look_again = pass == 0 && !engine.dry_run();
    engine.ripe_at.reset();
    engine.settled_at.reset();
    Status done = co_await run_pass(engine, pool);
    if (engine.told_to_wait && says_no_more(done)) co_return fail(*engine.told_to_wait);
    STERNA_CO_CHECK(done);
    engine.generation = Generation{engine.generation.value + 1};
    engine.news = nullptr;  // what this pass changed was no news
    if (!engine.again || engine.dry_run()) co_return Status{};
  }
  co_return Status{};
}

// What syncs left in the log, which whoever opens the state must read. It takes flushes.
coro::Task<void> copy_log(Engine& engine) {
  const std::string& directory = engine.settings.state_dir;
  if (engine.dry_run() || !store::Store::has_large_log(directory)) co_return;
  auto job = [&directory] { return store::Store::copy_log(directory); };
  const Status copied = co_await on_worker(engine.services, job);
  if (!copied) engine.log.debug("the log was not copied: {}", copied.error().describe());
}

// While the server is waited for. An account that lives on does it when a sync is over: what was
// told would wait for the disk meanwhile.
coro::Task<Status> copy_log_early(Engine& engine, coro::Event& state_opened) {
  if (engine.kept) co_return Status{};
  STERNA_CO_CHECK(co_await state_opened.wait());
  co_await copy_log(engine);
  co_return Status{};
}

// What the state tells of this sync: why it ended, or what else went wrong and is not parked, which
// it tells of by itself.
std::string last_error(const Engine& engine, const Status& outcome) {
  if (!outcome) {
    return outcome.error().is_cancelled() ? std::string(kInterrupted) : outcome.error().describe();
  }
  const std::vector<Error>& errors = engine.report.errors;
  const auto first = std::ranges::find_if(
      errors, [](const Error& error) { return error.scope() != ErrorScope::message; });
  if (first == errors.end()) return {};
  const std::string others =
      errors.size() == 1 ? "" : fmt::format(" (and {} more)", errors.size() - 1);
  return first->describe() + others;
}

// What a sync that failed left waiting is what the one before it did.
Status keep_waiting(Engine& engine) {
  std::uint64_t waiting = 0;
  for (const WaitingLine& line : engine.report.waiting) waiting += line.count;
  STERNA_TRY(const auto waited, engine.store->get(kWaitingKey));
  if (waited.value_or("0") == std::to_string(waiting)) return {};
  return engine.store->set(kWaitingKey, std::to_string(waiting));
}

Status finish_state(Engine& engine, const Status& outcome) {
  if (engine.dry_run()) return {};
  // Nothing was tried: what the last sync left stands.
  if (!outcome && outcome.error().is(ErrorCode::usage)) return {};
  const std::string error = last_error(engine, outcome);
  STERNA_TRY(const auto before, engine.store->get("last_error"));
  STERNA_TRY(auto transaction, engine.store->begin(store::Durability::normal));
  if (outcome) {
    STERNA_CHECK(keep_last_sync(engine));
    STERNA_CHECK(keep_time(engine));
    const bool all = engine.request.mailboxes.empty();
    if (all) STERNA_CHECK(note_boot(engine));
    STERNA_CHECK(keep_waiting(engine));
  }
  if (before.value_or("") != error) STERNA_CHECK(engine.store->set("last_error", error));
  const bool marker = !outcome && outcome.error().is(ErrorCode::marker);
  STERNA_CHECK(engine.store->set("marker_held", marker ? "1" : ""));
  STERNA_CHECK(keep_counted(engine));
  STERNA_CHECK(transaction.commit());
  at_step("sync.recorded");
  return {};
}

template <class Entry>
std::uint64_t count_of(const Result<std::vector<Entry>>& entries) {
  return entries ? entries->size() : 0;
}

// What several parts met says nothing new.
void drop_repeated(std::vector<Error>& errors) {
  std::set<std::string> said;
  std::erase_if(errors,
                [&said](const Error& error) { return !said.insert(error.describe()).second; });
}

coro::Task<Status> take_leave(const Engine& engine, Pool& pool) {
  if (!engine.kept) co_await pool.logout();
  co_return Status{};
}

coro::Task<Status> log_in(Engine& engine, Pool& pool, coro::Event& state_opened, FirstLook* look) {
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  STERNA_CO_CHECK(co_await state_opened.wait());  // nobody else observes from then on (rule 1)
  if (look) look->there = co_await list_remote(engine, *connection);
  co_return Status{};
}

coro::Task<Status> open_both(Engine& engine, coro::Event& state_opened, FirstLook* look) {
  STERNA_CO_CHECK(co_await open_state(engine));
  state_opened.set();
  STERNA_CO_CHECK(co_await open_tree(engine));
  STERNA_CO_CHECK(live_on(engine));
  co_return look ? co_await look_first_here(engine, *look) : Status{};
}

// The server takes its time for a login: meanwhile the state and the Maildir are looked at. What
// lives on is logged in already, and remembers the list.
coro::Task<Status> sync_tree(Engine& engine, Pool& pool, coro::Event& state_opened) {
  if (!engine.kept) engine.first_look = std::make_shared<FirstLook>();
  FirstLook* look = engine.first_look.get();
  auto [opened, logged_in] = co_await coro::both(open_both(engine, state_opened, look),
                                                 log_in(engine, pool, state_opened, look));
  STERNA_CO_CHECK(opened);
  STERNA_CO_CHECK(logged_in);
  STERNA_CO_CHECK(co_await run_passes(engine, pool));
  const Result<bool> differs = co_await audit(engine, pool);
  const bool ends =
      !differs && (differs.error().is_cancelled() || is_told_to_wait(differs.error()));
  if (ends) co_return fail(differs.error());
  if (!differs) engine.log.warn("the base was not audited: {}", differs.error().describe());
  if (differs && *differs) co_return co_await run_passes(engine, pool);
  co_return Status{};
}

// Where there is no room for the marker, the next sync writes it: no removal rests upon this one,
// and the base says what it is to be. A sync that failed has said of itself what it lacked.
void tell_unmarked(Engine& engine, const Status& done, const Error& error) {
  if (!error.is(ErrorCode::no_space)) {
    engine.note(error);
  } else if (done) {
    engine.log.warn("{}: {}", error.describe(), error.hint());
  }
}

coro::Task<Status> run_sync(Engine& engine, Pool& pool) {
  coro::Event state_opened;
  auto [done, opened] = co_await coro::both(sync_tree(engine, pool, state_opened),
                                            copy_log_early(engine, state_opened));
  // While the server is taken leave of.
  auto [left, moved] = co_await coro::both(take_leave(engine, pool), settle_epoch(engine));
  if (!engine.store) co_return done;
  if (!moved) tell_unmarked(engine, done, moved.error());
  if (const Status flushed = co_await end_unflushed(engine); !flushed) {
    engine.log.warn("the Maildir was not flushed: {}", flushed.error().describe());
  }
  if (!done) co_return done;
  if (const Status trimmed = co_await trim_aged(engine); !trimmed) {
    engine.log.warn("what was kept long enough was not removed: {}", trimmed.error().describe());
  }
  if (engine.kept) co_await copy_log(engine);
  co_return done;
}

// What the server told an earlier sync, whether it still stands or not. A file that says nothing
// keeps nobody from syncing.
std::optional<ToldWait> earlier_wait(const Engine& engine) {
  Result<std::optional<ToldWait>> wait = read_told_wait(engine.settings);
  if (wait) return *std::move(wait);
  engine.log.warn("what the server said of coming again is not known: {}", wait.error().describe());
  return ToldWait{};
}

// For the syncs after this one; whoever cannot be told knocks, as without it.
void settle_word(const Engine& engine, const Status& done, bool logged_in, bool is_word_there) {
  std::optional<Error> last = engine.told_to_wait;
  if (!last && !done) last = done.error();
  Status left;
  if (last && is_told_to_wait(*last)) {
    left = leave_word(engine.settings, *last, engine.now_ms());
  } else if (logged_in && is_word_there) {
    left = end_told_wait(engine.settings);
  }
  if (!left) engine.log.warn("what the server said is not kept: {}", left.error().describe());
}

// Nobody knocks before the time that the server named, unless a person wants it.
coro::Task<Status> sync_unless_told(Engine& engine, Pool& pool, bool& is_put_off) {
  const std::optional<ToldWait> wait = earlier_wait(engine);
  is_put_off = wait && wait->stands(engine.now_ms()) && !engine.request.despite_wait;
  if (is_put_off) co_return fail(error_of(*wait, engine.settings, engine.now_ms()));
  const std::uint64_t logins = pool.logins();
  Status done = co_await run_sync(engine, pool);
  const bool logged_in = done || pool.logins() != logins;
  if (!engine.dry_run()) settle_word(engine, done, logged_in, wait.has_value());
  co_return done;
}

// What the next sync of this life begins with.
void keep(const Engine& engine, const Status& done, bool is_put_off, Kept& kept) {
  kept.failure = done ? std::nullopt : std::optional(done.error());
  // A mailbox that there is not: nothing was looked at.
  if (!done && done.error().is(ErrorCode::usage)) return;
  kept.was_put_off = is_put_off;
  kept.opened_state = engine.store != nullptr;
  kept.mailboxes.clear();
  for (const auto& work : engine.mailboxes) {
    const MailboxRow& row = work->row;
    kept.mailboxes.push_back({row.name, row.wire, row.path, row.cursor});
  }
  kept.ripe_at = engine.ripe_at;
  kept.settled_at = engine.settled_at;
}

coro::Task<AccountReport> sync_over(Services services, const Settings& settings,
                                    SyncRequest request, const News* news, Progress& progress,
                                    Log log, Pool& pool, Kept* kept) {
  AccountReport report;
  report.account = settings.name;
  const auto began = services.clock.monotonic();
  const std::uint64_t octets_in = pool.octets_in();
  const std::uint64_t octets_out = pool.octets_out();
  {
    Engine engine(services, settings, std::move(request), progress, log, report);
    engine.pool = &pool;
    engine.allowance.counted = pool.traffic();
    engine.kept = kept;
    engine.news = news;
    bool is_put_off = false;
    Status done = co_await sync_unless_told(engine, pool, is_put_off);
    report.counts.bytes_in = pool.octets_in() - octets_in;
    report.counts.bytes_out = pool.octets_out() - octets_out;
    if (engine.store) {
      if (Status written = finish_state(engine, done); !written) {
        engine.note(std::move(written).error());
      }
      report.quarantined = count_of(engine.store->failures());
      // One that made no plan leaves it as it was.
      if (!done) report.held = count_of(engine.store->held());
    }
    if (kept) keep(engine, done, is_put_off, *kept);
    if (!done) {
      report.marker_held = done.error().is(ErrorCode::marker);
      engine.note(std::move(done).error());
    } else {
      report.anything_done = true;
    }
    engine.mailboxes.clear();
    // Before the state, so that who gets that finds the Maildir free.
    engine.root.reset();
    engine.store.reset();
    for (const std::string& scratch : {engine.scratch_state, engine.scratch_maildir}) {
      std::error_code ignored;
      if (!scratch.empty()) std::filesystem::remove_all(scratch, ignored);
    }
  }
  report.anything_done = report.anything_done || did_anything(report.counts);
  drop_repeated(report.errors);
  for (Error& error : report.errors) {
    if (error.hint().empty()) error = Error(error).with_hint(hint_for(error));
    error.add_context(fmt::format("account {}", settings.name));
  }
  report.seconds = std::chrono::duration<double>(services.clock.monotonic() - began).count();
  co_return report;
}

}  // namespace

std::string_view to_string(FileChange::Kind kind) {
  switch (kind) {
    using enum FileChange::Kind;
    case added:
      return "added";
    case removed:
      return "removed";
    case renamed:
      return "renamed";
    case flags:
      return "flags";
  }
  std::unreachable();
}

coro::Task<AccountReport> sync_account(Services services, Settings settings, SyncRequest request,
                                       Progress& progress, Log log) {
  log = log.with("account", settings.name);
  Pool pool(services, settings, log);
  co_return co_await sync_over(services, settings, std::move(request), nullptr, progress, log, pool,
                               nullptr);
}

coro::Task<AccountReport> sync_kept(Services services, const Settings& settings,
                                    SyncRequest request, const News* news, Progress& progress,
                                    Log log, Kept& kept) {
  return sync_over(services, settings, std::move(request), news, progress, std::move(log),
                   kept.pool, &kept);
}

}  // namespace sterna::account
