// SPDX-License-Identifier: Apache-2.0
// Between the names that a server uses and the names that people read.
//
// How a WireName becomes a MailboxName, in this order:
//   1. INBOX, in any case, is INBOX.
//   2. The prefix of the personal namespace ("INBOX." at Courier) is taken away.
//   3. At the server's delimiter the name falls into components. Each is decoded (modified UTF-7,
//      or UTF-8 as it is where the server was asked for that), a '/' in it becomes kEscapedSlash,
//      and '/' joins them.
//   4. If encode_mailbox() does not give the same octets back, the name is the raw octets instead,
//      as one component (with the delimiter '/', with its components). That is so for names outside
//      the personal namespace where it has a prefix, for broken UTF-7 and 8-bit octets, for a
//      mailbox that the prefix would make into a second INBOX, and for one holding kEscapedSlash
//      itself.
// The case of a leading component INBOX does not count in step 4.
//
// A raw name does not encode back to its octets. So keep the WireName that LIST gave beside the
// decoded name, and encode only names that the server does not have yet.
#pragma once

#include <string>

#include "sterna/base/result.h"
#include "sterna/imap/response.h"
#include "sterna/model/mailbox_name.h"

namespace sterna::imap {

// How a server writes its names.
struct NameRules {
  char delimiter = '/';  // NUL: there is no hierarchy
  // Of the personal namespace, as on the wire, delimiter included: "INBOX."
  std::string prefix = {};
  bool utf8 = false;  // UTF8=ACCEPT or IMAP4rev2 was enabled
};

MailboxName decode_mailbox(const WireName& wire, const NameRules& rules);

// Fails with ErrorCode::unsupported if the server can have no such name: the delimiter, NUL, CR or
// LF inside a component, an empty name, octets that are not UTF-8.
Result<WireName> encode_mailbox(const MailboxName& name, const NameRules& rules);

// Whether a mailbox is another user's or shared (RFC 2342): its namespace is the one with the
// longest prefix of its name, a personal one before others with the same; where the server has no
// personal one, all without a prefix are ours. INBOX is never foreign.
bool is_foreign(const WireName& wire, const Namespace& namespaces);

}  // namespace sterna::imap
