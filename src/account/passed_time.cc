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
// When the last sync came to its end: the boot, and the time since that began.
constexpr std::string_view kBootKey = "last_sync_boot";
constexpr std::string_view kSinceBootKey = "last_sync_since_boot_ms";
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

struct Passed {
  std::int64_t by_wall_ms = 0;  // as the machine's clock has it
  std::optional<std::int64_t> in_boot_ms;
  bool restarted = false;

  // By how much the machine's clock was set. Over a restart only that it was set back shows.
  std::int64_t step_ms() const {
    return in_boot_ms ? by_wall_ms - *in_boot_ms : std::min<std::int64_t>(by_wall_ms, 0);
  }
};

Result<Passed> measure(Engine& engine) {
  store::Store& base = *engine.store;
  Passed passed;
  STERNA_TRY(const std::optional<std::int64_t> last, get_time(base, kLastSyncKey));
  if (last && *last != 0) passed.by_wall_ms = engine.now_ms() - *last;
  STERNA_TRY(const std::optional<std::string> boot, base.get(kBootKey));
  STERNA_TRY(const std::optional<std::int64_t> since_boot, get_time(base, kSinceBootKey));
  if (!boot || boot->empty() || !since_boot) return passed;
  passed.restarted = *boot != engine.boot_id;
  if (!passed.restarted) {
    passed.in_boot_ms = std::max<std::int64_t>(since_boot_ms(engine) - *since_boot, 0);
  }
  return passed;
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
  STERNA_TRY(const Passed passed, measure(engine));
  base.live(milliseconds(
      std::clamp<std::int64_t>(passed.in_boot_ms.value_or(passed.by_wall_ms), 0, kDayMs)));
  STERNA_TRY(const std::optional<std::int64_t> sure, get_time(base, kSureKey));
  STERNA_TRY(const std::int64_t surely_ms, surely(engine, passed));
  // It begins with what the machine's clock shows.
  engine.sure_from_ms = sure ? *sure + surely_ms : engine.now_ms();
  engine.began = engine.services.clock.since_boot();
  engine.began_wall_ns = engine.services.clock.wall_ns();
  const std::int64_t step_ms = passed.step_ms();
  const std::int64_t slewed_ms = kSlewedMs + passed.in_boot_ms.value_or(0) / kSlewedShare;
  const bool was_set = std::abs(step_ms) > slewed_ms;
  if (was_set) tell_step(engine, step_ms);
  STERNA_TRY(const std::optional<std::int64_t> set_ms, get_time(base, kClockSetKey));
  engine.clock_was_set = was_set || passed.restarted;
  // Before a first sync, and between a boot and the first one since, nobody noticed.
  const bool perhaps = was_set || !passed.in_boot_ms;
  engine.clock_was_set_lately = perhaps || (set_ms && engine.sure_ms() - *set_ms < kHourMs);
  if (!perhaps || engine.dry_run()) return {};
  STERNA_TRY(auto transaction, base.begin(store::Durability::normal));
  STERNA_CHECK(base.set(kClockSetKey, fmt::format("{}", engine.sure_ms())));
  if (was_set) STERNA_CHECK(base.move_tries(milliseconds(step_ms)));
  return transaction.commit();
}

Status keep_time(Engine& engine) {
  store::Store& base = *engine.store;
  STERNA_CHECK(base.keep_lived());
  STERNA_CHECK(base.set(kSureKey, fmt::format("{}", engine.sure_ms())));
  STERNA_CHECK(base.set(kSinceBootKey, fmt::format("{}", since_boot_ms(engine))));
  STERNA_TRY(const std::optional<std::string> boot, base.get(kBootKey));
  return boot == engine.boot_id ? Status{} : base.set(kBootKey, engine.boot_id);
}

}  // namespace sterna::account
