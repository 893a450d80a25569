// SPDX-License-Identifier: Apache-2.0
// The identities of messages that are on the server: header, size, date.
#include <algorithm>
#include <map>
#include <utility>

#include "email_id.h"
#include "message_limit.h"
#include "observe.h"
#include "remote_changes.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/identity.h"

namespace sterna::account {
namespace {

// What identify_remote() asks for: header, size, date, flags, EMAILID.
class IdentitySink : public Sink {
 public:
  explicit IdentitySink(const UidSet& wanted) : wanted_(wanted), found_max_(wanted.count()) {}
  void on_body_begin(const imap::BodyBegin& body) override {
    header_.clear();
    id_ = body.id;
    wants_it_ = body.uid && wanted_.contains(*body.uid) && found_.size() < found_max_;
  }
  bool on_body_chunk(imap::BodyId id, std::string_view octets) override {
    if (id != id_ || header_.size() >= maildir::kHeaderOctetsMax * 2) return false;
    header_ += octets;
    return wants_it_;
  }
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch || !fetch->uid || !wanted_.contains(*fetch->uid)) return;
    // Beside the header, or in a line of their own (RFC 3501 section 7.4.2).
    if (fetch->flags) {
      keyword_octets_ += octets_of_keywords(*fetch->flags);
      flags_[*fetch->uid] = *fetch->flags;
    }
    // One a message is enough, however often it is told.
    if (fetch->bodies.empty() || found_.size() >= found_max_) return;
    const imap::FetchBody& body = fetch->bodies.front();
    RemoteArrival arrival;
    arrival.uid = *fetch->uid;
    arrival.internal_date = fetch->internal_date.value_or(0);
    arrival.email_id = email_id_of(*fetch);
    const bool whole = body.source != imap::FetchBody::Source::nil && body.id == id_;
    if (whole && fetch->size) {
      arrival.identity = to_identity(maildir::identity_of_wire_header(header_, *fetch->size));
    }
    found_.push_back(std::move(arrival));
  }
  bool full() const override { return tells_too_much(0, {}, keyword_octets_); }
  coro::Task<Status> relieve() override { return hang_up(told_too_much()); }

  // Found, and of what flags is not told.
  UidSet without_flags() const {
    UidSet uids;
    for (const RemoteArrival& arrival : found_) {
      if (!flags_.contains(arrival.uid)) uids.add(arrival.uid);
    }
    return uids;
  }
  // A message whose flags are unknown has none to be compared with, and was not found.
  std::vector<RemoteArrival> take() {
    std::erase_if(found_, [&](RemoteArrival& arrival) {
      const auto told = flags_.find(arrival.uid);
      if (told == flags_.end()) return true;
      arrival.flags = told->second;
      return false;
    });
    return std::exchange(found_, {});
  }

 private:
  const UidSet& wanted_;
  std::uint64_t found_max_;
  std::vector<RemoteArrival> found_;
  std::map<Uid, FlagSet> flags_;
  std::uint64_t keyword_octets_ = 0;
  std::string header_;
  imap::BodyId id_;
  bool wants_it_ = false;
};

}  // namespace

coro::Task<Status> identify_remote(Engine& engine, Connection& connection, MailboxWork& work,
                                   const UidSet& uids) {
  STERNA_CO_CHECK(co_await select_mailbox(engine, connection, work, work.input.remote.uidvalidity));
  imap::FetchRequest request;
  request.items = {imap::FetchItem::uid, imap::FetchItem::flags, imap::FetchItem::internal_date,
                   imap::FetchItem::size, imap::FetchItem::header};
  ask_for_email_id(connection, request);
  IdentitySink sink(uids);
  for (const UidSet& part : parts_for(connection, uids, 200)) {
    request.uids = part;
    STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::uid_fetch(request), &sink));
    if (!done.ok()) co_return fail(imap::error_from(done).with_context("identify messages"));
  }
  request.items = {imap::FetchItem::uid, imap::FetchItem::flags};
  for (const UidSet& part : parts_for(connection, sink.without_flags(), 200)) {
    request.uids = part;
    STERNA_CO_CHECK(co_await connection.run_ok(imap::uid_fetch(request), &sink));
  }
  std::vector<RemoteArrival>& details = work.input.remote.details;
  for (RemoteArrival& arrival : sink.take()) {
    arrival.size_reliable = !connection.quirks.size_unreliable;
    details.push_back(std::move(arrival));
  }
  std::ranges::sort(details, {}, &RemoteArrival::uid);
  const auto same = [](const RemoteArrival& a, const RemoteArrival& b) { return a.uid == b.uid; };
  details.erase(std::unique(details.begin(), details.end(), same), details.end());
  co_return Status{};
}

}  // namespace sterna::account
