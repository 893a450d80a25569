// SPDX-License-Identifier: Apache-2.0
#include "sterna/daemon/hooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hook_text.h"
#include "sterna/base/bytes.h"
#include "sterna/io/deadline.h"

namespace sterna::daemon {
namespace {

using account::FileChange;
using account::LifeState;

constexpr std::array kEvents = {HookEvent::before_sync, HookEvent::after_change,
                                HookEvent::new_mail,    HookEvent::held,
                                HookEvent::needs_auth,  HookEvent::error};
static_assert(kEvents.size() == kHookEvents);

std::size_t index_of(HookEvent event) {
  return static_cast<std::size_t>(event);
}

// Where mail arrives that nobody needs to be told of.
bool is_quiet(Role role) {
  return role == Role::trash || role == Role::junk || role == Role::sent || role == Role::drafts;
}

std::string words_of(const std::optional<Error>& error) {
  if (!error) return "";
  return error->hint().empty() ? error->describe() : error->describe() + "; " + error->hint();
}

std::string words_of_held(const std::string& account, const account::Life& life) {
  if (life.held == 0) return words_of(life.error);
  return fmt::format("{} {} for a decision; sterna held list {}", life.held,
                     life.held == 1 ? "change waits" : "changes wait", account);
}

std::string_view advice(const Error& error) {
  switch (error.code()) {
    case ErrorCode::not_found:
    case ErrorCode::permission:
      return "mend [hooks] in the configuration; the program must be in the PATH that the daemon "
             "has";
    case ErrorCode::timeout:
      return "raise hooks.timeout, or let the command go on in the background";
    default:
      return "what it said is in the lines before; run it by hand to see more";
  }
}

coro::Task<Status> hold(coro::Semaphore& semaphore, coro::Semaphore::Permit& permit) {
  Result<coro::Semaphore::Permit> held = co_await semaphore.hold();
  if (!held) co_return fail(std::move(held).error());
  permit = std::move(*held);
  co_return Status();
}

}  // namespace

std::string_view to_string(HookEvent event) {
  constexpr std::string_view kNames[] = {"before_sync", "after_change", "new_mail",
                                         "held",        "needs_auth",   "error"};
  return kNames[index_of(event)];
}

void HookFacts::add(const FileChange& change) {
  switch (change.kind) {
    case FileChange::Kind::added:
      ++added;
      break;
    case FileChange::Kind::removed:
      ++removed;
      break;
    case FileChange::Kind::renamed:
    case FileChange::Kind::flags:
      ++changed;
      break;
  }
  mailboxes.insert(change.mailbox);
  if (changes.size() < kHookChangesMax) changes.push_back(change);
}

void HookFacts::add(const HookFacts& more) {
  added += more.added;
  removed += more.removed;
  changed += more.changed;
  mailboxes.insert(more.mailboxes.begin(), more.mailboxes.end());
  const std::size_t room = kHookChangesMax - changes.size();
  const auto taken = static_cast<std::ptrdiff_t>(std::min(room, more.changes.size()));
  changes.insert(changes.end(), more.changes.begin(), more.changes.begin() + taken);
  if (!more.message.empty()) message = more.message;
}

Hooks::Hooks(io::Clock& clock, Runner runner, config::HooksConfig config, Log log)
    : clock_(clock), runner_(std::move(runner)), config_(std::move(config)), log_(std::move(log)) {}

void Hooks::configure(config::HooksConfig config) {
  config_ = std::move(config);
  news_.set();
}

bool needs_changes(const config::HooksConfig& config) {
  return !config.after_change.empty() || !config.new_mail.empty();
}

const config::Command& Hooks::command(HookEvent event) const {
  const config::Command* commands[] = {&config_.before_sync, &config_.after_change,
                                       &config_.new_mail,    &config_.held,
                                       &config_.needs_auth,  &config_.error};
  return *commands[index_of(event)];
}

void Hooks::fire(HookEvent event, const std::string& account, const HookFacts& facts) {
  if (command(event).empty()) return;
  Gathered& gathered = gathered_[index_of(event)];
  gathered.last = clock_.monotonic();
  if (gathered.by_account.empty()) gathered.first = gathered.last;
  gathered.by_account[account].add(facts);
  news_.set();
}

void Hooks::on_synced(const account::AccountReport& report) {
  HookFacts all;
  HookFacts arrived;
  for (const FileChange& change : report.changes) {
    all.add(change);
    if (change.kind == FileChange::Kind::added && !is_quiet(change.role)) arrived.add(change);
  }
  if (!report.changes.empty()) fire(HookEvent::after_change, report.account, all);
  if (arrived.added > 0) fire(HookEvent::new_mail, report.account, arrived);
}

void Hooks::on_life(const std::string& account, const account::Life& life) {
  // What is tried again is in other states for a moment: only when all is well is it over.
  const bool well = life.state == LifeState::watching || life.state == LifeState::polling;
  const auto follow = [&](bool& known, bool now, HookEvent event, std::string message) {
    if (now && !known) fire(event, account, HookFacts{.message = std::move(message)});
    known = now || (known && !well);
  };
  Troubles& troubles = troubles_[account];
  follow(troubles.held, life.state == LifeState::held || life.held > 0, HookEvent::held,
         words_of_held(account, life));
  follow(troubles.needs_auth,
         life.state == LifeState::needs_auth || life.state == LifeState::needs_secret,
         HookEvent::needs_auth, words_of(life.error));
  follow(troubles.error, life.state == LifeState::error, HookEvent::error, words_of(life.error));
}

void Hooks::forget(const std::string& account) {
  troubles_.erase(account);
  for (Gathered& gathered : gathered_) gathered.by_account.erase(account);
}

std::optional<std::chrono::nanoseconds> Hooks::due(HookEvent event) const {
  const Gathered& gathered = gathered_[index_of(event)];
  if (gathered.by_account.empty()) return std::nullopt;
  return std::min(gathered.last + config_.debounce,
                  gathered.first + kDebounceRounds * config_.debounce);
}

std::optional<HookEvent> Hooks::next() const {
  std::optional<HookEvent> first;
  for (const HookEvent event : kEvents) {
    if (due(event) && (!first || *due(event) < *due(*first))) first = event;
  }
  return first;
}

coro::Task<void> Hooks::run() {
  for (;;) {
    const bool stop = co_await coro::cancelled();
    if (stop) co_return;
    news_.reset();
    const std::optional<HookEvent> event = next();
    if (!event) {
      static_cast<void>(co_await news_.wait());
      continue;
    }
    const std::chrono::nanoseconds rest = *due(*event) - clock_.monotonic();
    if (rest.count() > 0) {
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(rest);
      static_cast<void>(co_await io::wait_for(clock_, wait, news_));
      continue;
    }
    co_await run_gathered(*event);
  }
}

coro::Task<void> Hooks::run_gathered(HookEvent event) {
  Gathered gathered = std::exchange(gathered_[index_of(event)], {});
  for (auto& [account, facts] : gathered.by_account) {
    coro::Semaphore::Permit permit;
    Status turn = co_await hold(one_at_a_time_, permit);
    if (!turn) co_return;
    co_await run_hook(event, account, std::move(facts), config_.timeout);
  }
}

coro::Task<void> Hooks::before_sync(std::string account) {
  if (config_.before_sync.empty()) co_return;
  const std::chrono::milliseconds limit = config_.timeout;
  const std::chrono::nanoseconds began = clock_.monotonic();
  coro::Semaphore::Permit permit;
  Status turn = co_await io::with_deadline<void>(clock_, limit, hold(one_at_a_time_, permit));
  if (turn) {
    const auto waited = std::chrono::floor<std::chrono::milliseconds>(clock_.monotonic() - began);
    co_await run_hook(HookEvent::before_sync, account, {}, limit - waited);
  } else if (!turn.error().is_cancelled()) {
    log_.with("account", account)
        .warn("hook before_sync was left out: other hooks ran all the time; {}",
              advice(turn.error()));
  }
}

coro::Task<void> Hooks::run_hook(HookEvent event, std::string account, HookFacts facts,
                                 std::chrono::milliseconds deadline) {
  config::Command argv = command(event);
  if (argv.empty()) co_return;  // it was taken out of the configuration meanwhile
  const Log log = log_.with("account", account).with("hook", to_string(event));
  const std::chrono::nanoseconds began = clock_.monotonic();
  std::vector<std::string> environment = hook_environment(event, account, facts);
  std::string input = changes_json(facts.changes);
  net::Program program{.argv = std::move(argv),
                       .environment = std::move(environment),
                       .input = std::move(input),
                       .deadline = deadline,
                       .on_line = [log](const std::string& line) { log.info("{}", line); }};
  facts = {};
  Status ended = co_await runner_(std::move(program));
  if (ended) {
    const auto took = std::chrono::floor<std::chrono::milliseconds>(clock_.monotonic() - began);
    log.debug("done took_ms={}", took.count());
  } else if (ended.error().is_cancelled()) {
    log.info("was ended, since the daemon stops");
  } else {
    log.warn("failed: {}; {}", ended.error().describe(), advice(ended.error()));
  }
}

}  // namespace sterna::daemon
