// SPDX-License-Identifier: Apache-2.0
// What a server tells of a mailbox's changes, against the rows of the base.
#pragma once

#include <optional>
#include <vector>

#include "connection.h"
#include "sterna/model/observation.h"
#include "sterna/store/store.h"

namespace sterna::account {

// What flags may take: of as many messages as there are, whatever EXISTS says of four million at
// most, and keywords beside, of which a message can have any number.
std::uint64_t octets_of_keywords(const FlagSet& flags);
bool tells_too_much(std::uint64_t messages, std::optional<std::uint32_t> exists,
                    std::uint64_t keyword_octets);
Error told_too_much();

// Gathers what SELECT (QRESYNC) and UID FETCH say of flags, and what vanished.
class ChangeSink : public Sink {
 public:
  void on_response(const imap::Response& response) override;
  void on_bad_response(const Error& /*error*/) override { incomplete = unreadable = true; }
  void on_done(const imap::Done& done) override;
  bool full() const override { return too_many_; }
  coro::Task<Status> relieve() override;
  // How many messages there are, where no EXISTS will say so.
  void expect(std::uint32_t exists) { exists_ = exists; }

  std::vector<RemoteFlags> flags;  // a message twice at most for a moment; its last word counts
  UidSet gone;                     // of the commands that were answered
  bool incomplete = false;         // something changed while it was told
  bool limited = false;            // there may be more
  bool unreadable = false;         // a line more was told, of which nothing is known

 private:
  void tidy();

  UidPile vanished_;
  std::optional<std::uint32_t> exists_;
  std::size_t tidy_at_ = 1024;
  std::uint64_t keyword_octets_ = 0;  // since tidy()
  bool too_many_ = false;
};

// The rows for which the server should have a message. Asked for as little as the arithmetic needs:
// a mailbox of 50,000 in which one flag changed is not read.
class KnownUids {
 public:
  // `none`: nothing of the base is believed.
  KnownUids(store::Store& store, MailboxId mailbox, bool none)
      : store_(store), mailbox_(mailbox), none_(none) {}

  // The questions until it goes are one transaction: each of their ranges would be one of its own.
  Result<store::Store::Reading> read();
  Result<std::uint64_t> count();
  Result<UidSet> among(const UidSet& uids);
  Result<UidSet> all();

 private:
  store::Store& store_;
  MailboxId mailbox_;
  bool none_;
};

// Flags, arrivals and departures as they were told. True if that was all of it: the rows, less what
// vanished, plus what arrived, are `exists`; the coverage is complete then.
Result<bool> take_changes(const ChangeSink& changes, std::uint32_t exists, KnownUids& base,
                          RemoteDelta& remote);

// What is gone only from the view of a server that shows the newest messages of a mailbox and no
// others is not gone: nothing below `shown`, its whole list of UIDs. A view of fewer messages than
// kViewMin is all of the mailbox.
inline constexpr std::uint32_t kViewMin = 1000;  // Gmail's smallest setting
void keep_hidden(const UidSet& shown, UidSet& gone);

// FETCH of the flags: of all, or of what changed since. Not without mod-sequences.
imap::FetchRequest flags_request(UidSet uids, std::optional<ModSeq> since, bool with_modseq);

// What may be stored there, and by whom.
void take_rights(const imap::Selection& selection, const RemoteCursor& cursor, RemoteDelta& remote);

// Keywords that it could not hold when the base agreed (40): what has them there, and what has them
// here, is among no changes.
bool holds_more_keywords(const imap::Selection& selection, const RemoteCursor& cursor);

// Where the next look starts, if this one was whole. Precondition: it has UIDVALIDITY.
RemoteCursor cursor_of(const imap::Selection& selection, const RemoteCursor& before);

// UIDNEXT or HIGHESTMODSEQ below the cursor: a restored backup (rule 11).
bool went_backwards(const imap::Selection& selection, const RemoteCursor& cursor);

}  // namespace sterna::account
