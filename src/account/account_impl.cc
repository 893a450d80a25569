// SPDX-License-Identifier: Apache-2.0
#include "account_impl.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "sterna/account/inspect.h"
#include "sterna/coro/scope.h"
#include "sterna/io/deadline.h"
#include "told_wait.h"

namespace sterna::account {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// For as long as it lives, whatever is waited for is up to others.
class UpToOthers {
 public:
  explicit UpToOthers(nanoseconds& standstill_max)
      : standstill_max_(standstill_max), before_(std::exchange(standstill_max, nanoseconds{})) {}
  ~UpToOthers() { standstill_max_ = before_; }
  UpToOthers(const UpToOthers&) = delete;
  UpToOthers& operator=(const UpToOthers&) = delete;

 private:
  nanoseconds& standstill_max_;
  nanoseconds before_;
};

// While it is paused until then: how often that is compared with the wall clock, which may be set.
constexpr std::chrono::minutes kPauseLook{5};

class NoProgress final : public Progress {};

}  // namespace

void Account::Impl::enter(LifeState state) {
  if (life.state == state) return;
  life.state = state;
  life.since_ms = wall_ms();
  log.debug("state: {}", to_string(state));
  observer.on_life(self);
}

LifeState Account::Impl::state_at_rest() {
  const Connection* connection = kept.pool.open_primary();
  const bool pushed = connection && remote.can_listen(*connection);
  return pushed ? LifeState::watching : LifeState::polling;
}

void Account::Impl::drop_line() {
  remote.forget();
  kept.pool.drop();
}

// By itself, so that the next one follows as the schedule says.
void Account::Impl::lose_line() {
  schedule.line_lost(now(), !remote.listened_for(kIdleMin));
  drop_line();
}

// The wall clock may be set, and goes on while the machine sleeps; the wait does not.
void Account::Impl::note_next_try() {
  if (life.state == LifeState::paused) return;
  // Whoever waits for the state tries already, and says so by his patience.
  const bool tries = life.state == LifeState::syncing || standstill_max == nanoseconds{};
  life.retry_at = tries ? std::nullopt : schedule.retry_at();
  if (!life.retry_at) {
    life.next_try_ms = 0;
    return;
  }
  const nanoseconds left = std::max(*life.retry_at - now(), nanoseconds{});
  const std::int64_t at_ms = wall_ms() + std::chrono::ceil<milliseconds>(left).count();
  // Between the readings of two clocks some time passes.
  if (std::abs(at_ms - life.next_try_ms) > milliseconds(seconds(1)).count())
    life.next_try_ms = at_ms;
}

// What others count, as it is now.
void Account::Impl::count() {
  note_next_try();
  life.connections = kept.pool.size() + beside.connections();
  life.counters.logins = kept.pool.logins() + beside.logins();
  life.certificate_expires_ms = kept.pool.certificate_expires_ms();
  life.token_expires_ms = settings.token_expires_ms ? settings.token_expires_ms() : 0;
  life.watches = local.size();
  life.watch_obstacle = local.shortcoming();
  life.progress = turns + worker.jobs() + lines.octets_in() + kept.pool.octets_out();
  life.patience = worker.is_at_work() ? nanoseconds{} : standstill_max;
}

void Account::Impl::on_news(const std::string& wire, bool arrived) {
  remote.nominate(wire, arrived);
  wake.set();
}

void Account::Impl::on_opened(const std::string& wire) {
  remote.suspect(wire);
  wake.set();
}

void Account::Impl::on_told_to_wait(const Error& error) {
  told_beside = error;
  beside.cover_none();
  wake.set();
}

void Account::Impl::on_line_lost(const std::string& reason) {
  ++life.counters.reconnects[reason];
  wake.set();
}

void Account::Impl::on_login_refused() {
  ++life.counters.logins_refused;
  observer.on_life(self);
}

coro::Task<void> Account::Impl::before_dial() {
  co_await observer.before_dial(self);
}

// What is known and not carried out; told when it changes.
void Account::Impl::note_pending() {
  const std::uint64_t open = remote.count() + local.count();
  const std::uint64_t pending = open + life.waiting;
  const bool same = life.pending == pending && life.watch_obstacle == local.shortcoming();
  life.pending = pending;
  life.watch_obstacle = local.shortcoming();
  if (!same) observer.on_life(self);
}

Account::Impl::Due Account::Impl::what_is_due() {
  if (!requests.empty()) {
    Due due;
    due.request = requests.front();
    requests.pop_front();
    due.everything = true;
    return due;
  }
  Due due{schedule.due(now(), told(), local.ripe_at())};
  due.everything = due.everything || (due.news && local.has_overflowed());
  return due;
}

// Over the connection that the last sync left, or without one.
coro::Task<void> Account::Impl::listen() {
  Connection* connection = schedule.is_waiting() ? nullptr : kept.pool.open_primary();
  if (!connection) {
    remote.forget();
    static_cast<void>(co_await wake.wait());
    co_return;
  }
  if (!remote.can_listen(*connection)) {
    // Nobody would notice if it died, and the server need not keep it.
    remote.forget();
    co_await kept.pool.logout();
    kept.pool.drop();
    if (const auto at = remote.refused_until()) schedule.look_at_everything_by(*at);
    co_return;
  }
  Status heard;
  if (!remote.listening()) {
    heard = co_await work.run(remote.begin(*connection, kept, listened_to()));
    if (work.is_dead()) co_return replace_dead_line(probe_reason);
    if (heard) watch_beside();  // whether the server does NOTIFY is known now
  } else {
    heard = co_await remote.listen(wake);
  }
  if (heard) remote.compare(kept);
  if (heard || heard.error().is_cancelled()) co_return;
  log.info("the line to the server was lost: {}", heard.error().describe());
  if (is_told_to_wait(heard.error())) co_return wait_as_told(heard.error());
  ++life.counters.reconnects[std::string(to_string(heard.error().code()))];
  remote.line_lost(heard.error());
  lose_line();
}

coro::Task<void> Account::Impl::wait_for_reason() {
  enter(schedule.is_waiting() ? life.state : state_at_rest());
  note_pending();
  note_pushed();
  nanoseconds left = schedule.next(now(), told(), local.ripe_at()) - now();
  if (left <= nanoseconds{}) {
    co_await coro::yield();  // if it is due for ever, others still live
    co_return;
  }
  // A reason to listen anew, and none to sync.
  if (remote.renew_at()) left = std::clamp(*remote.renew_at() - now(), nanoseconds{}, left);
  standstill_max = left + kStandsStillMax;
  coro::Scope timer = co_await coro::make_scope();
  timer.spawn(io::set_after(services.clock, std::chrono::ceil<milliseconds>(left), wake));
  if (local.ripe_at() && !kept.state && kept.pool.open_primary()) timer.spawn(open_early());
  co_await listen();
  co_await timer.close();
}

// While a burst settles: what its sync would wait for, which also meets what is wrong with it.
coro::Task<void> Account::Impl::open_early() {
  const auto permit = co_await turn.hold();
  if (!permit || !local.ripe_at()) co_return;
  const std::string& directory = settings.state_dir;
  auto open = [&directory] { return store::Store::open(directory, false); };
  auto opened = co_await on_worker(services, open);
  if (opened) kept.state = std::move(*opened);
}

coro::Task<Result<coro::Semaphore::Permit>> Account::Impl::take_turn() {
  const UpToOthers waits(standstill_max);
  co_return co_await turn.hold();
}

void Account::Impl::replace_dead_line(const std::string& reason) {
  log.info("{}: the line to the server is dead, and replaced", reason);
  ++life.counters.reconnects[reason];
  if (remote.listened_for(kIdleMin)) dead_lines = 0;
  drop_line();
  if (++dead_lines == 1) return schedule.look_at_everything(now());
  failed(Error(ErrorCode::timeout, "no sign of life"), false);
}

seconds Account::Impl::line_limit() {
  if (remote.listened_for(kProvedByTime)) dead_lines = 0;
  return answer_limit(dead_lines);
}

void Account::Impl::try_early() {
  if (!schedule.is_waiting() || !life.error) return;
  // What the machine slept is waited, too, whoever asked for it.
  schedule.wait_no_longer_than(now() + (retry_by_boot - services.clock.since_boot()));
  if (dead_lines > 1) return;  // the network was there, and changes all the time
  const auto at = early.at(*life.error, now());
  if (!at) return;
  failures = 0;
  schedule.wait_no_longer_than(*at);
}

coro::Task<void> Account::Impl::prove_line() {
  const std::string reason = std::exchange(probe_reason, {});
  try_early();
  remote.end();
  Connection* connection = kept.pool.open_primary();
  if (!connection) {
    if (!schedule.is_waiting()) schedule.look_at_everything(now());
    co_return;
  }
  const nanoseconds asked_at = now();
  const Result<imap::Done> answered = co_await io::with_deadline(
      services.clock, line_limit(), connection->run(imap::noop()), "no sign of life");
  // A slower one would seem dead again.
  if (answered && now() < asked_at + kProbeLimit) dead_lines = 0;
  if (answered) co_return;
  if (is_told_to_wait(answered.error())) co_return wait_as_told(answered.error());
  if (!answered.error().is_cancelled()) replace_dead_line(reason);
}

coro::Task<void> Account::Impl::wait_out_pause() {
  const UpToOthers waits(standstill_max);
  const std::int64_t until_ms = *pause_until;
  if (until_ms == 0) static_cast<void>(co_await wake.wait());
  while (until_ms != 0 && pause_until == until_ms) {
    const milliseconds left(until_ms - wall_ms());
    if (left.count() <= 0) co_return go_on();
    const milliseconds wait = std::min<milliseconds>(left, kPauseLook);
    life.retry_at = now() + wait;
    const Status woken = co_await io::wait_for(services.clock, wait, wake);
    if (woken || !woken.error().is(ErrorCode::timeout)) co_return;
  }
}

coro::Task<void> Account::Impl::wait_while_paused() {
  enter(LifeState::paused);
  log.info("paused");
  note_pending();
  life.next_try_ms = *pause_until;
  life.retry_at.reset();
  observer.on_life(self);
  beside.cover_none();
  remote.end();
  remote.forget();
  co_await kept.pool.logout();
  kept.pool.drop();
  if (!pause_until) co_return;  // who asks for a sync after the resume wants one
  answer_all();
  wake.reset();
  co_await wait_out_pause();
}

void Account::Impl::go_on() {
  log.info("goes on");
  pause_until.reset();
  life.next_try_ms = 0;
  life.retry_at.reset();
  schedule.look_at_everything(now());
  schedule.stop_waiting();
  wake.set();
}

// A pause answers them as done: nothing was to be done.
void Account::Impl::answer_all() {
  for (const auto& request : std::exchange(requests, {})) {
    AccountReport nothing;
    nothing.account = settings.name;
    nothing.anything_done = true;
    request->answer(std::move(nothing));
  }
}

// True if it is tried again at once.
bool Account::Impl::failed(const Error& error, bool over_old_line) {
  const Patience patience = patience_for(error);
  if (patience.state == LifeState::needs_auth) ++life.counters.logins_refused;
  if (tells_of_too_many(error)) beside.give_way();
  const bool is_new = !life.error || life.error->describe() != error.describe();
  life.error = error;
  const bool line_lost = error.is(ErrorCode::disconnected) || error.is(ErrorCode::timeout);
  if (line_lost && over_old_line && failures == 0 && !patience.told) {
    // It may have died long ago, and nobody noticed.
    ++life.counters.reconnects[std::string(to_string(error.code()))];
    lose_line();
    ++failures;
    return true;
  }
  // What is left of a wait does not grow with what failed before.
  const unsigned in_a_row = kept.was_put_off ? 1 : ++failures;
  const milliseconds wait = wait_after(patience, in_a_row, services.random);
  schedule.wait_until(now() + wait);
  retry_by_boot = services.clock.since_boot() + wait;
  drop_line();
  if (patience.told) beside.cover_none();  // none of its lines may knock meanwhile
  enter(patience.state);
  const auto in_seconds = std::chrono::ceil<seconds>(wait).count();
  if (is_new) {
    log.info("next try in {} s", in_seconds);
  } else {
    log.debug("next try in {} s", in_seconds);
  }
  return false;
}

// By a line that nobody synced over: whoever comes after this life is told, too.
void Account::Impl::wait_as_told(const Error& error) {
  if (const Status left = leave_word(settings, error, wall_ms()); !left)
    log.warn("what the server said is not kept: {}", left.error().describe());
  failed(error, false);
  observer.on_life(self);
}

// One wait is enough where several lines were told.
void Account::Impl::heed_side_lines() {
  const std::optional<Error> told = std::exchange(told_beside, std::nullopt);
  if (told && !waits_as_told()) wait_as_told(*told);
}

// What the last sync before this life, or of somebody else, left.
coro::Task<void> Account::Impl::recall_state() {
  auto job = [this] { return read_state(services.files, settings); };
  const Result<AccountState> state = co_await on_worker(services, job);
  if (state)
    recall(life, *state);
  else
    log.warn("what is held is not known: {}", state.error().describe());
}

// A sync that did not open the state knows nothing of it: what the last one found stands.
void Account::Impl::recall_figures(AccountReport& report) const {
  if (kept.opened_state) return;
  report.held = life.held;
  report.quarantined = life.quarantined;
}

void Account::Impl::went_well(const Due& due, const AccountReport& report) {
  if (failures > 0) log.info("in step again");
  failures = 0;
  life.last_sync_ms = wall_ms();
  const bool of_all = !due.request || due.request->mailboxes.empty();
  if (of_all) kept.written.clear();
  life.error = report.errors.empty() ? std::nullopt : std::optional(report.errors.front());
  watch_beside();
  Outcome outcome;
  outcome.everything = due.everything && of_all;
  outcome.did_anything = did_anything(report.counts);
  if (outcome.did_anything) remote.told_well();
  outcome.fetched = report.counts.downloaded != 0;
  outcome.tells_all = remote.has_notify();
  outcome.line_is_open = kept.pool.open_primary() != nullptr;
  outcome.watches_maildir = local.obstacle().empty();
  outcome.waits = life.waiting != 0;
  outcome.ripe_at = kept.ripe_at;
  outcome.settled_at = kept.settled_at;
  schedule.went_well(now(), outcome);
}

void Account::Impl::tell_report(const AccountReport& report, bool is_failure) {
  const std::uint64_t held_before = life.held;
  take_report(life, report, is_failure);
  if (life.held > held_before) {
    log.error("{} {} for a decision (sterna held list {})", life.held,
              life.held == 1 ? "change waits" : "changes wait", settings.name);
  }
  const std::string summary = summary_of(report.counts);
  if (!summary.empty()) log.info("synced: {} ({:.2f} s)", summary, report.seconds);
  complaints.tell(report, log);
}

// True if it failed, and is tried again at once.
bool Account::Impl::take_outcome(const Due& due, const AccountReport& report, nanoseconds began,
                                 std::optional<nanoseconds> told_at, bool over_old_line) {
  tell_report(report, kept.failure.has_value());
  life.last_duration = now() - began;
  // What failed in between is no latency.
  if (told_at && failures == 0 && report.counts.downloaded != 0)
    count_push(life.counters, now() - *told_at);
  if (!kept.failure) {
    if (changed_the_server(report.counts)) remote.wrote(began, added_there(report.counts));
    went_well(due, report);
    return false;
  }
  if (kept.failure->is_cancelled()) return false;
  ++life.counters.syncs_failed;
  dead_lines = 0;
  return failed(*kept.failure, over_old_line);
}

coro::Task<void> Account::Impl::prove_when_doubted() {
  while (co_await doubted.wait()) {
    doubted.reset();
    if (hook_is_over) co_return;
    if (!probe_reason.empty()) co_await prove_line();
  }
}

// The hook may take its time; a line that dies meanwhile is not found dead after it.
coro::Task<void> Account::Impl::run_hook() {
  hook_is_over = false;
  doubted.reset();
  if (!probe_reason.empty()) doubted.set();
  coro::Scope proving = co_await coro::make_scope();
  proving.spawn(prove_when_doubted());
  {
    const UpToOthers waits(standstill_max);
    co_await observer.before_sync(self);
  }
  hook_is_over = true;
  doubted.set();
  co_await proving.join();
}

coro::Task<void> Account::Impl::ask_to_dial(bool& may_dial) {
  co_await observer.before_dial(self);
  may_dial = true;
  wake.set();
}

// A pause does not wait for that, nor who asks for a sync.
coro::Task<void> Account::Impl::queue_to_dial() {
  const UpToOthers waits(standstill_max);
  bool may_dial = false;
  coro::Scope queue = co_await coro::make_scope();
  queue.spawn(ask_to_dial(may_dial));
  Status waited;
  while (waited && !may_dial && !has_other_plans()) {
    wake.reset();
    waited = co_await wake.wait();
  }
  co_await queue.close();
}

// Whatever it did is done, and told; the rest is due still.
void Account::Impl::break_off(Due& due, AccountReport report) {
  std::erase_if(report.errors, [](const Error& error) { return error.is_cancelled(); });
  if (did_anything(report.counts) || !report.changes.empty()) {
    tell_report(report, true);
    observer.on_life(self);
    observer.on_synced(self, report);
  }
  if (due.request) {
    due.request->keep(report);
    requests.push_front(std::move(due.request));
  }
  schedule.look_at_everything(now());
  if (work.is_dead()) return replace_dead_line(probe_reason);
  drop_line();
}

coro::Task<void> Account::Impl::sync(Due due) {
  const Result<coro::Semaphore::Permit> permit = co_await work.run(take_turn());
  if (!permit || pause_until) {
    // Whoever lent the state kept it for long: what is due is still due, and who waits is answered.
    if (due.request) requests.push_front(std::move(due.request));
    co_return;
  }
  const LifeState before = life.state;
  if (due.everything || remote.has_news()) enter(LifeState::syncing);
  if (!due.request && needs_hook(due)) co_await run_hook();
  if (!probe_reason.empty()) co_await prove_line();  // doubted while the state was lent
  if (!due.request && !kept.pool.open_primary() && !has_other_plans()) co_await queue_to_dial();
  // The doubt may have come to a line that is dead, and is tried again later.
  const bool is_put_off = has_other_plans() || schedule.retry_at() > now();
  if (pause_until || (!due.request && is_put_off)) {
    if (due.request) requests.push_front(std::move(due.request));
    co_return;  // what is due is still due
  }
  if (is_put_off) enter(LifeState::syncing);
  const nanoseconds began = now();
  // A sync of some mailboxes is no answer to what was told of others.
  const bool is_partial = due.request && !due.request->mailboxes.empty();
  const auto told_at = !is_partial && remote.has_news() ? remote.since() : std::nullopt;
  const bool is_echo = remote.is_echo();
  remote.end();
  const bool over_old_line = kept.pool.open_primary() != nullptr;
  if (!over_old_line) remote.forget();
  News news;
  if (!is_partial) {
    schedule.began(now(), due.everything);
    news = remote.take(due.everything);
    LocalWatch::Changes here = local.take();
    kept.written.merge(here.written);
    news.here = std::move(here.came_or_went);
  } else {
    local.begin_partly();
  }
  local.forget_own();
  kept.own = {};
  SyncRequest request;
  request.tells_changes = life_settings.tells_changes;
  if (due.request) request.mailboxes = due.request->mailboxes;
  request.despite_wait = due.request != nullptr;
  NoProgress nothing;
  Progress& progress = due.request ? static_cast<Progress&>(*due.request) : nothing;
  AccountReport report =
      co_await work.run(sync_kept(services, settings, std::move(request),
                                  due.everything ? nullptr : &news, progress, log, kept));
  const bool in_vain = told_at && !is_echo && !did_anything(report.counts);
  using Look = LocalWatch::Look;
  const Look how = is_partial ? Look::partly : due.everything ? Look::everything : Look::some;
  local.looked(kept.failure ? Look::failed : how, std::exchange(kept.own, {}));
  if (!is_partial) look_ended(news, in_vain);
  const bool is_cut_short = kept.failure && kept.failure->is_cancelled();
  if (is_cut_short && work.is_broken_off()) co_return break_off(due, std::move(report));
  co_await kept.pool.rest();
  recall_figures(report);
  co_await watch_maildir();
  if (is_partial && kept.failure && kept.failure->is(ErrorCode::usage)) {
    // Whoever mistyped a mailbox is told, and nothing changes for the account.
    kept.failure.reset();
    if (schedule.is_waiting()) {
      drop_line();
      enter(before);
    }
    co_return due.request->answer(std::move(report));
  }
  const bool again = take_outcome(due, report, began, told_at, over_old_line);
  observer.on_life(self);
  observer.on_synced(self, report);
  if (!due.request) co_return;
  if (again) {
    due.request->keep(report);
    requests.push_front(std::move(due.request));
    co_return;
  }
  due.request->answer(std::move(report));
}

coro::Task<void> Account::Impl::live() {
  coro::Scope watches = co_await coro::make_scope();
  watches.spawn(local.run());
  watches.spawn(beside.run());
  const coro::Context context = co_await coro::current();
  co_await recall_state();
  if (pause_until) co_await watch_maildir();
  while (!context.cancel->requested()) {
    wake.reset();
    ++turns;
    standstill_max = kStandsStillMax;
    heed_side_lines();
    if (pause_until || schedule.is_waiting() || !local.ripe_at()) kept.state.reset();
    if (pause_until) {
      co_await wait_while_paused();
      continue;
    }
    if (!probe_reason.empty()) co_await prove_line();
    Due due = what_is_due();
    if (due.nothing()) {
      co_await wait_for_reason();
    } else {
      co_await sync(std::move(due));
    }
  }
  over = true;
  drop_line();
  answer_all();
  co_await watches.close();
}

}  // namespace sterna::account
