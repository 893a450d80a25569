// SPDX-License-Identifier: Apache-2.0
#include "allowance.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "kept.h"
#include "local_minute.h"
#include "pool.h"
#include "remote_changes.h"
#include "sterna/base/bytes.h"
#include "take_word.h"
#include "time_units.h"

namespace sterna::account {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr std::uint64_t kMostPercent = 80;
constexpr std::uint64_t kAllPercent = 90;
constexpr std::int64_t kRestMs = kHourMs;
// Of a mailbox that is not here at all, so that what arrives behind them is known as new.
constexpr std::uint64_t kFirstMessages = 10;

constexpr std::string_view kFetchedKey = "fetched_by_hour";
constexpr std::string_view kSentKey = "sent_by_hour";
constexpr std::string_view kRestingKey = "resting";  // "ID:UNTIL_MS:UIDNEXT ID:..."

bool is_limited(const imap::Quirks& quirks) {
  return quirks.download_mb_a_day != 0 || quirks.upload_mb_a_day != 0;
}

std::uint64_t octets_of(unsigned mb_a_day, std::uint64_t percent) {
  return mb_a_day * kMegabyte / 100 * percent;
}

// By the machine's clock: one that is set makes it wait two days at most.
std::int64_t hour_of(const Engine& engine) {
  return engine.now_ms() / kHourMs;
}

// What the connections carried since it was last asked.
Result<Allowance*> counted(Engine& engine) {
  Allowance& allowance = engine.allowance;
  if (!allowance.is_read) {
    STERNA_TRY(const std::optional<std::string> fetched, engine.store->get(kFetchedKey));
    STERNA_TRY(const std::optional<std::string> sent, engine.store->get(kSentKey));
    allowance.fetched = DayOctets::parse(fetched.value_or(""));
    allowance.sent = DayOctets::parse(sent.value_or(""));
    allowance.is_read = true;
  }
  const Traffic now = engine.pool ? engine.pool->traffic() : allowance.counted;
  const bool is_sure = !engine.clock_was_set;
  allowance.fetched.add(hour_of(engine), now.in - allowance.counted.in, is_sure);
  allowance.sent.add(hour_of(engine), now.out - allowance.counted.out, is_sure);
  allowance.counted = now;
  return &allowance;
}

Error used_up(unsigned mb_a_day, std::string_view done, std::string_view key, std::int64_t hour) {
  return Error(ErrorCode::day_limit,
               fmt::format("nearly all of the {} MB that the server lets through in a day are {}; "
                           "the rest follows from {} on",
                           mb_a_day, done, local_minute(hour * kHourMs)))
      .with_hint(fmt::format("another limit can be set as {} in the account's quirks", key));
}

UidSet newest(const UidSet& uids, std::uint64_t count) {
  UidSet found;
  for (auto range = uids.ranges().rbegin(); range != uids.ranges().rend() && count > 0; ++range) {
    const std::uint64_t taken = std::min(count, range->count());
    found.add_range(Uid(static_cast<std::uint32_t>(range->last.value - taken + 1)), range->last);
    count -= taken;
  }
  return found;
}

// Of a mailbox that is not all here what arrived since it was looked at: the newest are fetched
// first, so that it is above them.
Result<UidSet> arrived_since(Engine& engine, const MailboxWork& work, const UidSet& uids) {
  STERNA_TRY(const UidSet known, KnownUids(*engine.store, work.row.id, false).all());
  const Uid next = work.row.cursor.uid_next;
  if (known.empty() && !next) return newest(uids, kFirstMessages);
  const std::uint32_t highest = known.empty() ? 0 : known.last().value;
  if (highest == kUidMax.value) return UidSet();
  return uids.intersect(UidSet::range(std::max(next, Uid{highest + 1}), kUidMax));
}

// --- mailboxes whose rest waits

struct Rest {
  std::int64_t until_ms = 0;
  std::uint32_t uid_next = 0;  // 0: not told
};
using Resting = std::map<std::int64_t, Rest>;  // by the mailbox's id

Result<Resting> read_resting(Engine& engine) {
  STERNA_TRY(const std::optional<std::string> stored, engine.store->get(kRestingKey));
  Resting resting;
  std::string_view rest = stored ? *stored : std::string_view();
  while (!rest.empty()) {
    const std::string_view one = take_word(rest);
    const std::size_t first = one.find(':');
    const std::size_t second = one.rfind(':');
    if (first == second) continue;
    const auto id = parse_number(one.substr(0, first), INT64_MAX);
    const auto until = parse_number(one.substr(first + 1, second - first - 1), INT64_MAX);
    const auto uid_next = parse_number(one.substr(second + 1), UINT32_MAX);
    if (!id || !until || !uid_next) continue;
    resting[static_cast<std::int64_t>(*id)] = {static_cast<std::int64_t>(*until),
                                               static_cast<std::uint32_t>(*uid_next)};
  }
  return resting;
}

std::string encode(const Resting& resting) {
  std::string text;
  for (const auto& [id, rest] : resting) {
    text += fmt::format("{}{}:{}:{}", text.empty() ? "" : " ", id, rest.until_ms, rest.uid_next);
  }
  return text;
}

std::uint32_t uid_next_there(const MailboxWork& work) {
  return work.status && work.status->uid_next ? work.status->uid_next->value : 0;
}

bool has_news(const Engine& engine, const MailboxWork& work, const Rest& rest) {
  const LocalDelta& local = work.input.local;
  const std::uint32_t uid_next = uid_next_there(work);
  const bool came = uid_next != 0 && rest.uid_next != 0 && uid_next != rest.uid_next;
  const bool told = engine.news && engine.news->mailboxes.contains(work.row.wire.octets);
  return came || told || !local.changed.empty() || !local.arrived.empty() || !local.gone.empty();
}

}  // namespace

Status check_fetched(Engine& engine, const imap::Quirks& quirks, Share share) {
  if (quirks.download_mb_a_day == 0) return {};
  STERNA_TRY(const Allowance* const allowance, counted(engine));
  const std::uint64_t limit =
      octets_of(quirks.download_mb_a_day, share == Share::most ? kMostPercent : kAllPercent);
  const std::int64_t hour = hour_of(engine);
  if (allowance->fetched.around(hour) < limit) return {};
  return fail(used_up(quirks.download_mb_a_day, "fetched", "download_mb_a_day",
                      allowance->fetched.first_with(limit - 1, hour)));
}

Result<std::optional<SendRoom>> may_be_sent(Engine& engine, const imap::Quirks& quirks) {
  if (quirks.upload_mb_a_day == 0) return std::nullopt;
  STERNA_TRY(const Allowance* const allowance, counted(engine));
  const std::uint64_t whole = octets_of(quirks.upload_mb_a_day, kAllPercent);
  return SendRoom{whole - std::min(whole, allowance->sent.around(hour_of(engine))), whole};
}

Result<Error> not_sent(Engine& engine, const imap::Quirks& quirks, std::uint64_t before,
                       std::uint64_t octets) {
  STERNA_TRY(const Allowance* const allowance, counted(engine));
  const std::uint64_t limit = octets_of(quirks.upload_mb_a_day, kAllPercent);
  const std::int64_t hour = hour_of(engine);
  DayOctets then = allowance->sent;
  then.add(hour, before, false);
  return used_up(quirks.upload_mb_a_day, "sent", "upload_mb_a_day",
                 then.first_with(limit - std::min(limit, octets), hour));
}

std::uint64_t octets_at_a_time(const imap::Quirks& quirks) {
  return octets_of(quirks.download_mb_a_day, 1) / 4;
}

Status keep_counted(Engine& engine) {
  const Connection* const connection = engine.pool ? engine.pool->open_primary() : nullptr;
  const bool counts = engine.allowance.is_read || (connection && is_limited(connection->quirks));
  if (!counts) return {};
  STERNA_TRY(const Allowance* const allowance, counted(engine));
  STERNA_CHECK(engine.store->set(kFetchedKey, allowance->fetched.to_string()));
  return engine.store->set(kSentKey, allowance->sent.to_string());
}

Result<Today> what_today(Engine& engine, const imap::Quirks& quirks, const MailboxWork& work,
                         UidSet uids) {
  Status all = check_fetched(engine, quirks, Share::most);
  if (all) return Today{std::move(uids), Share::most, std::nullopt};
  if (!all.error().is(ErrorCode::day_limit)) return fail(std::move(all).error());
  STERNA_TRY(UidSet arrived, arrived_since(engine, work, uids));
  if (arrived.count() == uids.count()) return Today{std::move(arrived), Share::all, std::nullopt};
  return Today{std::move(arrived), Share::all, std::move(all).error()};
}

Status rest_for_a_while(Engine& engine, const MailboxWork& work) {
  STERNA_TRY(Resting resting, read_resting(engine));
  const std::int64_t now_ms = engine.now_ms();
  std::erase_if(resting, [&](const auto& one) { return one.second.until_ms <= now_ms; });
  resting[work.row.id.value] = {now_ms + kRestMs, uid_next_there(work)};
  return engine.write([&] { return engine.store->set(kRestingKey, encode(resting)); });
}

Result<std::optional<Error>> why_resting(Engine& engine, const imap::Quirks& quirks,
                                         const MailboxWork& work) {
  if (quirks.download_mb_a_day == 0 || work.row.cursor.uid_next) return std::nullopt;
  const Status most = check_fetched(engine, quirks, Share::most);
  if (most) return std::nullopt;
  if (!most.error().is(ErrorCode::day_limit)) return fail(most.error());
  STERNA_TRY(const Resting resting, read_resting(engine));
  const auto found = resting.find(work.row.id.value);
  if (found == resting.end()) return std::nullopt;
  const std::int64_t left_ms = found->second.until_ms - engine.now_ms();
  const bool is_over = left_ms <= 0 || left_ms > kRestMs;  // or the clock was set back
  const bool may_look = check_fetched(engine, quirks, Share::all).has_value();
  const bool looks = may_look && (is_over || has_news(engine, work, found->second));
  return looks ? std::nullopt : std::optional(most.error());
}

}  // namespace sterna::account
