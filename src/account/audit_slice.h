// SPDX-License-Identifier: Apache-2.0
// Of the audit (audit.h): a mailbox's part of it, what both sides tell of it, and what was found.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine.h"
#include "message_limit.h"
#include "pool.h"
#include "remote_changes.h"
#include "sterna/imap/commands.h"
#include "sterna/maildir/identity.h"

namespace sterna::account {

// What the server says of the messages of a slice.
class SliceSink final : public Sink {
 public:
  struct Told {
    std::optional<FlagSet> flags;
    std::optional<std::uint64_t> size;
    std::optional<std::int64_t> date;
    ModSeq modseq;
  };

  SliceSink(const UidSet& wanted, std::uint32_t exists) : wanted_(wanted), exists_(exists) {}
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch || !fetch->uid || !wanted_.contains(*fetch->uid)) return;
    Told& told = messages[*fetch->uid];
    if (fetch->flags) {
      keyword_octets_ += octets_of_keywords(*fetch->flags);
      told.flags = fetch->flags;
    }
    if (fetch->size) told.size = fetch->size;
    if (fetch->internal_date) told.date = fetch->internal_date;
    if (fetch->modseq) told.modseq = *fetch->modseq;
  }
  void on_bad_response(const Error& /*error*/) override { unreadable = true; }
  bool full() const override { return tells_too_much(messages.size(), exists_, keyword_octets_); }
  coro::Task<Status> relieve() override { return hang_up(told_too_much()); }

  std::map<Uid, Told> messages;
  bool unreadable = false;

 private:
  const UidSet& wanted_;
  std::uint32_t exists_;
  std::uint64_t keyword_octets_ = 0;
};

// What became of a row's file since it was recorded, as the file itself tells.
struct FileLook {
  bool moved = false;  // not there under its name, or another file: a listing tells more
  std::optional<maildir::ContentIdentity> content;
};

FileLook look_at_row(maildir::MailboxDirs& dirs, const MessageRow& row);

// What a row says otherwise than the server, or its file.
struct Doubt {
  bool size = false;
  bool date = false;
  bool content = false;
  bool flags = false;

  std::string why() const {
    return size      ? "the size on the server is another"
           : content ? "the file holds something else"
           : flags   ? "the flags in the file's name are others"
                     : "the date on the server is another";
  }
};

// A row that is put right by what its file and the server have.
struct Correction {
  MessageKey key;  // it was under
  MessageRow row;
  std::string why;
};

// What nothing tells the truth of.
struct Unclear {
  std::size_t count = 0;
  Uid first;
  std::string why;
};

// A mailbox's part of it.
struct Slice {
  MailboxWork* work = nullptr;
  bool read_only = false;
  UidSet uids;  // all that was looked at, with and without a row
  std::vector<MessageRow> rows;
  std::map<Uid, FileLook> files;
  // Found.
  bool remote_differs = false;
  bool local_differs = false;
  UidSet unknown;                         // on the server, and in no row
  std::map<Uid, Doubt> doubted;           // rows
  std::vector<MessageRow> other_flags;    // than the server's
  std::map<Uid, RemoteArrival> there;     // of what is doubted or unknown
  std::vector<const MessageRow*> strays;  // their file is not that of their message
  std::map<Uid, Correction> corrected;
  std::vector<MessageRow> other_dates;  // with that of the server
  Unclear unclear;
  bool renumbered = false;  // the UIDs of the mailbox mean other messages by now

  bool is_wrong() const { return !corrected.empty() || !other_flags.empty() || renumbered; }
  bool found_any() const { return remote_differs || local_differs || is_wrong(); }
};

}  // namespace sterna::account
