// SPDX-License-Identifier: Apache-2.0
// RemoteWatch: what the server tells while nobody asks, over the account's first connection: IDLE
// on one mailbox, and NOTIFY for all others where the server has it (RFC 2177, RFC 5465). It
// nominates; the next sync looks.
//
// A sync takes the connection as it is: end() only puts DONE in front of its first command.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "echoes.h"
#include "idle_news.h"
#include "kept.h"
#include "refusal.h"
#include "silence.h"
#include "sterna/coro/sync.h"
#include "vain_news.h"

namespace sterna::account {

class RemoteWatch {
 public:
  RemoteWatch(Services services, Silence& silence, Log log)
      : services_(services), silence_(silence), log_(std::move(log)) {}

  // Selects the mailbox, if any, and begins to listen. What happened since `kept` was written is
  // news at once. An error is one of the connection; a server that cannot do it is remembered for a
  // while (can_listen()).
  coro::Task<Status> begin(Connection& connection, const Kept& kept, const KnownMailbox* mailbox);
  // Hears the server out once, or until `wake` is set, or the IDLE has to be renewed.
  coro::Task<Status> listen(coro::Event& wake);
  void end();
  // The connection is another one, or none.
  void forget();
  // listen() ended with this.
  void line_lost(const Error& error);
  // When the IDLE has to be renewed, by listen(); none where there is none.
  std::optional<std::chrono::nanoseconds> renew_at() const;
  // Told by another line, which tells of own changes, too; `arrived`: that messages did.
  void nominate(const std::string& wire, bool arrived);
  // By a line that tells of others' alone, or of a sync that failed: it is told still.
  void nominate_others(const std::string& wire);
  // Nobody was there to be told.
  void suspect(const std::string& wire);

  bool listening() const { return connection_ != nullptr; }
  bool can_listen(const Connection& connection) const;
  // When it can, as far as the server's refusal goes; none: that does not stand.
  std::optional<std::chrono::nanoseconds> refused_until() const {
    return refusal_.until(services_.clock.monotonic());
  }
  // In another network it may be another server.
  void doubt_refusal() { refusal_.doubt(); }
  // The line, as it is or was, had listened for so long.
  bool listened_for(std::chrono::seconds time) const;
  // All mailboxes, not only INBOX.
  bool has_notify() const { return notifies_; }

  bool has_news() const { return everything_ || !news_.mailboxes.empty(); }
  // Mailboxes came or went, or the server could not tell all.
  bool everything() const { return everything_; }
  // There is news, and what the account itself did explains it.
  bool is_echo() const {
    return !everything_ && !news_.mailboxes.empty() && echoes_.explain(news_.mailboxes);
  }
  // A sync that began then changed something on the server; `added`: it brought messages there.
  void wrote(std::chrono::nanoseconds began, bool added) { echoes_.wrote(began, added); }
  // What was told, forgotten here; that everything is to be looked at only where it is.
  News take(bool everything);
  // Of what NOTIFY told while a sync used the connection.
  void compare(const Kept& kept);
  std::size_t count() const { return news_.mailboxes.size() + (everything_ ? 1 : 0); }
  // It led to nothing: its mailboxes are believed later from now on, by `longest` at most.
  void told_in_vain(const News& news, std::chrono::nanoseconds longest);
  // A sync did something.
  void told_well() { vain_.clear(); }
  // From when on a mailbox that there is news of is believed.
  std::chrono::nanoseconds believed_at() const;
  // When the first of them was told.
  std::optional<std::chrono::nanoseconds> since() const { return since_; }

 private:
  struct Seen {
    std::optional<std::uint32_t> messages;
    std::optional<Uid> uid_next;
    std::optional<ModSeq> highest_modseq;
    bool operator==(const Seen&) const = default;
  };
  class IdleSink final : public Sink {
   public:
    explicit IdleSink(RemoteWatch& owner) : owner_(owner) {}
    void on_done(const imap::Done& done) override { owner_.idle_ended(done); }

   private:
    RemoteWatch& owner_;
  };

  void overhear(const imap::Response& response, imap::CommandKind asked);
  void overflowed();
  void tell_everything();
  void idle_ended(const imap::Done& done);
  void compare_one(const std::string& wire, const Seen& seen, const Kept& kept);
  coro::Task<Status> ask_to_be_notified(Connection& connection);
  coro::Task<Status> ask_for_unsure(Connection& connection, const Kept& kept);

  Services services_;
  Silence& silence_;
  Log log_;
  IdleSink sink_{*this};
  Connection* connection_ = nullptr;  // while in IDLE
  Connection* notified_by_ = nullptr;
  std::string selected_;  // on the wire
  bool notifies_ = false;
  Refusal refusal_;  // of IDLE, or INBOX
  std::optional<std::chrono::nanoseconds> overflowed_at_;
  std::optional<std::chrono::nanoseconds> listens_since_;  // that line
  std::chrono::nanoseconds idle_since_{};
  IdleNews idle_news_;  // of what is selected
  News news_;
  Echoes echoes_;
  bool everything_ = false;
  std::optional<std::chrono::nanoseconds> since_;
  std::map<std::string, Seen> told_;  // by NOTIFY, not compared yet
  // Selected by a sync, and so told of by no STATUS while it was.
  std::set<std::string> unsure_;
  std::map<std::string, Seen> looked_;    // what a sync was nominated for
  std::map<std::string, VainNews> vain_;  // by name on the wire
};

}  // namespace sterna::account
