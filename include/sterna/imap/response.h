// SPDX-License-Identifier: Apache-2.0
// Response: one thing that a server said, as values that are in range (RFC 3501 section 7, RFC 9051
// section 7, and the extensions named below). Made by parse_response() in parser.h.
//
// What is out of range or garbage in an optional item is "none", not an error: UID 0, a MODSEQ of
// -1, a size of NIL. Text and names are the server's octets: pass them through printable() before a
// person sees them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sterna/imap/capability.h"
#include "sterna/imap/response_code.h"
#include "sterna/model/flags.h"
#include "sterna/model/ids.h"
#include "sterna/model/mailbox_name.h"
#include "sterna/model/role.h"
#include "sterna/model/uid_set.h"

namespace sterna::imap {

enum class StatusKind : std::uint8_t { ok, no, bad, bye, preauth };
std::string_view to_string(StatusKind kind);  // "OK"

struct Tagged {
  std::string tag;
  StatusKind status = StatusKind::ok;  // ok, no or bad
  ResponseCode code;
  std::string text;  // may be empty
};

struct UntaggedStatus {
  StatusKind status = StatusKind::ok;
  ResponseCode code;
  std::string text;
};

struct Continuation {
  std::string text;  // behind "+ "; a challenge in base64, or free text
};

struct Flags {
  FlagSet flags;
};

struct ListAttributes {
  bool no_select = false;  // also set by \NonExistent (RFC 5258 section 3)
  bool non_existent = false;
  bool no_inferiors = false;
  bool has_children = false;
  bool has_no_children = false;
  bool marked = false;
  bool subscribed = false;
  bool remote = false;
  Role role = Role::none;  // RFC 6154, RFC 8457
  bool operator==(const ListAttributes&) const = default;
};

// LIST, and LSUB with `lsub` set.
struct List {
  bool lsub = false;
  ListAttributes attributes;
  char delimiter = '\0';             // NUL: the mailbox is in a flat namespace
  WireName name;                     // empty in the answer to LIST "" ""
  std::optional<WireName> old_name;  // RFC 9051 section 6.3.9.7
  std::vector<std::string> child_info;
};

// STATUS (RFC 3501, RFC 7162, RFC 8438, RFC 8474, RFC 7889). Not to be mistaken for sterna::Status.
struct MailboxStatus {
  WireName name;
  std::optional<std::uint32_t> messages;
  std::optional<std::uint32_t> unseen;
  std::optional<std::uint32_t> deleted;
  std::optional<Uid> uid_next;
  std::optional<UidValidity> uid_validity;
  std::optional<ModSeq> highest_modseq;
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> append_limit;
  std::string mailbox_id;  // "" if not sent
};

// The numbers are UIDs if the command was UID SEARCH; the response does not say.
struct Search {
  UidSet numbers;
  std::optional<ModSeq> modseq;
};

// RFC 4731, RFC 9394.
struct ESearch {
  std::string tag;   // of the command; "" if not sent
  bool uid = false;  // numbers are UIDs
  UidSet all;        // ALL, or the set of PARTIAL
  std::optional<Uid> min;
  std::optional<Uid> max;
  std::optional<std::uint32_t> count;
  std::optional<ModSeq> modseq;
};

struct Exists {
  std::uint32_t count = 0;
};
struct Recent {
  std::uint32_t count = 0;
};
struct Expunge {
  SeqNum number;
};

// RFC 7162. UIDs may be ones that were never known here, in ranges of any size.
struct Vanished {
  bool earlier = false;
  UidSet uids;
};

// Numbers the streamed bodies of a connection, from 1.
using BodyId = StrongId<struct BodyIdTag, std::uint64_t>;

// BODY[...], BINARY[...], RFC822, RFC822.HEADER or RFC822.TEXT in a FETCH response.
struct FetchBody {
  enum class Source : std::uint8_t { nil, quoted, literal };
  std::string section;  // between the brackets, upper case: "", "HEADER", "HEADER.FIELDS (DATE)"
  std::optional<std::uint64_t> origin;  // of a partial fetch
  Source source = Source::nil;
  std::string quoted;       // the octets, if source is quoted
  std::uint64_t size = 0;   // octets, if source is not nil
  std::size_t literal = 0;  // index in the frame's literals, if source is literal
  BodyId id;                // set by the client for what it delivered; none for NIL
  bool binary = false;      // BINARY[...]
};

struct Fetch {
  SeqNum number;           // none in a UIDFETCH (RFC 9586)
  std::optional<Uid> uid;  // unsolicited ones may lack it
  std::optional<FlagSet> flags;
  bool recent = false;  // \Recent was among the flags
  std::optional<ModSeq> modseq;
  std::optional<std::uint64_t> size;          // RFC822.SIZE; not to be trusted
  std::optional<std::int64_t> internal_date;  // seconds since 1970, in [0, year 9999]
  std::string email_id;                       // RFC 8474; "" if not sent
  std::optional<std::uint64_t> gm_msgid;      // X-GM-MSGID
  std::vector<FetchBody> bodies;
};

struct Enabled {
  Capabilities extensions;
};

struct NamespaceEntry {
  std::string prefix;
  char delimiter = '\0';
  bool operator==(const NamespaceEntry&) const = default;
};

// RFC 2342.
struct Namespace {
  std::vector<NamespaceEntry> personal;
  std::vector<NamespaceEntry> others;
  std::vector<NamespaceEntry> shared;
};

// RFC 2971; a NIL value is "".
struct Id {
  std::vector<std::pair<std::string, std::string>> fields;
};

// RFC 4314.
struct MyRights {
  WireName name;
  std::string rights;
};

// An untagged response that Sterna has no use for, such as QUOTA.
struct Ignored {
  std::string name;  // upper case
};

using Response = std::variant<Tagged, UntaggedStatus, Continuation, Capabilities, Flags, List,
                              MailboxStatus, Search, ESearch, Exists, Recent, Expunge, Vanished,
                              Fetch, Enabled, Namespace, Id, MyRights, Ignored>;

}  // namespace sterna::imap
