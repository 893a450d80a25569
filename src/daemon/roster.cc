// SPDX-License-Identifier: Apache-2.0
#include "roster.h"

#include <algorithm>

#include "sterna/account/pause.h"
#include "sterna/config/same.h"
#include "sterna/daemon/hooks.h"

namespace sterna::daemon {
namespace {

account::Services services_of(net::Loop& loop) {
  return {.clock = loop.clock(),
          .worker = loop.worker(),
          .dialer = loop.dialer(),
          .random = loop.random(),
          .files = loop.file_system()};
}

// What Settings::neighbours is made of.
config::AccountConfig as_neighbour(const config::AccountConfig& account) {
  config::AccountConfig seen;
  seen.name = account.name;
  seen.enabled = account.enabled;
  seen.maildir = account.maildir;
  seen.layout = account.layout;
  seen.inbox = account.inbox;
  seen.mailboxes = account.mailboxes;
  seen.excluded_roles = account.excluded_roles;
  seen.rename = account.rename;
  seen.policy.direction = account.policy.direction;
  seen.rules = account.rules;
  return seen;
}

}  // namespace

bool same_neighbour(const config::AccountConfig& one, const config::AccountConfig& other) {
  return as_neighbour(one) == as_neighbour(other);
}

// --- one account

Use::Use(Member& member, coro::CancelState& cancel)
    : member_(member), account_(member.account_), cancel_(cancel) {
  member.uses_.push_back(*this);
}

Use::~Use() {
  unlink();
  if (member_.uses_.empty()) member_.unused_.set();
}

Member::Member(coro::Context daemon, config::AccountConfig said, const AccountSetup& setup,
               account::Services services, io::Watcher& watcher, account::Observer& observer,
               Log log)
    : said_(std::move(said)),
      settings_(config::settings_digest(said_)),
      account_(services, watcher, setup.settings, setup.life, observer, log),
      scope_(daemon),
      log_(log.with("account", said_.name)),
      companion_(setup.companion) {}

bool Member::keeps_state_in(const std::string& state_dir) const {
  return state_dir.empty() ||
         config::same_directory(state_dir + "/" + said_.name, account_.settings().state_dir);
}

coro::Task<void> Member::live() {
  co_await account_.run();
  const bool asked = co_await coro::cancelled();
  if (!asked) log_.error("the account ended by itself; a restart of sterna starts it again");
}

void Member::start() {
  scope_.spawn(live());
  if (companion_) scope_.spawn(companion_(log_));
}

void Member::meet(account::Neighbours neighbours) {
  const auto tell = [](account::Account& account, account::Neighbours others) -> coro::Task<void> {
    static_cast<void>(co_await account.meet(std::move(others)));
  };
  scope_.spawn(tell(account_, std::move(neighbours)));
}

coro::Task<void> Member::end() {
  scope_.cancel();
  uses_.for_each([](Use& use) { use.end(); });
  co_await scope_.join();
  while (!uses_.empty()) {
    unused_.reset();
    static_cast<void>(co_await unused_.wait_regardless());
  }
}

// --- all of them

Roster::Roster(net::Loop& loop, coro::Context daemon, Ways& ways, account::Observer& observer,
               Log log)
    : loop_(loop), daemon_(daemon), ways_(ways), observer_(observer), log_(std::move(log)) {}

Member* Roster::find(const std::string& name) {
  const auto it = members_.find(name);
  return it == members_.end() ? nullptr : it->second.get();
}

std::vector<Member*> Roster::all() {
  std::vector<Member*> result;
  for (const auto& [name, member] : members_) result.push_back(member.get());
  return result;
}

std::vector<AccountLife> Roster::lives() {
  std::vector<AccountLife> result;
  for (const auto& [name, member] : members_) result.push_back(member->life());
  return result;
}

bool Roster::is_unchanged(Member& member, const config::Config& config) const {
  const config::AccountConfig* now = config.account(member.said().name);
  return now->enabled && member.said() == *now && config.state_dir == state_dir_;
}

void Roster::keep_paused(Member& member) {
  const std::int64_t now_ms = loop_.clock().wall_ns() / 1'000'000;
  const auto pause = account::read_pause(member.account().settings(), now_ms);
  if (!pause) {
    // It was to be paused, and nobody knows how long.
    log_.error("{} ({})", pause.error().describe(), pause.error().hint());
    member.account().pause(std::nullopt);
  } else if (*pause) {
    const std::int64_t until_ms = (*pause)->until_ms;
    member.account().pause(until_ms == 0 ? std::nullopt : std::optional(until_ms));
  }
}

void Roster::start(const config::AccountConfig& said, const AccountSetup& setup) {
  auto member = std::make_unique<Member>(daemon_, said, setup, services_of(loop_), loop_.watcher(),
                                         observer_, log_);
  keep_paused(*member);
  member->start();
  members_.emplace(said.name, std::move(member));
}

coro::Task<void> Roster::end_all(std::vector<std::string> names) {
  std::vector<std::unique_ptr<Member>> leaving;
  for (const std::string& name : names)
    leaving.push_back(std::move(members_.extract(name).mapped()));
  coro::Scope scope = co_await coro::make_scope();
  for (const auto& member : leaving) scope.spawn(member->end());
  co_await scope.join();
}

coro::Task<void> Roster::take(config::Config config) {
  std::vector<std::string> leaving;
  std::vector<const config::AccountConfig*> arriving;
  const account::Neighbours neighbours = ways_.neighbours(config);
  for (const auto& [name, member] : members_) {
    if (!config.account(name)) leaving.push_back(name);
  }
  for (const config::AccountConfig& said : config.accounts) {
    Member* member = find(said.name);
    if (member) {
      if (is_unchanged(*member, config)) {
        // The one thing that [hooks] says to accounts: no reason to begin anew.
        member->account().tell_changes(needs_changes(config.hooks));
        member->meet(neighbours);
        continue;
      }
      leaving.push_back(said.name);
    }
    if (said.enabled && (!ways_.keeps || ways_.keeps(said.name))) arriving.push_back(&said);
  }
  state_dir_ = config.state_dir;
  for (const std::string& name : leaving) log_.info("account {}: is ended", name);
  co_await end_all(std::move(leaving));
  for (const config::AccountConfig* said : arriving) {
    AccountSetup setup = ways_.setup(config, *said);
    setup.settings.neighbours = neighbours;
    start(*said, setup);
  }
}

coro::Task<void> Roster::close() {
  std::vector<std::string> names;
  for (const auto& [name, member] : members_) names.push_back(name);
  co_await end_all(std::move(names));
}

}  // namespace sterna::daemon
