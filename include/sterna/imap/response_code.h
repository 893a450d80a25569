// SPDX-License-Identifier: Apache-2.0
// ResponseCode: what stands in brackets behind OK, NO, BAD, BYE or PREAUTH (RFC 3501 section 7.1,
// RFC 5530, and the extensions named below).
//
// A code that is known by name but whose arguments do not parse keeps its name and has no data, so
// that a consumer who needs the data sees that there is none. Unknown codes are kept by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sterna/imap/capability.h"
#include "sterna/model/flags.h"
#include "sterna/model/ids.h"
#include "sterna/model/uid_set.h"

namespace sterna::imap {

enum class Code : std::uint8_t {
  none,   // there was no code
  other,  // one that is not listed here; see ResponseCode::name
  alert,
  already_exists,
  append_uid,  // RFC 4315: AppendUid
  auth_failed,
  authorization_failed,
  bad_charset,
  bad_event,  // RFC 5465
  cannot,
  capability,  // Capabilities
  client_bug,
  closed,  // RFC 7162
  compression_active,
  contact_admin,
  copy_uid,  // RFC 4315: CopyUid
  corruption,
  expired,
  expunge_issued,
  has_children,
  highest_modseq,  // RFC 7162: ModSeq
  in_progress,     // RFC 9585
  in_use,
  limit,
  mailbox_id,     // RFC 8474: std::string
  message_limit,  // RFC 9738: MessageLimit
  modified,       // RFC 7162: UidSet
  no_modseq,
  non_existent,
  no_perm,
  not_saved,
  notification_overflow,
  over_quota,
  parse,
  permanent_flags,  // PermanentFlags
  privacy_required,
  read_only,
  read_write,
  server_bug,
  throttled,
  too_big,
  try_create,
  uid_next,  // Uid
  uid_not_sticky,
  uid_required,
  uid_validity,  // UidValidity
  unavailable,
  unknown_cte,
  unseen,  // SeqNum
  use_attr,
  web_alert,  // Gmail: the user has to log in with a browser
};

std::string_view to_string(Code code);  // "TRYCREATE"; "" for none and other

struct AppendUid {
  UidValidity uidvalidity;
  UidSet uids;  // one for each message of the APPEND, ascending as they were sent
  bool operator==(const AppendUid&) const = default;
};

// COPYUID pairs its sets in the order in which they are written, which a UidSet does not keep. Each
// run stands for `count` consecutive UIDs on both sides.
struct CopyUid {
  struct Run {
    Uid source;
    Uid target;
    std::uint32_t count = 0;
    bool operator==(const Run&) const = default;
  };
  UidValidity uidvalidity;  // of the target mailbox
  std::vector<Run> runs;

  std::optional<Uid> target_of(Uid source) const;
  UidSet sources() const;
  UidSet targets() const;
  bool operator==(const CopyUid&) const = default;
};

struct PermanentFlags {
  FlagSet flags;
  bool new_keywords = false;  // "\*": others may be created
  bool operator==(const PermanentFlags&) const = default;
};

// The command was done only for the part of its messages down to `last_uid`.
struct MessageLimit {
  std::uint32_t limit = 0;
  std::optional<Uid> last_uid;
  bool operator==(const MessageLimit&) const = default;
};

struct ResponseCode {
  using Data = std::variant<std::monostate, AppendUid, CopyUid, Capabilities, ModSeq, std::string,
                            MessageLimit, UidSet, PermanentFlags, Uid, UidValidity, SeqNum>;
  Code code = Code::none;
  std::string name;  // upper case, as sent; "" for none
  Data data;

  bool is(Code wanted) const { return code == wanted; }
  // The arguments, of the type named beside the code above; nullptr if missing or malformed.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
  bool operator==(const ResponseCode&) const = default;
};

}  // namespace sterna::imap
