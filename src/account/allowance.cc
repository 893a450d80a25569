// SPDX-License-Identifier: Apache-2.0
#include "allowance.h"

#include <fmt/format.h>

#include <algorithm>

#include "kept.h"
#include "local_minute.h"
#include "pool.h"
#include "remote_changes.h"

namespace sterna::account {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr std::uint64_t kMostPercent = 80;
constexpr std::uint64_t kAllPercent = 90;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::chrono::hours kRest{1};
// Of a mailbox that is not here at all, so that what arrives behind them is known as new.
constexpr std::uint64_t kFirstMessages = 10;

constexpr std::string_view kFetchedKey = "fetched_by_hour";
constexpr std::string_view kSentKey = "sent_by_hour";

bool is_limited(const imap::Quirks& quirks) {
  return quirks.download_mb_a_day != 0 || quirks.upload_mb_a_day != 0;
}

std::uint64_t octets_of(unsigned mb_a_day, std::uint64_t percent) {
  return mb_a_day * kMegabyte / 100 * percent;
}

// By the machine's clock: one that is set makes it wait a day at most.
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
  allowance.fetched.add(hour_of(engine), now.in - allowance.counted.in);
  allowance.sent.add(hour_of(engine), now.out - allowance.counted.out);
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

Status check_sent(Engine& engine, const imap::Quirks& quirks, std::uint64_t before,
                  std::uint64_t octets) {
  if (quirks.upload_mb_a_day == 0) return {};
  STERNA_TRY(const Allowance* const allowance, counted(engine));
  const std::uint64_t limit = octets_of(quirks.upload_mb_a_day, kAllPercent);
  const std::uint64_t wanted = std::min(before + octets, limit);
  const std::int64_t hour = hour_of(engine);
  if (before + octets <= limit - std::min(limit, allowance->sent.around(hour))) return {};
  if (octets > limit) return {};  // it fits into no day: the server says that it is too large
  return fail(used_up(quirks.upload_mb_a_day, "sent", "upload_mb_a_day",
                      allowance->sent.first_with(limit - wanted, hour)));
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

void rest_for_a_while(Engine& engine, const MailboxWork& work) {
  if (!engine.kept) return;
  engine.kept->resting[work.row.wire.octets] = engine.services.clock.monotonic() + kRest;
}

bool is_resting(Engine& engine, const MailboxWork& work) {
  // A person who asks for a sync gets all there is.
  if (!engine.kept || engine.request.despite_wait) return false;
  const auto found = engine.kept->resting.find(work.row.wire.octets);
  if (found == engine.kept->resting.end()) return false;
  const LocalDelta& local = work.input.local;
  const bool has_news = (engine.news && engine.news->mailboxes.contains(work.row.wire.octets)) ||
                        !local.changed.empty() || !local.arrived.empty() || !local.gone.empty();
  const bool rests = !has_news && engine.services.clock.monotonic() < found->second;
  if (!rests) engine.kept->resting.erase(found);
  return rests;
}

}  // namespace sterna::account
