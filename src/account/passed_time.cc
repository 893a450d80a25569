// SPDX-License-Identifier: Apache-2.0
#include "passed_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "last_sync.h"
#include "time_units.h"

namespace sterna::account {
namespace {

using std::chrono::milliseconds;

// NTP slows a clock down or speeds it up, by half a thousandth at most.
constexpr std::int64_t kSlewedMs = milliseconds(std::chrono::minutes(1)).count();
constexpr std::int64_t kSlewedShare = 1000;

constexpr std::string_view kSureKey = "sure_ms";
constexpr std::string_view kClockSetKey = "clock_set_ms";  // sure time at which that was noticed

Result<std::optional<std::int64_t>> get_time(store::Store& base, std::string_view key) {
  STERNA_TRY(const std::optional<std::string> text, base.get(key));
  std::int64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::int64_t since_boot_ms(const Engine& engine) {
  return std::chrono::duration_cast<milliseconds>(engine.services.clock.since_boot()).count();
}

// No single restart ends a window.
Result<std::int64_t> believed_over_restart(Engine& engine) {
  milliseconds shortest = engine.settings.policy_for(MailboxName()).brake_within;
  STERNA_TRY(const std::vector<MailboxRow> rows, engine.store->mailboxes());
  for (const MailboxRow& row : rows) {
    shortest = std::min<milliseconds>(shortest, engine.settings.policy_for(row.name).brake_within);
  }
  return shortest.count() / 2;
}

// What the clocks showed at one time.
struct Reading {
  std::int64_t wall_ms = 0;                   // 0: not known
  std::optional<std::int64_t> since_boot_ms;  // with `boot`
  std::string boot;
};

struct Passed {
  std::int64_t by_wall_ms = 0;  // as the machine's clock has it
  std::optional<std::int64_t> in_boot_ms;
  bool restarted = false;

  // By how much the machine's clock was set. Over a restart only that it was set back shows.
  std::int64_t step_ms() const {
    return in_boot_ms ? by_wall_ms - *in_boot_ms : std::min<std::int64_t>(by_wall_ms, 0);
  }
  bool was_set() const {
    return std::abs(step_ms()) > kSlewedMs + in_boot_ms.value_or(0) / kSlewedShare;
  }
};

struct ReadingKeys {
  std::string_view wall;
  std::string_view since_boot;
  std::string_view boot;
};

// At the end of the last sync.
constexpr ReadingKeys kLast{kLastSyncKey, "last_sync_since_boot_ms", "last_sync_boot"};
// Where the clock was found set since: by that the times of next tries go. Syncs that fail leave
// the last one's reading as it was, and what they found is found once.
constexpr ReadingKeys kOfTries{"tries_clock_ms", "tries_since_boot_ms", "tries_boot"};

Result<Reading> read(store::Store& base, const ReadingKeys& keys) {
  Reading found;
  STERNA_TRY(const std::optional<std::int64_t> wall, get_time(base, keys.wall));
  found.wall_ms = wall.value_or(0);
  STERNA_TRY(const std::optional<std::string> boot, base.get(keys.boot));
  found.boot = boot.value_or("");
  STERNA_TRY(found.since_boot_ms, get_time(base, keys.since_boot));
  return found;
}

Passed since(const Engine& engine, const Reading& before) {
  Passed passed;
  if (before.wall_ms != 0) passed.by_wall_ms = engine.now_ms() - before.wall_ms;
  if (before.boot.empty() || !before.since_boot_ms) return passed;
  passed.restarted = before.boot != engine.boot_id;
  if (!passed.restarted) {
    passed.in_boot_ms = std::max<std::int64_t>(since_boot_ms(engine) - *before.since_boot_ms, 0);
  }
  return passed;
}

Status move_tries(Engine& engine, const Reading& last) {
  store::Store& base = *engine.store;
  STERNA_TRY(const Reading of_tries, read(base, kOfTries));
  const Passed passed = since(engine, of_tries.wall_ms == 0 ? last : of_tries);
  if (!passed.was_set() || engine.dry_run()) return {};
  const auto move = [&]() -> Status {
    STERNA_CHECK(base.move_tries(milliseconds(passed.step_ms())));
    STERNA_CHECK(base.set(kOfTries.wall, fmt::format("{}", engine.now_ms())));
    STERNA_CHECK(base.set(kOfTries.since_boot, fmt::format("{}", since_boot_ms(engine))));
    return base.set(kOfTries.boot, engine.boot_id);
  };
  return engine.write(move, store::Durability::normal);
}

Result<std::int64_t> surely(Engine& engine, const Passed& passed) {
  if (passed.in_boot_ms) return *passed.in_boot_ms;
  STERNA_TRY(const std::int64_t most, believed_over_restart(engine));
  const std::int64_t believed = std::clamp<std::int64_t>(passed.by_wall_ms, 0, most);
  return passed.restarted ? std::max(believed, since_boot_ms(engine)) : believed;
}

void tell_step(const Engine& engine, std::int64_t step_ms) {
  engine.log.info(
      "the machine's clock was set {} by {} s since the last sync; what is counted or kept for a "
      "while goes by the time that passed",
      step_ms > 0 ? "forward" : "back", std::abs(step_ms) / 1000);
}

}  // namespace

Status live_on(Engine& engine) {
  store::Store& base = *engine.store;
  STERNA_TRY(const Reading last, read(base, kLast));
  const Passed passed = since(engine, last);
  base.live(milliseconds(
      std::clamp<std::int64_t>(passed.in_boot_ms.value_or(passed.by_wall_ms), 0, kDayMs)));
  STERNA_TRY(const std::optional<std::int64_t> sure, get_time(base, kSureKey));
  STERNA_TRY(const std::int64_t surely_ms, surely(engine, passed));
  // It begins with what the machine's clock shows.
  engine.sure_from_ms = sure ? *sure + surely_ms : engine.now_ms();
  engine.began = engine.services.clock.since_boot();
  engine.began_wall_ns = engine.services.clock.wall_ns();
  const bool was_set = passed.was_set();
  if (was_set) tell_step(engine, passed.step_ms());
  STERNA_CHECK(move_tries(engine, last));
  STERNA_TRY(const std::optional<std::int64_t> set_ms, get_time(base, kClockSetKey));
  engine.clock_was_set = was_set || passed.restarted;
  // Before a first sync, and between a boot and the first one since, nobody noticed.
  const bool perhaps = was_set || !passed.in_boot_ms;
  engine.clock_was_set_lately = perhaps || (set_ms && engine.sure_ms() - *set_ms < kHourMs);
  if (!perhaps || engine.dry_run()) return {};
  STERNA_TRY(auto transaction, base.begin(store::Durability::normal));
  STERNA_CHECK(base.set(kClockSetKey, fmt::format("{}", engine.sure_ms())));
  return transaction.commit();
}

Status keep_time(Engine& engine) {
  store::Store& base = *engine.store;
  STERNA_CHECK(base.keep_lived());
  STERNA_CHECK(base.set(kSureKey, fmt::format("{}", engine.sure_ms())));
  STERNA_CHECK(base.unset(kOfTries.wall));
  STERNA_CHECK(base.set(kLast.since_boot, fmt::format("{}", since_boot_ms(engine))));
  STERNA_TRY(const std::optional<std::string> boot, base.get(kLast.boot));
  return boot == engine.boot_id ? Status{} : base.set(kLast.boot, engine.boot_id);
}

}  // namespace sterna::account
