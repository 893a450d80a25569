// SPDX-License-Identifier: Apache-2.0
// FileName: the name of a message in a Maildir, taken apart and put together again.
//
//   1700000000.M5P1Q2.host,U=12:2,FSab
//   '------- base --------''- info --'
//
// The base identifies the message as a hint and never as proof. The info part holds the six flags
// that model/flags.h names, the letters a-z of the mailbox's keywords, letters that nobody here
// knows, and what other programs put behind a comma; the last two survive every rename. Names are
// octets: nothing is assumed about their encoding, and parsing never fails.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/model/ids.h"

namespace sterna::maildir {

inline constexpr std::size_t kBaseOctetsMax = 120;  // of the names that we give

enum class InfoKind : std::uint8_t {
  none,          // no info part: no flags
  flags,         // ":2,": flags as below
  experimental,  // ":1,": says nothing about flags, and is kept
  unknown,       // ':' followed by anything else: as experimental
};

// The parts of a name, as views into it, for scans. `mask` is FlagSet::mask(); bit 0 of `keywords`
// is the letter a.
struct FileNameView {
  std::string_view base;
  std::string_view info;  // from the ':' on, "" if there is none
  InfoKind kind = InfoKind::none;
  std::uint8_t mask = 0;
  std::uint32_t keywords = 0;

  // False if the name cannot say which flags the message has: they are unknown then, not cleared.
  bool tells_flags() const { return kind == InfoKind::none || kind == InfoKind::flags; }
};
FileNameView view_file_name(std::string_view full_name);

struct FileName {
  std::string base;
  InfoKind kind = InfoKind::none;
  std::uint8_t mask = 0;
  std::uint32_t keywords = 0;
  std::string unknown;  // flag characters that nobody here knows, ascending, each once
  std::string rest;     // verbatim: from the second ',' on with `flags`, from the ':' on otherwise

  bool operator==(const FileName&) const = default;

  // Without any flag, keyword or unknown letter: such a message is delivered to new/.
  bool is_plain() const { return mask == 0 && keywords == 0 && unknown.empty(); }
  bool tells_flags() const { return kind == InfoKind::none || kind == InfoKind::flags; }
};

FileName parse_file_name(std::string_view full_name);

// The name with its letters ascending and each once, as notmuch insists; what was parsed and is
// printed parses to the same. Precondition: `base` holds no ':' unless it was parsed so.
std::string print_file_name(const FileName& name);

// `name` with exactly these flags; unknown letters and `rest` stay, and the result has ":2,".
// Precondition: name.tells_flags().
FileName with_flags(FileName name, std::uint8_t mask, std::uint32_t keywords);

// --- what other programs write into a base ---

// The base without the fields ",U=", ",FMD5=", ",S=" and ",W=" that mbsync, OfflineIMAP and Dovecot
// put there and that aerc takes away again. Two names of one message compare equal by it.
std::string strip_fields(std::string_view base);

// Says that the file was once on a server: mbsync writes the UID, OfflineIMAP also the MD5 of the
// folder.
struct ForeignMark {
  Uid uid;
  std::string folder_md5;  // lower-case hexadecimal, "" with mbsync
  bool operator==(const ForeignMark&) const = default;
};
std::optional<ForeignMark> foreign_mark(std::string_view base);

// --- the names that we give ---

// Where a downloaded file came from; the name is a function of it, so a download that is done again
// after a crash meets its own file.
struct Origin {
  TreeId tree;
  MailboxId mailbox;
  UidValidity uidvalidity;
  Uid uid;
  std::int64_t seconds = 0;  // INTERNALDATE, since the epoch; negative ones count as 0
  std::uint32_t collision =
      0;  // 0, or the suffix that keeps it apart from another file of that name
  bool operator==(const Origin&) const = default;
};

// "<seconds>.S<tree>M<mailbox>V<uidvalidity>U<uid>[C<collision>].sterna"; at most kBaseOctetsMax
// octets.
std::string derive_base_name(const Origin& origin);
// Strict: nullopt unless strip_fields(base) is exactly what derive_base_name() gives.
std::optional<Origin> parse_origin(std::string_view base);

// A name for a file that came from nowhere: "<seconds>.R<random_hex>.sterna". Give it 32 digits.
std::string unique_base_name(std::string_view random_hex, std::int64_t seconds);

}  // namespace sterna::maildir
