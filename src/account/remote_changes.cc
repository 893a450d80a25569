// SPDX-License-Identifier: Apache-2.0
#include "remote_changes.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "uids_of.h"

namespace sterna::account {
namespace {

// Beyond EXISTS: what comes to the mailbox while it is told of.
constexpr std::uint64_t kArrivingMeanwhile = 1000;
constexpr std::uint64_t kToldBeforeExists = 1'000'000;
constexpr std::size_t kVanishedRangesMax = 4'000'000;
// Whatever EXISTS says. Keywords count beside: they are what a message can have any amount of.
constexpr std::uint64_t kMessagesMax = 4'000'000;
constexpr std::uint64_t kKeywordOctetsHeldMax = std::uint64_t{256} << 20;

}  // namespace

std::uint64_t octets_of_keywords(const FlagSet& flags) {
  std::uint64_t octets = 0;
  for (const std::string& keyword : flags.keywords()) octets += sizeof(keyword) + keyword.size();
  return octets;
}

bool tells_too_much(std::uint64_t messages, std::optional<std::uint32_t> exists,
                    std::uint64_t keyword_octets) {
  const std::uint64_t there =
      exists ? std::uint64_t{*exists} + kArrivingMeanwhile : kToldBeforeExists;
  return messages > std::min(there, kMessagesMax) || keyword_octets > kKeywordOctetsHeldMax;
}

Error told_too_much() {
  return Error(ErrorCode::protocol, "the server tells of more messages than there are");
}

void ChangeSink::on_response(const imap::Response& response) {
  if (too_many_) return;  // the line ends after this read
  if (const auto* fetch = std::get_if<imap::Fetch>(&response)) {
    if (fetch->uid && fetch->flags) {
      flags.push_back({*fetch->uid, *fetch->flags, fetch->modseq.value_or(ModSeq{})});
      keyword_octets_ += octets_of_keywords(*fetch->flags);
      if (flags.size() >= tidy_at_ || keyword_octets_ > kKeywordOctetsHeldMax) tidy();
    } else if (fetch->flags) {
      incomplete = true;
    }
  } else if (const auto* vanished = std::get_if<imap::Vanished>(&response)) {
    vanished_.add(vanished->uids);
    if (vanished_.ranges() > kVanishedRangesMax) too_many_ = true;
    if (!vanished->earlier) incomplete = true;
  } else if (std::holds_alternative<imap::Expunge>(response)) {
    incomplete = true;
  } else if (const auto* exists = std::get_if<imap::Exists>(&response)) {
    exists_ = std::max(exists_.value_or(0), exists->count);
  } else if (const auto* status = std::get_if<imap::UntaggedStatus>(&response)) {
    if (status->code.is(imap::Code::message_limit)) limited = true;
  }
}

void ChangeSink::on_done(const imap::Done& /*done*/) {
  vanished_.sort_out();
  gone = vanished_.set();
}

// Each message once: a server may go on telling of the same ones.
void ChangeSink::tidy() {
  std::vector<std::uint32_t> order(flags.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [this](std::uint32_t at) { return std::pair(flags[at].uid, at); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    RemoteFlags& earlier = flags[order[i - 1]];
    if (earlier.uid == flags[order[i]].uid) earlier.uid = Uid{};
  }
  std::erase_if(flags, [](const RemoteFlags& one) { return !one.uid; });
  keyword_octets_ = 0;
  for (const RemoteFlags& one : flags) keyword_octets_ += octets_of_keywords(one.flags);
  tidy_at_ = std::max<std::size_t>(1024, flags.size() * 2);
  too_many_ = too_many_ || tells_too_much(flags.size(), exists_, keyword_octets_);
}

coro::Task<Status> ChangeSink::relieve() {
  return hang_up(told_too_much());
}

Result<store::Store::Reading> KnownUids::read() {
  return store_.read();
}

Result<std::uint64_t> KnownUids::count() {
  if (none_) return 0;
  STERNA_TRY(const store::Store::Counts counts, store_.counts(mailbox_));
  return counts.on_server;
}

Result<UidSet> KnownUids::among(const UidSet& uids) {
  if (none_ || uids.empty()) return UidSet();
  return store_.remote_uids_among(mailbox_, uids);
}

Result<UidSet> KnownUids::all() {
  return none_ ? UidSet() : store_.remote_uids(mailbox_);
}

namespace {

void keep_flags_of_known(const ChangeSink& changes, const UidSet& known, RemoteDelta& remote) {
  // The last word on a message counts.
  std::map<Uid, const RemoteFlags*> last;
  for (const RemoteFlags& flags : changes.flags) {
    if (known.contains(flags.uid)) last[flags.uid] = &flags;
  }
  for (const auto& [uid, flags] : last) remote.flags.push_back(*flags);
}

// Nothing is permanent where nothing may be changed, which says nothing of what is stored there.
StorableFlags storable_of(const imap::Selection& selection, const RemoteCursor& cursor) {
  if (selection.read_only || !selection.permanent_flags) return cursor.storable;
  return {selection.permanent_flags->new_keywords, selection.permanent_flags->flags};
}

}  // namespace

Result<bool> take_changes(const ChangeSink& changes, std::uint32_t exists, KnownUids& base,
                          RemoteDelta& remote) {
  const UidSet told = uids_of(changes.flags, &RemoteFlags::uid);
  STERNA_TRY(const auto reading, base.read());
  STERNA_TRY(const UidSet told_before, base.among(told));
  keep_flags_of_known(changes, told_before, remote);
  STERNA_TRY(const std::uint64_t count, base.count());
  remote.arrived = told.minus(told_before);
  STERNA_TRY(remote.gone, base.among(changes.gone));
  remote.gone_proof = "the server said that it vanished, and the count agrees";
  const bool closes = count - remote.gone.count() + remote.arrived.count() == exists;
  if (changes.incomplete || !closes) return false;
  remote.coverage = Coverage::complete;
  return true;
}

void keep_hidden(const UidSet& shown, UidSet& gone) {
  if (shown.count() < kViewMin || shown.first() == Uid{1}) return;
  gone = gone.minus(UidSet::range(Uid{1}, Uid{shown.first().value - 1}));
}

imap::FetchRequest flags_request(UidSet uids, std::optional<ModSeq> since, bool with_modseq) {
  imap::FetchRequest request;
  request.uids = std::move(uids);
  request.items = {imap::FetchItem::uid, imap::FetchItem::flags};
  if (with_modseq) request.items.push_back(imap::FetchItem::modseq);
  request.changed_since = since;
  return request;
}

void take_rights(const imap::Selection& selection, const RemoteCursor& cursor,
                 RemoteDelta& remote) {
  remote.uidvalidity = *selection.uid_validity;
  // A dry run examines: whether it could write, it cannot tell.
  remote.read_only = selection.read_only && !selection.examined;
  remote.storable = storable_of(selection, cursor);
}

bool holds_more_keywords(const imap::Selection& selection, const RemoteCursor& cursor) {
  return storable_of(selection, cursor).has_more_than(cursor.storable);
}

RemoteCursor cursor_of(const imap::Selection& selection, const RemoteCursor& before) {
  return {*selection.uid_validity, selection.uid_next.value_or(Uid{}),
          selection.highest_modseq.value_or(ModSeq{}), selection.exists,
          storable_of(selection, before)};
}

bool went_backwards(const imap::Selection& selection, const RemoteCursor& cursor) {
  return (selection.uid_next && *selection.uid_next < cursor.uid_next) ||
         (selection.highest_modseq && cursor.highest_modseq &&
          *selection.highest_modseq < cursor.highest_modseq);
}

}  // namespace sterna::account
