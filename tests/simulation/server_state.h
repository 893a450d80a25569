// SPDX-License-Identifier: Apache-2.0
// ServerState: the mail of one account as a server keeps it, under UIDs and mod-sequences (RFC 3501
// section 2.3, RFC 7162). The sessions of the synchronizer and the user at another mail reader
// change it through the same functions. Names are those of the wire.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sterna/model/flags.h"

namespace sterna::simulation {

struct ServerMessage {
  FlagSet flags;
  std::uint64_t modseq = 0;
  std::int64_t internal_date = 0;  // seconds since 1970
  std::string octets;              // lines end with CRLF
  std::uint64_t email_id = 0;      // RFC 8474: the same in all copies
};

struct ServerMailbox {
  std::uint64_t id = 0;  // RFC 8474
  std::uint32_t uidvalidity = 0;
  std::uint32_t uid_next = 1;
  std::uint64_t highest_modseq = 1;
  std::map<std::uint32_t, ServerMessage> messages;  // by UID
  std::map<std::uint32_t, std::uint64_t> vanished;  // UID -> mod-sequence of its end
  // As they were: a session goes on to see them until it is told.
  std::map<std::uint32_t, ServerMessage> expunged;
  FlagSet keywords;           // which messages have or had
  bool modseq_asked = false;  // from then on SELECT tells HIGHESTMODSEQ to everybody

  // A new message, unless it has an id.
  std::uint32_t append(std::string octets, FlagSet flags, std::int64_t internal_date,
                       std::uint64_t email_id = 0);
  void set_flags(std::uint32_t uid, FlagSet flags);
  void keep_keywords(const FlagSet& flags);
  void expunge(std::uint32_t uid);
  // Of one that is there or was: nullptr if it never was.
  const ServerMessage* seen(std::uint32_t uid) const;
};

class ServerState {
 public:
  ServerState() { create("INBOX"); }

  // nullptr if there is none.
  ServerMailbox* find(const std::string& name);
  bool create(const std::string& name);  // false if it exists
  bool remove(const std::string& name);
  bool rename(const std::string& from, const std::string& to);  // with what is below it
  std::uint32_t copy(ServerMailbox& from, std::uint32_t uid, ServerMailbox& to);

  const std::map<std::string, ServerMailbox>& mailboxes() const { return mailboxes_; }
  // As from a backup: the numbers are what they were then.
  void roll_back(std::map<std::string, ServerMailbox> mailboxes) {
    mailboxes_ = std::move(mailboxes);
  }
  // Another UIDVALIDITY, and UIDs from 1 on.
  void renumber(const std::string& name);
  char delimiter = '/';
  std::string prefix;  // of the personal namespace

  // How often a session changed anything, for the claim that a sync at rest changes nothing.
  std::uint64_t changes_by_sessions = 0;
  std::uint64_t bodies_sent = 0;
  // There, and not to be selected.
  std::set<std::string> locked;
  // Commands with that in them are answered BAD; "": none.
  std::string not_understood;
  // What a session was asked that no sound client asks (answered with BAD).
  std::vector<std::string> complaints;
  // Called with each command before a session looks at it.
  std::function<void(const std::string& line)> before_command;
  // Called when a session took a message away.
  std::function<void(const std::string& octets)> gone;
  // Called when a rule of the user's moved what a session had just stored.
  std::function<void(const std::string& octets, const std::string& to)> filtered;

 private:
  std::map<std::string, ServerMailbox> mailboxes_;
  std::uint32_t next_uidvalidity_ = 1'700'000'000;
  std::uint64_t next_id_ = 0;
};

}  // namespace sterna::simulation
