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

void Overdue::look(const AccountLife& one, std::chrono::nanoseconds now) {
  const account::Life& life = one.life;
  const bool tries_again = waits_for_next_try(life.state);
  const bool has_deadline = tries_again ? life.retry_at.has_value() : life.patience.count() > 0;
  if (!has_deadline) {
    due_.erase(one.name);
    return;
  }
  if (tries_again) {
    due_[one.name] = {std::nullopt, *life.retry_at};
    return;
  }
  const auto known = due_.find(one.name);
  const bool stands_still = known != due_.end() && known->second.progress == life.progress;
  if (!stands_still) due_[one.name] = {life.progress, now + life.patience};
}

std::string Overdue::stuck(std::chrono::nanoseconds now) const {
  for (const auto& [name, due] : due_) {
    if (now - due.at > kLateMax) return name;
  }
  return {};
}

}  // namespace sterna::daemon
