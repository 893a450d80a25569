// SPDX-License-Identifier: Apache-2.0
// What the base knows of one message: a row, its state, and what makes a message the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/base/digest.h"
#include "sterna/model/flags.h"
#include "sterna/model/ids.h"

namespace sterna {

// A closed type (safety.md, rule 2): only `present` and `stub` can become locally gone.
enum class RowState : std::uint8_t {
  wanted,       // on the server, not yet here
  present,      // on the server and here; flags agreed
  stub,         // here with its headers only
  dropped,      // on the server; not kept here by our own decision
  detached,     // here; gone from the server, and kept because the policy says so
  quarantined,  // on the server; cannot be fetched or stored, retried at growing intervals
  dropping,     // intent: the file is being removed by us, the server keeps the message
  deleting,     // intent: the message is being removed from the server, the file is gone
  tombstone,    // gone on both sides; remembered so that a disk that lied is noticed
};
std::string_view to_string(RowState state);
std::optional<RowState> parse_row_state(std::string_view text);
// Whether the server has a message for a row of this state (rule 20: the arithmetic counts them
// all).
constexpr bool is_on_server(RowState state) {
  return state != RowState::detached && state != RowState::tombstone;
}

// Which file it was when we last looked. All parts together are evidence; the inode alone never is.
struct FileStamp {
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t btime_ns = 0;  // 0: unknown
  bool operator==(const FileStamp&) const = default;
};

// Content without its octets: equal identities are proof of the same message (rule 9). `size` is
// that on the wire (each line end two octets).
struct Identity {
  std::uint64_t size = 0;
  Digest header;           // of the canonical header
  std::string message_id;  // a hint; "" if there is none
  // Of what follows the header, 63 bits; 0: not known, as of all that only a server told of. Two
  // bodies that differ are two versions of a message.
  std::uint64_t body = 0;
  // Same content. `size` may be unreliable on some servers: compare_size = false leaves it out.
  bool same_as(const Identity& other, bool compare_size = true) const {
    return header == other.header && (!compare_size || size == other.size) &&
           !differs_in_body(other);
  }
  bool differs_in_body(const Identity& other) const {
    return body != 0 && other.body != 0 && body != other.body;
  }
};

struct MessageKey {
  MailboxId mailbox;
  Uid uid;
  auto operator<=>(const MessageKey&) const = default;
};

// One row of the base. Flags are those of the last agreement.
struct MessageRow {
  MessageKey key;
  RowState state = RowState::wanted;
  FlagSet flags;
  // Local: the base of the file name (before ":2,"), where it was seen, and as which file.
  std::string base_name;  // "" where no file exists or existed
  bool in_new = false;
  std::string info;  // the info part last seen, from ':' on; "" without one; see unsaid()
  FileStamp file;
  // Remote: what this server said of it.
  std::int64_t internal_date = 0;  // seconds since the epoch
  std::uint64_t remote_size = 0;   // RFC822.SIZE; 0: never asked
  // Its header, where that is not the one of `identity`: the server rewrote what was uploaded, or
  // two versions of one message were paired.
  std::optional<Digest> remote_header;
  std::string email_id;  // EMAILID or X-GM-MSGID; "" unknown
  ModSeq modseq;
  std::optional<Identity> identity;  // the file's; but for remote_header the server's, too
  // The passes in which it became present on each side (rule 1).
  Generation remote_since;
  Generation local_since;
};

// What the server's message is like; nullopt: not known. Proofs on the server compare with it (rule
// 11), the Maildir is compared with row.identity.
std::optional<Identity> remote_identity(const MessageRow& row);
// The server told this of the row's message; the row has its identity by then.
void take_remote_identity(MessageRow& row, const Identity& told);

// The info of a row whose flags the server does not have yet: that of its file, behind a mark that
// no file has. A push that fails, or never begins, is seen again by the next listing, because the
// file's info is another one.
std::string unsaid(std::string_view info);
bool is_unsaid(const MessageRow& row);
// The name that its file had when it was last seen; "" without a file.
std::string full_name(const MessageRow& row);

// The row of a message that an edit replaced: its file is another row's from now on. The name is no
// file's, so that none is found for it, and says that it was not the user who took the file away.
void give_file_away(MessageRow& row);
bool is_replaced(const MessageRow& row);

}  // namespace sterna

template <>
struct std::hash<sterna::MessageKey> {
  std::size_t operator()(const sterna::MessageKey& key) const noexcept {
    return std::hash<std::int64_t>{}(key.mailbox.value) * 1000003U ^
           std::hash<std::uint32_t>{}(key.uid.value);
  }
};
