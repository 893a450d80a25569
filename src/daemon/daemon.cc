// SPDX-License-Identifier: Apache-2.0
// One coroutine starts everything and waits for the word to stop; beside it run the control socket,
// the watchdog, the summary for the service manager, reloads, hooks, the file of figures, and what
// the machine's sleep and network need. They end before the accounts do.
#include "sterna/daemon/daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "control.h"
#include "disturbances.h"
#include "pace.h"
#include "roster.h"
#include "sterna/account/inspect.h"
#include "sterna/coro/scope.h"
#include "sterna/daemon/hooks.h"
#include "sterna/daemon/metrics.h"
#include "sterna/io/deadline.h"
#include "sterna/net/local_socket.h"
#include "sterna/net/surroundings.h"
#include "summary.h"

namespace sterna::daemon {
namespace {

// systemd, and people, wait five seconds.
constexpr std::chrono::milliseconds kStopMax{4500};
// Many accounts change at once: that is one line for the service manager.
constexpr std::chrono::milliseconds kSummaryEvery{500};
constexpr std::chrono::milliseconds kWatchdogAtLeast{10};

}  // namespace

struct Daemon::Impl : account::Observer {
  Impl(net::Loop& the_loop, net::ServiceManager& the_manager, Ways the_ways, Log the_log)
      : loop(the_loop),
        manager(the_manager),
        ways(std::move(the_ways)),
        log(std::move(the_log)),
        dials(loop.clock(), kDialsAtOnce, kDialsASecond) {}

  void on_life(const account::Account& account) override;
  coro::Task<void> before_sync(const account::Account& account) override;
  coro::Task<void> before_dial(const account::Account& account) override;
  void on_synced(const account::Account& account, const account::AccountReport& report) override;

  coro::Task<void> live(config::Config config);
  coro::Task<void> begin(config::Config config);
  coro::Task<Status> take_new_configuration();
  coro::Task<void> reload_when_asked();
  coro::Task<void> tell_summary();
  coro::Task<void> feed_watchdog();
  coro::Task<void> heed_surroundings();
  coro::Task<void> keep_metrics();
  std::string figures(bool living);
  coro::Task<void> stop_in_time(coro::Scope& work);
  void tell(const Status& told);

  net::Loop& loop;
  net::ServiceManager& manager;
  Ways ways;
  Log log;
  Pace dials;
  coro::Event stop;
  coro::Event reload;
  coro::Event news;
  coro::Semaphore configuring{1};
  std::unique_ptr<net::LocalListener> listener;
  std::optional<Roster> roster;
  std::optional<Control> control;
  std::optional<Hooks> hooks;
  std::string textfile;  // of the figures; "": none
  coro::Event textfile_changed;
  std::optional<MetricsFile> metrics;
  std::string control_socket;
  bool manager_failed = false;
};

void Daemon::Impl::on_life(const account::Account& account) {
  if (control) control->tell_life(account.name());
  if (hooks) hooks->on_life(account.name(), account.life());
  if (metrics) metrics->touch();
  news.set();
}

coro::Task<void> Daemon::Impl::before_sync(const account::Account& account) {
  co_await hooks->before_sync(account.name());
}

coro::Task<void> Daemon::Impl::before_dial(const account::Account&) {
  co_await dials.wait();
}

void Daemon::Impl::on_synced(const account::Account&, const account::AccountReport& report) {
  if (control) control->tell_synced(report);
  if (hooks) hooks->on_synced(report);
  if (metrics) metrics->touch();
}

// The daemon works without it.
void Daemon::Impl::tell(const Status& told) {
  if (told || std::exchange(manager_failed, true)) return;
  log.warn("{}", told.error().describe());
}

coro::Task<void> Daemon::Impl::begin(config::Config config) {
  const auto permit = co_await configuring.hold();
  if (!permit) co_return;
  co_await roster->take(std::move(config));
  const bool stopped = co_await coro::cancelled();
  if (stopped) co_return;
  tell(manager.ready());
  log.info("started: {}", summary_of(roster->lives()));
}

coro::Task<Status> Daemon::Impl::take_new_configuration() {
  STERNA_CO_TRY(const coro::Semaphore::Permit permit, co_await configuring.hold());
  tell(manager.reloading());
  Result<config::Config> config = ways.load();
  if (!config) {
    log.error("the configuration is as before, for the new one is wrong: {}",
              config.error().describe());
    tell(manager.ready());
    co_return fail(std::move(config).error());
  }
  if (config->control_socket != control_socket)
    log.warn("control_socket has changed; a restart moves the socket");
  hooks->configure(config->hooks);
  textfile = config->metrics.textfile;
  textfile_changed.set();
  std::vector<std::string> known;
  for (const Member* member : roster->all()) known.push_back(member->said().name);
  co_await roster->take(std::move(*config));
  for (const std::string& name : known) {
    if (roster->find(name)) continue;
    hooks->forget(name);
    if (control) control->tell_life(name);
  }
  log.info("reloaded: {}", summary_of(roster->lives()));
  news.set();
  tell(manager.ready());
  co_return {};
}

coro::Task<void> Daemon::Impl::reload_when_asked() {
  for (;;) {
    const Status asked = co_await reload.wait();
    if (!asked) co_return;
    reload.reset();
    static_cast<void>(co_await take_new_configuration());
  }
}

coro::Task<void> Daemon::Impl::tell_summary() {
  std::string told;
  for (;;) {
    const Status any = co_await news.wait();
    if (!any) co_return;
    news.reset();
    std::string summary = summary_of(roster->lives());
    if (summary != told) {
      tell(manager.status(summary));
      told = std::move(summary);
    }
    const Status slept = co_await loop.clock().sleep(kSummaryEvery);
    if (!slept) co_return;
  }
}

// That this coroutine runs shows that the loop turns.
coro::Task<void> Daemon::Impl::feed_watchdog() {
  if (!manager.watchdog()) co_return;
  const auto every = std::max(
      std::chrono::floor<std::chrono::milliseconds>(*manager.watchdog() / 2), kWatchdogAtLeast);
  Overdue overdue;
  bool complained = false;
  for (;;) {
    const std::chrono::nanoseconds now = loop.clock().monotonic();
    for (Member* member : roster->all()) overdue.look(member->life(), now);
    const std::string stuck = overdue.stuck(now);
    if (stuck.empty() || !roster->find(stuck)) {
      tell(manager.alive());
      complained = false;
    } else if (!std::exchange(complained, true)) {
      log.error("account {} does not get on: the watchdog is not fed", stuck);
    }
    if (!stuck.empty() && !roster->find(stuck)) overdue.forget(stuck);
    const Status slept = co_await loop.clock().sleep(every);
    if (!slept) co_return;
  }
}

coro::Task<void> Daemon::Impl::heed_surroundings() {
  auto surroundings = net::open_surroundings(loop);
  if (!surroundings) {
    log.warn("sleep and network changes are not noticed: {}", surroundings.error().describe());
    co_return;
  }
  const auto prove = [this](std::string_view reason) {
    log.debug("surroundings: {}", reason);
    for (Member* member : roster->all()) member->account().probe(reason);
  };
  const Status ended = co_await heed_disturbances(**surroundings, loop.clock(), prove);
  if (!ended.error().is_cancelled())
    log.warn("sleep and network changes are no longer noticed: {}", ended.error().describe());
}

std::string Daemon::Impl::figures(bool living) {
  std::vector<AccountFigures> all;
  for (Member* member : roster->all()) {
    const account::Account& account = member->account();
    AccountFigures& one = all.emplace_back(figures_of(account.name(), account.life()));
    one.database_octets = account::base_octets(account.settings());
    if (!living) one.life = nullptr;
  }
  return metrics_text(all, ways.version);
}

// One file at a time; a reload may name another one. What nobody writes any more would say for ever
// that the accounts are in step, and say it twice where the collector reads both.
coro::Task<void> Daemon::Impl::keep_metrics() {
  for (;;) {
    textfile_changed.reset();
    const std::string path = textfile;
    coro::Scope writing = co_await coro::make_scope();
    if (!path.empty()) {
      metrics.emplace(loop.clock(), loop.worker(), path, [this] { return figures(true); }, log);
      writing.spawn(metrics->run());
    }
    const Status changed = co_await textfile_changed.wait();
    co_await writing.close();
    metrics.reset();
    if (!changed) co_return;
    if (path.empty() || path == textfile) continue;
    const Status removed = remove_metrics_file(path);
    if (!removed) log.warn("{}", removed.error().describe());
  }
}

// What a killed process leaves is what the next start finds: giving up costs nothing but the time
// to find it.
coro::Task<void> Daemon::Impl::stop_in_time(coro::Scope& work) {
  const auto watch = [](Impl& impl) -> coro::Task<void> {
    const Status slept = co_await impl.loop.clock().sleep(kStopMax);
    if (!slept) co_return;
    impl.log.warn("not everything has ended in time, and is given up");
    impl.listener.reset();
    impl.ways.give_up();
  };
  // A root, since whoever waits may have been asked to stop himself.
  coro::Scope timer(loop.ready());
  timer.spawn(watch(*this));
  work.cancel();
  co_await work.join();
  // The last word: nobody is kept in step any more.
  const std::string last = textfile.empty() ? std::string() : figures(false);
  co_await roster->close();
  if (!last.empty()) {
    const Status written = write_metrics_file(textfile, last);
    if (!written) log.warn("{}", written.error().describe());
  }
  co_await timer.close();
}

coro::Task<void> Daemon::Impl::live(config::Config config) {
  const coro::Context context = co_await coro::current();
  coro::Scope work = co_await coro::make_scope();
  hooks.emplace(
      loop.clock(),
      [this](net::Program program) { return net::run_program(loop, std::move(program)); },
      config.hooks, log);
  textfile = config.metrics.textfile;
  roster.emplace(loop, context, ways, *this, log);
  control.emplace(loop, *roster, ways.version, [this] { return take_new_configuration(); }, log);
  work.spawn(control->serve(*listener));
  work.spawn(feed_watchdog());
  work.spawn(tell_summary());
  work.spawn(reload_when_asked());
  work.spawn(heed_surroundings());
  work.spawn(hooks->run());
  work.spawn(keep_metrics());
  work.spawn(begin(std::move(config)));
  static_cast<void>(co_await stop.wait());
  log.info("stopping");
  tell(manager.stopping());
  co_await stop_in_time(work);
  control.reset();
  roster.reset();
  hooks.reset();
}

Daemon::Daemon(net::Loop& loop, net::ServiceManager& manager, Ways ways, Log log)
    : impl_(std::make_unique<Impl>(loop, manager, std::move(ways), std::move(log))) {}

Daemon::~Daemon() = default;

coro::Task<Status> Daemon::run(config::Config config) {
  Impl& impl = *impl_;
  impl.control_socket = config.control_socket;
  STERNA_CO_TRY(impl.listener, net::LocalListener::open(impl.loop, config.control_socket));
  co_await impl.live(std::move(config));
  impl.listener.reset();
  co_return {};
}

void Daemon::stop() {
  impl_->stop.set();
}

void Daemon::reload() {
  impl_->reload.set();
}

}  // namespace sterna::daemon
