// SPDX-License-Identifier: Apache-2.0
#include "remote_watch.h"

#include <algorithm>
#include <utility>

#include "backoff.h"
#include "list_remote.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/outcome.h"

namespace sterna::account {
namespace {

// Who tells of too much for the server more often than that is told by it of no more.
constexpr std::chrono::hours kOverflowsApart{1};

// RFC 5530: what another hour may mend.
bool may_pass_soon(const imap::ResponseCode& code) {
  using enum imap::Code;
  return code.is(unavailable) || code.is(in_use) || code.is(server_bug);
}

const KnownMailbox* find(const Kept& kept, const std::string& wire) {
  const auto found = std::ranges::find_if(
      kept.mailboxes, [&](const KnownMailbox& one) { return one.wire.octets == wire; });
  return found == kept.mailboxes.end() ? nullptr : &*found;
}

}  // namespace

bool RemoteWatch::can_listen(const Connection& connection) const {
  return connection.has(imap::Capability::idle) && !refused_until();
}

void RemoteWatch::nominate(const std::string& wire, bool arrived) {
  const auto now = services_.clock.monotonic();
  news_.mailboxes.insert(wire);
  echoes_.told(wire, arrived, now);
  if (!since_) since_ = now;
}

void RemoteWatch::nominate_others(const std::string& wire) {
  suspect(wire);
  if (!since_) since_ = services_.clock.monotonic();
}

void RemoteWatch::suspect(const std::string& wire) {
  news_.mailboxes.insert(wire);
  echoes_.told_of_others(wire);
}

void RemoteWatch::tell_everything() {
  everything_ = true;
  if (!since_) since_ = services_.clock.monotonic();
}

// It is asked anew after the look, unless that is of little use; the mailboxes that matter have
// lines of their own then.
void RemoteWatch::overflowed() {
  const auto now = services_.clock.monotonic();
  const bool again = overflowed_at_ && now < *overflowed_at_ + kOverflowsApart;
  overflowed_at_ = now;
  log_.info("the server tells no more of all mailboxes (NOTIFICATIONOVERFLOW)");
  if (again) notified_by_->distrust(imap::Capability::notify);
  notified_by_ = nullptr;
  notifies_ = false;
  tell_everything();
}

void RemoteWatch::overhear(const imap::Response& response, imap::CommandKind asked) {
  if (const auto* status = std::get_if<imap::MailboxStatus>(&response)) {
    if (!notifies_) return;
    told_[status->name.octets] = {status->messages, status->uid_next, status->highest_modseq};
    return;
  }
  if (const auto* said = std::get_if<imap::UntaggedStatus>(&response)) {
    if (said->code.is(imap::Code::notification_overflow) && notifies_) overflowed();
    return;
  }
  if (std::holds_alternative<imap::List>(response)) {
    const bool answers = asked == imap::CommandKind::list || asked == imap::CommandKind::lsub;
    if (notifies_ && !answers) tell_everything();
    return;
  }
  if (!connection_) {  // it answers what a sync asked
    const imap::Selection* selection = notified_by_ ? notified_by_->client().selection() : nullptr;
    if (selection) unsure_.insert(selection->mailbox.octets);
    return;
  }
  if (!idle_news_.is_told(response)) return;
  if (const auto* exists = std::get_if<imap::Exists>(&response)) news_.exists = exists->count;
  if (!selected_.empty()) nominate_others(selected_);
}

void RemoteWatch::idle_ended(const imap::Done& done) {
  if (done.ok()) return;
  log_.info("the server refuses IDLE: {}", printable(done.text));
  refusal_.refused(services_.clock.monotonic(), may_pass_soon(done.code));
}

// Nothing is looked at twice for the same reason: what a look leaves as it is, as a mailbox that
// waits, would be looked at for ever.
void RemoteWatch::compare_one(const std::string& wire, const Seen& seen, const Kept& kept) {
  const KnownMailbox* known = find(kept, wire);
  if (!known) return;
  const RemoteCursor& cursor = known->cursor;
  const bool same = (!seen.messages || *seen.messages == cursor.messages) &&
                    (!seen.uid_next || *seen.uid_next == cursor.uid_next) &&
                    (!seen.highest_modseq || *seen.highest_modseq == cursor.highest_modseq);
  if (same) return;
  Seen& before = looked_[wire];
  if (before == seen) return;
  before = seen;
  const bool arrived = seen.uid_next ? *seen.uid_next != cursor.uid_next
                                     : seen.messages && *seen.messages > cursor.messages;
  nominate(wire, arrived);
}

void RemoteWatch::compare(const Kept& kept) {
  for (const auto& [wire, seen] : std::exchange(told_, {})) compare_one(wire, seen, kept);
}

News RemoteWatch::take(bool everything) {
  everything_ = everything_ && !everything;
  since_.reset();
  echoes_.taken();
  return std::exchange(news_, {});
}

void RemoteWatch::told_in_vain(const News& news, std::chrono::nanoseconds longest) {
  const auto now = services_.clock.monotonic();
  for (const std::string& wire : news.mailboxes) vain_[wire].told_in_vain(now, longest);
}

std::chrono::nanoseconds RemoteWatch::believed_at() const {
  auto earliest = std::chrono::nanoseconds::max();
  for (const std::string& wire : news_.mailboxes) {
    const auto vain = vain_.find(wire);
    if (vain == vain_.end()) return {};
    earliest = std::min(earliest, vain->second.believed_at());
  }
  return earliest;
}

// The answer brings a STATUS of each mailbox: what changed since the sync is among them.
coro::Task<Status> RemoteWatch::ask_to_be_notified(Connection& connection) {
  if (notified_by_ == &connection || !connection.has(imap::Capability::notify)) co_return Status{};
  notified_by_ = &connection;
  notifies_ = true;
  STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::notify_personal()));
  if (done.ok()) co_return Status{};
  notifies_ = false;
  log_.info("the server refuses NOTIFY: {}", printable(done.text));
  connection.distrust(imap::Capability::notify);
  co_return Status{};
}

// Once a mailbox is selected: what happened in them between the look of the sync and that is told
// by nobody.
coro::Task<Status> RemoteWatch::ask_for_unsure(Connection& connection, const Kept& kept) {
  std::vector<imap::CommandId> asked;
  const std::vector<imap::StatusItem> items = status_items(connection);
  for (const std::string& wire : std::exchange(unsure_, {})) {
    if (wire == selected_ || !find(kept, wire)) continue;
    STERNA_CO_TRY(const imap::CommandId id, connection.submit(imap::status(WireName{wire}, items)));
    asked.push_back(id);
  }
  for (const imap::CommandId id : asked) {
    STERNA_CO_TRY(imap::Done done, co_await connection.wait(id));
  }
  co_return Status{};
}

coro::Task<Status> RemoteWatch::begin(Connection& connection, const Kept& kept,
                                      const KnownMailbox* mailbox) {
  connection.overhear([this](const imap::Response& response, imap::CommandKind asked) {
    overhear(response, asked);
  });
  STERNA_CO_CHECK(co_await connection.settle());
  STERNA_CO_CHECK(co_await ask_to_be_notified(connection));
  compare(kept);
  selected_.clear();
  idle_news_.begin(std::nullopt);
  if (!mailbox) {
    if (!notifies_) {
      refusal_.refused(services_.clock.monotonic(), false);
      co_return Status{};
    }
  } else {
    // Both leave together; what SELECT says is compared with what the last sync saw.
    selected_ = mailbox->wire.octets;
    STERNA_CO_TRY(const imap::CommandId selecting,
                  connection.submit(imap::select(mailbox->wire, {})));
    STERNA_CO_TRY(imap::Done selected, co_await connection.wait(selecting));
    const imap::Selection* selection = connection.client().selection();
    if (!selected.ok() || !selection) {
      log_.info("mailbox {} cannot be watched: {}", mailbox->name.text(), printable(selected.text));
      refusal_.refused(services_.clock.monotonic(), may_pass_soon(selected.code));
      co_return Status{};
    }
    idle_news_.begin(selection->exists);
    const Seen seen{selection->exists, selection->uid_next, selection->highest_modseq};
    compare_one(selected_, seen, kept);
  }
  if (notifies_) STERNA_CO_CHECK(co_await ask_for_unsure(connection, kept));
  compare(kept);
  STERNA_CO_CHECK(connection.begin_idle(&sink_));
  connection_ = &connection;
  idle_since_ = services_.clock.monotonic();
  echoes_.compared(idle_since_);
  if (!listens_since_) listens_since_ = idle_since_;
  co_return Status{};
}

coro::Task<Status> RemoteWatch::listen(coro::Event& wake) {
  Connection& connection = *connection_;
  if (!connection.is_idling() && services_.clock.monotonic() < idle_since_ + kIdleMin) {
    log_.info("the server ends IDLE at once");
    refusal_.refused(services_.clock.monotonic(), true);
    co_return Status{};
  }
  if (!connection.is_idling() || services_.clock.monotonic() >= *renew_at()) {
    connection.end_idle();
    STERNA_CO_CHECK(connection.begin_idle(&sink_));
    idle_since_ = services_.clock.monotonic();
  }
  co_return co_await connection.listen(wake);
}

std::optional<std::chrono::nanoseconds> RemoteWatch::renew_at() const {
  if (!connection_) return std::nullopt;
  return renewal_of(*connection_, idle_since_, silence_);
}

bool RemoteWatch::listened_for(std::chrono::seconds time) const {
  return listens_since_ && services_.clock.monotonic() >= *listens_since_ + time;
}

void RemoteWatch::line_lost(const Error& error) {
  if (!connection_) return;
  silence_.line_lost(error, connection_->heard_at(), services_.clock.monotonic());
}

void RemoteWatch::end() {
  if (connection_) connection_->end_idle();
  connection_ = nullptr;
}

void RemoteWatch::forget() {
  connection_ = notified_by_ = nullptr;
  listens_since_.reset();
  notifies_ = false;
  told_.clear();
  unsure_.clear();
}

}  // namespace sterna::account
