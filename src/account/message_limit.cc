// SPDX-License-Identifier: Apache-2.0
#include "message_limit.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/imap/outcome.h"
#include "uid_sink.h"

namespace sterna::account {
namespace {

// Beyond so many parts the set is a range on a server's word: the server may cut it itself.
constexpr std::uint64_t kPartsMax = 100'000;
constexpr int kRoundsMax = 100'000;

// The first `count` messages of `set` leave it.
UidSet take_first(UidSet& set, std::uint64_t count) {
  UidSet taken;
  for (const UidRange& range : set.ranges()) {
    if (count == 0) break;
    const std::uint64_t some = std::min(count, range.count());
    const auto last = static_cast<std::uint32_t>(range.first.value + some - 1);
    taken.add_range(range.first, Uid{last});
    count -= some;
  }
  set = set.minus(taken);
  return taken;
}

}  // namespace

bool is_limited(const imap::Done& done) {
  return done.ok() && (done.code.is(imap::Code::message_limit) || done.code.is(imap::Code::limit));
}

std::optional<Uid> limited_at(const imap::Done& done) {
  const auto* limit = done.code.as<imap::MessageLimit>();
  return limit ? limit->last_uid : std::nullopt;
}

UidSet left_out(const UidSet& asked, const imap::Done& done) {
  if (!is_limited(done)) return {};
  const std::optional<Uid> last = limited_at(done);
  return last ? asked.minus(UidSet::range(*last, kUidMax)) : asked;
}

std::vector<UidSet> parts_for(const Connection& connection, const UidSet& uids,
                              std::size_t octets) {
  const std::size_t room = connection.quirks.command_line_octets_max - octets;
  std::vector<UidSet> lines = uids.chunks(room);
  const std::uint64_t limit = connection.capabilities().message_limit().value_or(0);
  if (limit == 0 || uids.count() / limit > kPartsMax) return lines;
  std::vector<UidSet> parts;
  for (UidSet& line : lines) {
    while (line.count() > limit) parts.push_back(take_first(line, limit));
    if (!line.empty()) parts.push_back(std::move(line));
  }
  return parts;
}

Status whole(const imap::Done& done) {
  if (!done.ok()) return fail(imap::error_from(done));
  if (is_limited(done)) return fail(limited_error("changed"));
  return {};
}

coro::Task<Status> wait_all_whole(Connection& connection, std::vector<imap::CommandId> ids) {
  Status outcome;
  for (const imap::CommandId id : ids) {
    STERNA_CO_TRY(imap::Done done, co_await connection.wait(id));
    if (outcome) outcome = whole(done);
  }
  co_return outcome;
}

coro::Task<Result<Found>> search_all(Connection& connection, imap::SearchQuery query) {
  Found found;
  const Uid first = query.uids && !query.uids->empty() ? query.uids->first() : Uid{1};
  std::optional<Uid> below;
  for (int round = 0; round < kRoundsMax; ++round) {
    query.return_all = connection.has(imap::Capability::esearch);
    UidSink sink;
    STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::uid_search(query), &sink));
    if (query.return_all && done.status == imap::StatusKind::bad) {
      connection.distrust(imap::Capability::esearch);
      continue;
    }
    if (!done.ok()) co_return fail(imap::error_from(done));
    found.uids.add_all(sink.uids);
    if (sink.unreadable) found.whole = false;
    if (!is_limited(done) && !sink.limited) co_return found;
    const std::optional<Uid> last = limited_at(done);
    if (!last || (below && *last >= *below)) break;
    if (*last <= first) co_return found;
    below = last;
    query.uids = UidSet::range(first, Uid{last->value - 1});
  }
  found.whole = false;
  found.limited = true;
  co_return found;
}

Error limited_error(std::string_view what) {
  return Error(ErrorCode::unsupported,
               fmt::format("the server {} a part of the messages only (MESSAGELIMIT)", what))
      .with_scope(ErrorScope::mailbox)
      .with_disposition(Disposition::retry);
}

}  // namespace sterna::account
