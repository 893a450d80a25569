// SPDX-License-Identifier: Apache-2.0
// Quirks: the habits of servers that no capability tells of, as named switches.
//
// Nothing outside quirks.cc asks which provider it talks to: code asks for the habit. The rows of
// the table say how a server is recognised and what it sets; docs/imap.md describes each switch. A
// quirk makes Sterna more careful than RFC and capabilities ask for, never less.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/imap/capability.h"
#include "sterna/imap/limits.h"

namespace sterna::imap {

struct Quirks {
  // Longest command line without literals.
  std::size_t command_line_octets_max = kCommandLineOctets;
  // Commands in flight at most.
  unsigned pipeline_depth_max = 32;
  // Connections that the server is known to bear, watchers included; an upper bound for
  // configuration.
  unsigned connections_max = 10;
  // What it lets through in a day, in MB (10^6 octets), before it locks the account; 0: no limit.
  unsigned download_mb_a_day = 0;
  unsigned upload_mb_a_day = 0;
  // IDLE is renewed after this long.
  unsigned idle_seconds_max = 9 * 60;
  // ENABLE QRESYNC is advertised but VANISHED and ENABLED are wrong: use CONDSTORE alone.
  bool no_qresync = false;
  // The set behind LOGIN's answer is not the whole one: ask with CAPABILITY before any other
  // command.
  bool ask_capability_after_login = false;
  // ID with name and version must follow the login, or SELECT is refused.
  bool id_required = false;
  // IDLE may never report anything: poll beside it.
  bool idle_unreliable = false;
  // RFC822.SIZE is not the size of what BODY[] gives.
  bool size_unreliable = false;
  // Old messages leave the view of a mailbox without having been deleted.
  bool hides_old_messages = false;
  // STORE +FLAGS \Deleted may remove the message at once.
  bool deletes_at_once = false;
  // APPEND of a message that the account has returns the UID of the one that is there.
  bool append_deduplicates = false;
  // A message stored is not, octet for octet, the message sent; the flags of APPEND may be lost.
  bool append_rewrites = false;
  // What is fetched of a message that it cannot render is a text in its place.
  bool substitutes_messages = false;
  // UID EXPUNGE is advertised and answered NO.
  bool no_uid_expunge = false;
  // MAILBOXID in STATUS is not the mailbox's, or no text at all.
  bool no_mailbox_id = false;
  // Of the ways to bind a login to its TLS connection only tls-unique is known there, whatever the
  // version of TLS.
  bool binds_by_finished = false;

  bool operator==(const Quirks&) const = default;
};

// `said` is the text of the greeting, and what was answered to ID, if it was; `host` the configured
// host name (it may be empty, as with a tunnel). All rows that match apply, in the order of the
// table.
Quirks quirks_for(std::string_view said, const Capabilities& capabilities, std::string_view host);

// Sets the switch of this name (0 and 1 are false and true); false if there is none.
bool set_quirk(Quirks& quirks, std::string_view name, std::uint64_t value);

// What differs from an ordinary server: "connections_max=5, deletes_at_once"; "" if nothing does.
std::string describe(const Quirks& quirks);

// The names of all switches, in the order of the struct.
std::vector<std::string_view> quirk_names();

}  // namespace sterna::imap
