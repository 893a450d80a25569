// SPDX-License-Identifier: Apache-2.0
#include "side_watch.h"

#include <algorithm>
#include <utility>

#include "backoff.h"
#include "heard_dialer.h"
#include "idle_news.h"
#include "login.h"
#include "sterna/imap/outcome.h"
#include "sterna/io/deadline.h"
#include "work.h"

namespace sterna::account {
namespace {

using std::chrono::milliseconds;

// One lists and plans, and one more may fetch.
constexpr std::size_t kOtherConnections = 2;

}  // namespace

struct SideWatch::Line {
  explicit Line(io::Dialer& world) : dialer(world) {}

  KnownMailbox mailbox;
  HeardDialer dialer;
  std::unique_ptr<Connection> connection;
  coro::Event wake;
  Work* opening = nullptr;  // while it is
  bool listening = false;
  std::chrono::nanoseconds listens_since{};
  IdleNews news;
  bool unwanted = false;
  bool to_be_proved = false;
  std::string proved_for;
  bool given_up = false;  // while it was being opened
  unsigned dead = 0;      // in a row: none of them answered when it was doubted
  // While it waits for its next try: for what, and until when.
  std::optional<Error> failed;
  std::chrono::nanoseconds try_at{};
  EarlyTries early;
  bool over = false;
  unsigned failures = 0;
};

SideWatch::SideWatch(Services services, const Settings& settings, Silence& silence, Owner& owner,
                     Log log)
    : services_(services),
      settings_(settings),
      silence_(silence),
      owner_(owner),
      log_(std::move(log)) {}

SideWatch::~SideWatch() = default;

std::size_t SideWatch::lines_max() const {
  const std::size_t all = std::min({std::size_t{settings_.connections}, connections_max_,
                                    refused_.at(services_.clock.monotonic())});
  return all > kOtherConnections ? all - kOtherConnections : 0;
}

void SideWatch::cover(std::vector<KnownMailbox> mailboxes, std::size_t connections_max) {
  wanted_ = std::move(mailboxes);
  connections_max_ = connections_max;
  if (wanted_.size() > lines_max()) wanted_.resize(lines_max());
  changed_.set();
}

std::size_t SideWatch::lines_alive() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(lines_, [](const auto& one) { return !one.second->over; }));
}

void SideWatch::give_way() {
  const std::size_t lines = lines_alive();
  if (lines == 0) return;
  refused_.refused_beyond(lines - 1 + kOtherConnections, services_.clock.monotonic());
  cover(std::move(wanted_), connections_max_);
}

void SideWatch::probe(std::string_view reason) {
  const auto now = services_.clock.monotonic();
  refused_.doubt();
  for (const auto& [wire, line] : lines_) {
    if (line->opening) line->opening->doubt(answer_limit(line->dead));
    if (line->listening) {
      line->to_be_proved = true;
      line->proved_for = reason;
    }
    if (line->failed) {
      if (line->dead > 1) continue;  // the network was there, and changes all the time
      const auto early = line->early.at(*line->failed, now);
      if (!early) continue;
      line->try_at = std::min(line->try_at, *early);
    }
    line->failures = 0;
    line->wake.set();
  }
}

std::vector<std::string> SideWatch::listening() const {
  std::vector<std::string> names;
  for (const auto& [wire, line] : lines_) {
    if (line->listening) names.push_back(line->mailbox.name.text());
  }
  return names;
}

std::size_t SideWatch::connections() const {
  return static_cast<std::size_t>(std::ranges::count_if(lines_, [](const auto& one) {
    return one.second->connection && one.second->connection->usable();
  }));
}

coro::Task<Status> SideWatch::open_and_select(Line& line, LoginSecret& secret) {
  const Services services{services_.clock, services_.worker, line.dialer, services_.random,
                          services_.files};
  STERNA_CO_TRY(line.connection, co_await open_connection(services, settings_, secret, log_));
  ++logins_;
  STERNA_CO_CHECK(co_await line.connection->settle());
  co_return co_await line.connection->run_ok(imap::select(line.mailbox.wire, {}));
}

// A line that is being opened has as long to get on as one that is open has to answer. A person who
// has to give the secret takes his time.
coro::Task<Status> SideWatch::open(Line& line) {
  LoginSecret secret(settings_);  // not for as long as the line lives
  const auto sends_nothing_long = [] { return std::uint64_t{0}; };
  Work opening(services_.clock, line.dialer, sends_nothing_long,
               [&] { return !secret.is_asked_for(); });
  line.opening = &opening;
  const Status opened = co_await opening.run(open_and_select(line, secret));
  line.opening = nullptr;
  const bool ends = co_await coro::cancelled();
  line.given_up = !opened && opening.is_dead() && !ends;
  if (line.given_up) co_return fail(ErrorCode::timeout, "no sign of life");
  co_return opened;
}

// One IDLE, until it has to be renewed, or the line is wanted for something else.
coro::Task<Status> SideWatch::idle_once(Line& line) {
  Connection& connection = *line.connection;
  STERNA_CO_CHECK(connection.begin_idle(nullptr));
  const auto began = services_.clock.monotonic();
  while (!line.unwanted && !line.to_be_proved && connection.is_idling()) {
    const auto left = renewal_of(connection, began, silence_) - services_.clock.monotonic();
    if (left.count() <= 0) break;
    line.wake.reset();
    coro::Scope timer = co_await coro::make_scope();
    timer.spawn(io::set_after(services_.clock, std::chrono::ceil<milliseconds>(left), line.wake));
    const Status heard = co_await connection.listen(line.wake);
    co_await timer.close();
    STERNA_CO_CHECK(heard);
  }
  if (!connection.is_idling() && services_.clock.monotonic() < began + kIdleMin) {
    co_return fail(ErrorCode::protocol, "the server ends IDLE at once");
  }
  connection.end_idle();
  co_return Status{};
}

// Until something ends it, which is what it returns.
coro::Task<Status> SideWatch::listen_once(Line& line) {
  co_await owner_.before_dial();
  if (line.unwanted) co_return Status{};
  STERNA_CO_CHECK(co_await open(line));
  Connection& connection = *line.connection;
  owner_.on_opened(line.mailbox.wire.octets);
  const imap::Selection* selection = connection.client().selection();
  line.news.begin(selection ? std::optional(selection->exists) : std::nullopt);
  connection.overhear([&](const imap::Response& response, imap::CommandKind) {
    if (!line.news.is_told(response)) return;
    owner_.on_news(line.mailbox.wire.octets, std::holds_alternative<imap::Exists>(response));
  });
  line.listening = true;
  line.listens_since = services_.clock.monotonic();
  while (!line.unwanted) {
    const Status idled = co_await idle_once(line);
    if (!idled) {
      silence_.line_lost(idled.error(), connection.heard_at(), services_.clock.monotonic());
      co_return idled;
    }
    if (!std::exchange(line.to_be_proved, false)) continue;
    const auto asked_at = services_.clock.monotonic();
    if (asked_at >= line.listens_since + kProvedByTime) line.dead = 0;
    STERNA_CO_TRY(imap::Done done,
                  co_await io::with_deadline(services_.clock, answer_limit(line.dead),
                                             connection.run(imap::noop()), "no sign of life"));
    line.proved_for.clear();
    // A slower one would seem dead again.
    if (services_.clock.monotonic() < asked_at + kProbeLimit) line.dead = 0;
  }
  co_await connection.logout();
  co_return Status{};
}

// A probe may bring it nearer.
coro::Task<Status> SideWatch::wait_for_next_try(Line& line) {
  for (;;) {
    const auto left = line.try_at - services_.clock.monotonic();
    if (line.unwanted || left.count() <= 0) co_return Status{};
    line.wake.reset();
    const Status waited =
        co_await io::wait_for(services_.clock, std::chrono::ceil<milliseconds>(left), line.wake);
    if (!waited && waited.error().is_cancelled()) co_return waited;
  }
}

coro::Task<void> SideWatch::follow(Line& line) {
  while (!line.unwanted) {
    const Status ended = co_await listen_once(line);
    const bool listened = std::exchange(line.listening, false);
    const auto listens_for = services_.clock.monotonic() - line.listens_since;
    if (listened && listens_for >= kIdleMin) line.failures = line.dead = 0;
    line.connection.reset();
    if (ended || ended.error().is_cancelled()) break;
    std::string reason = std::exchange(line.proved_for, {});
    const bool died_unnoticed = listened && !reason.empty();
    if (reason.empty()) reason = to_string(ended.error().code());
    if (listened) owner_.on_line_lost(reason);
    log_.info("mailbox {} is not watched: {}", line.mailbox.name.text(), ended.error().describe());
    if (tells_of_too_many(ended.error())) {
      line.over = true;
      refused_.refused_beyond(lines_alive() + kOtherConnections, services_.clock.monotonic());
      break;
    }
    // What a login is told may be for one line too many; whom the server turns out, it wants to be
    // left alone by.
    if (ended.error().is(ErrorCode::disconnected) && is_told_to_wait(ended.error())) {
      owner_.on_told_to_wait(ended.error());
      break;
    }
    const Patience patience = patience_for(ended.error());
    if (patience.state == LifeState::needs_auth) owner_.on_login_refused();
    // It may have died long ago, and nobody noticed; from the second on it may be slow.
    const bool is_dead = std::exchange(line.given_up, false) || died_unnoticed;
    line.dead = is_dead ? line.dead + 1 : 0;
    if (line.dead == 1) continue;
    line.failed = ended.error();
    line.try_at =
        services_.clock.monotonic() + wait_after(patience, ++line.failures, services_.random);
    const Status waited = co_await wait_for_next_try(line);
    line.failed.reset();
    if (!waited) break;
  }
  line.over = true;
  changed_.set();
}

coro::Task<void> SideWatch::run() {
  coro::Scope scope = co_await coro::make_scope();
  while (co_await changed_.wait()) {
    changed_.reset();
    std::erase_if(lines_, [](const auto& one) { return one.second->over; });
    for (const auto& [wire, line] : lines_) {
      const auto is_same = [&](const KnownMailbox& one) { return one.wire.octets == wire; };
      line->unwanted = std::ranges::none_of(wanted_, is_same);
      if (!line->unwanted) continue;
      line->wake.set();
      if (line->opening) line->opening->stop();
    }
    for (const KnownMailbox& mailbox : wanted_) {
      if (lines_.contains(mailbox.wire.octets) || lines_.size() >= lines_max()) continue;
      auto line = std::make_unique<Line>(services_.dialer);
      line->mailbox = mailbox;
      scope.spawn(follow(*line));
      lines_.emplace(mailbox.wire.octets, std::move(line));
    }
  }
  co_await scope.close();
  lines_.clear();
}

}  // namespace sterna::account
