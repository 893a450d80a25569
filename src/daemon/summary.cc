// SPDX-License-Identifier: Apache-2.0
#include "summary.h"

#include <fmt/format.h>

#include <algorithm>

namespace sterna::daemon {
namespace {

using account::LifeState;

// An account has a turn of the loop, a login and a hook to begin with.
constexpr std::chrono::minutes kLateMax{5};

bool waits_for_next_try(LifeState state) {
  switch (state) {
    case LifeState::offline:
    case LifeState::backoff:
    case LifeState::held:
    case LifeState::needs_auth:
    case LifeState::needs_secret:
    case LifeState::error:
    case LifeState::paused:
      return true;
    case LifeState::starting:
    case LifeState::syncing:
    case LifeState::watching:
    case LifeState::polling:
      return false;
  }
  return false;
}

}  // namespace

std::string summary_of(const std::vector<AccountLife>& lives) {
  std::map<LifeState, std::size_t> counts;
  std::uint64_t held = 0;
  for (const AccountLife& one : lives) {
    ++counts[one.life.state];
    held += one.life.held;
  }
  std::string text = fmt::format("{} {}", lives.size(), lives.size() == 1 ? "account" : "accounts");
  std::string_view before = ": ";
  for (const auto& [state, count] : counts) {
    text += fmt::format("{}{} {}", before, count, account::to_string(state));
    before = ", ";
  }
  if (held > 0) text += fmt::format("; {} held", held);
  return text;
}

void Overdue::look(const AccountLife& life, bool lent, std::int64_t wall_ms,
                   std::chrono::nanoseconds now) {
  const std::int64_t next_ms = life.life.next_try_ms;
  if (lent || !waits_for_next_try(life.life.state) || next_ms <= 0) {
    due_.erase(life.name);
    return;
  }
  const auto known = due_.find(life.name);
  if (known != due_.end() && known->second.said_ms == next_ms) return;
  const std::chrono::milliseconds left(std::max<std::int64_t>(next_ms - wall_ms, 0));
  due_[life.name] = {next_ms, now + left};
}

std::string Overdue::stuck(std::chrono::nanoseconds now) const {
  for (const auto& [name, due] : due_) {
    if (now - due.at > kLateMax) return name;
  }
  return {};
}

}  // namespace sterna::daemon
