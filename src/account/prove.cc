// SPDX-License-Identifier: Apache-2.0
#include "prove.h"

#include <fmt/format.h>

#include <algorithm>

#include "email_id.h"
#include "message_limit.h"
#include "observe.h"
#include "uids_of.h"

namespace sterna::account {
namespace {

bool email_ids_agree(const MessageRow& row, const imap::Fetch& fetch) {
  if (row.email_id.empty()) return true;
  if (!fetch.email_id.empty()) return row.email_id == fetch.email_id;
  if (fetch.gm_msgid) return row.email_id == fmt::format("{}", *fetch.gm_msgid);
  return true;
}

}  // namespace

class Proof::FetchSink : public Sink {
 public:
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    const bool told = fetch && fetch->uid && fetch->size && wanted.contains(*fetch->uid);
    if (!told) return;
    imap::Fetch& kept = found[fetch->uid->value];
    kept = {};
    kept.size = fetch->size;
    kept.internal_date = fetch->internal_date;
    kept.email_id = fetch->email_id;
    kept.gm_msgid = fetch->gm_msgid;
  }
  UidSet wanted;
  std::unordered_map<std::uint32_t, imap::Fetch> found;
};

Proof::Proof(Engine& engine, Connection& connection, MailboxWork& work, UidValidity expected)
    : engine_(engine),
      connection_(connection),
      work_(work),
      expected_(expected),
      select_(connection.client()),
      fetch_(std::make_unique<FetchSink>()) {}

Proof::~Proof() = default;

Status Proof::ask(const UidSet& uids) {
  STERNA_TRY(const imap::CommandId selecting, submit_select(engine_, connection_, work_, &select_));
  asked_.push_back(selecting);
  imap::FetchRequest request;
  request.items = {imap::FetchItem::uid, imap::FetchItem::internal_date, imap::FetchItem::size};
  ask_for_email_id(connection_, request);
  fetch_->wanted = uids;
  for (const UidSet& part : parts_for(connection_, uids, 200)) {
    request.uids = part;
    STERNA_TRY(const imap::CommandId id,
               connection_.submit(imap::uid_fetch(request), fetch_.get()));
    asked_.push_back(id);
  }
  return {};
}

coro::Task<Status> Proof::land() {
  STERNA_CO_CHECK(co_await wait_all_whole(connection_, asked_));
  if (select_.uidvalidity != expected_) co_return fail(replaced());
  co_return Status{};
}

Proof::Verdict Proof::of(const MessageRow& row) const {
  const auto it = fetch_->found.find(row.key.uid.value);
  if (it == fetch_->found.end()) return Verdict::gone;
  const imap::Fetch& fetch = it->second;
  const bool same_date = fetch.internal_date == row.internal_date;
  const bool same_size = *fetch.size == row.remote_size;
  return same_date && same_size && email_ids_agree(row, fetch) ? Verdict::same : Verdict::doubted;
}

coro::Task<Result<UidSet>> Proof::same_by_header(const std::vector<MessageRow>& doubted) {
  UidSet same;
  if (doubted.empty()) co_return same;
  const std::vector<RemoteArrival> before = std::exchange(work_.input.remote.details, {});
  Status asked = co_await identify_remote(engine_, connection_, work_, uids_of_keys(doubted));
  const std::vector<RemoteArrival> found = std::exchange(work_.input.remote.details, before);
  STERNA_CO_CHECK(asked);
  for (const MessageRow& row : doubted) {
    const auto it = std::ranges::find(found, row.key.uid, &RemoteArrival::uid);
    const std::optional<Identity> known = remote_identity(row);
    const bool proven =
        it != found.end() && it->identity && known && it->identity->same_as(*known, false);
    if (proven) same.add(row.key.uid);
  }
  co_return same;
}

Error not_the_same(Uid uid, std::string_view done_here) {
  return Error(ErrorCode::changed,
               fmt::format("UID {} is not the message that was {} here; it stays", uid.value,
                           done_here))
      .with_scope(ErrorScope::message);
}

}  // namespace sterna::account
