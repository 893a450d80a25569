// SPDX-License-Identifier: Apache-2.0
// Listing: which messages a mailbox holds, by name alone (safety.md, rules 4, 21, 23).
//
// new, cur and new again are read whole, each with one call, between two looks at both directories'
// stamps; unequal stamps mean another try. Only a complete listing proves that something is absent,
// and on a file system with a coarse clock only one whose stamp is also trusted (stamp.h): a rename
// in the tick of the first look leaves the stamp as it was. No file is opened, and none is looked
// at but those whose names contradict each other.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/stamp.h"

namespace sterna::maildir {

enum class EntryKind : std::uint8_t {
  message,
  // Another name of the same file, left by a crash between link and unlink. The entry that find()
  // gives for its base is the one to keep; this one may be removed.
  redundant,
  // The base of another message with another file: both are messages, and this one needs a new
  // name.
  duplicate,
  // Not a file: a link, a directory. What had this name is neither here nor gone.
  strange,
};

struct Entry {
  std::uint64_t ino = 0;
  std::uint32_t name_offset = 0;  // into the listing's text; use Listing::name()
  std::uint16_t name_length = 0;
  std::uint16_t base_length = 0;
  std::uint32_t keywords = 0;  // letters, bit 0 is a
  std::uint8_t mask = 0;       // FlagSet::mask()
  bool in_new = false;
  bool tells_flags = true;  // false: the name says nothing about flags
  bool has_info = false;    // false: without ":2,", as after a copy by a careless tool (rule 6)
  EntryKind kind = EntryKind::message;
};

// Where a file was seen, and which one it was: what every change to it must name (rule 21).
struct SeenFile {
  bool in_new = false;
  std::string name;  // the full name
  std::uint64_t ino = 0;
  bool operator==(const SeenFile&) const = default;
};

struct ListingOptions {
  int attempts_max = 5;
};

class Listing {
 public:
  // Absence proves something only if it is complete.
  bool complete() const { return complete_; }
  // As it was before the listing began.
  const MailboxStamp& stamp() const { return stamp_; }

  std::span<const Entry> entries() const { return entries_; }  // in no order
  std::string_view name(const Entry& entry) const;             // the full name
  std::string_view base(const Entry& entry) const;
  SeenFile seen(const Entry& entry) const;

  // The message of that base (strip_fields() is not applied), or a strange entry; nullptr if there
  // is none. Redundant and duplicate entries are not found.
  const Entry* find(std::string_view base) const;

 private:
  friend class ListingBuilder;
  friend Result<Listing> list_mailbox(io::Directory& mailbox, ListingOptions options);
  std::size_t slot_of(std::string_view base) const;

  std::string text_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> table_;  // open addressing over bases: index + 1 into entries_
  MailboxStamp stamp_;
  bool complete_ = false;
};

// ErrorCode::not_found if the mailbox has no cur or new: it is strange then, not empty.
Result<Listing> list_mailbox(io::Directory& mailbox, ListingOptions options = {});

// What is at exactly that place now: ErrorCode::changed if it is another file or none (rule 21).
Result<io::FileStat> stat_seen(io::Directory& mailbox, const SeenFile& seen);

// Looks for a base among the names of new and cur as they are now, and gives the one found, for a
// hint from the watcher or from the database. One listing of each; nullopt proves nothing.
Result<std::optional<SeenFile>> find_by_base(io::Directory& mailbox, std::string_view base);

}  // namespace sterna::maildir
