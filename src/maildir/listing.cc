// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/listing.h"

#include <bit>
#include <functional>
#include <tuple>
#include <utility>

#include "seen.h"

namespace sterna::maildir {
namespace {

bool is_hidden(std::string_view name) {
  return name.starts_with('.');
}

struct Dirs {
  std::unique_ptr<io::Directory> cur;
  std::unique_ptr<io::Directory> fresh;

  io::Directory& of(bool in_new) const { return in_new ? *fresh : *cur; }
};

Result<Dirs> open_dirs(io::Directory& mailbox) {
  Dirs dirs;
  STERNA_TRY(dirs.cur, mailbox.open_directory("cur"));
  STERNA_TRY(dirs.fresh, mailbox.open_directory("new"));
  return dirs;
}

}  // namespace

// Merges what the listings of new and cur gave into one entry a message.
class ListingBuilder {
 public:
  ListingBuilder(const Dirs& dirs, Listing& listing) : dirs_(dirs), listing_(listing) {}

  // Precondition: no more than `count_max` entries are added.
  Status reserve(std::size_t count, std::size_t count_max, std::size_t octets) {
    // A name may be stored again when two of them are settled.
    if (octets > UINT32_MAX / 4) return fail(ErrorCode::too_big, "too many names in one mailbox");
    listing_.entries_.reserve(count);
    listing_.text_.reserve(octets);
    listing_.table_.assign(std::bit_ceil(count_max + count_max / 2 + 2), 0);
    return {};
  }

  Status add_all(const io::DirectoryListing& found, bool in_new) {
    for (const io::DirectoryEntry entry : found) {
      if (!is_hidden(entry.name)) STERNA_CHECK(add(entry, in_new));
    }
    return {};
  }

  // Names of new that were there before cur was listed. Where the base is known, the later sighting
  // counts; else the message went elsewhere meanwhile, or stands where it stood.
  Status add_earlier(const io::DirectoryListing& found) {
    for (const io::DirectoryEntry entry : found) {
      if (is_hidden(entry.name)) continue;
      if (listing_.find(view_file_name(entry.name).base) != nullptr) continue;
      STERNA_TRY(const bool is_here, exists(true, entry.name));
      if (is_here) STERNA_CHECK(add(entry, true));
    }
    return {};
  }

 private:
  struct Sighting {
    Entry entry;
    std::string_view name;
  };

  Status add(const io::DirectoryEntry& found, bool in_new) {
    Entry entry = parse(found, in_new);
    if (found.type == io::FileType::unknown) {
      auto stat = dirs_.of(in_new).stat_at(found.name);
      if (!stat && stat.error().is(ErrorCode::not_found)) return {};
      if (!stat) return fail(stat.error());
      if (stat->type == io::FileType::file) entry.kind = EntryKind::message;
    }
    const std::string_view base = found.name.substr(0, entry.base_length);
    std::uint32_t& slot = listing_.table_[listing_.slot_of(base)];
    if (slot != 0) return settle(slot - 1, {.entry = entry, .name = found.name});
    append({.entry = entry, .name = found.name});
    slot = static_cast<std::uint32_t>(listing_.entries_.size());
    return {};
  }

  static Entry parse(const io::DirectoryEntry& found, bool in_new) {
    const FileNameView view = view_file_name(found.name);
    Entry entry;
    entry.ino = found.ino;
    entry.name_length = static_cast<std::uint16_t>(found.name.size());
    entry.base_length = static_cast<std::uint16_t>(view.base.size());
    entry.keywords = view.keywords;
    entry.mask = view.mask;
    entry.in_new = in_new;
    entry.tells_flags = view.tells_flags();
    entry.has_info = view.kind != InfoKind::none;
    entry.kind = found.type == io::FileType::file ? EntryKind::message : EntryKind::strange;
    return entry;
  }

  void append(Sighting sighting) {
    listing_.entries_.emplace_back();
    put_at(listing_.entries_.size() - 1, sighting);
  }

  void put_at(std::size_t index, Sighting sighting) {
    sighting.entry.name_offset = static_cast<std::uint32_t>(listing_.text_.size());
    listing_.text_ += sighting.name;
    listing_.entries_[index] = sighting.entry;
  }

  Result<bool> exists(bool in_new, std::string_view name) const {
    const auto stat = dirs_.of(in_new).stat_at(name);
    if (stat) return true;
    if (stat.error().is(ErrorCode::not_found)) return false;
    return fail(stat.error());
  }

  // Of two names, the one to keep: a file, in cur, with more flags (a crash while flags were
  // cleared is rarer than one while they were set); the last is only to be the same every time.
  static auto rank(const Sighting& sighting) {
    const Entry& entry = sighting.entry;
    return std::make_tuple(entry.kind == EntryKind::message, !entry.in_new,
                           std::popcount(entry.mask) + std::popcount(entry.keywords),
                           sighting.name);
  }

  // Two names with one base: a rename that the listings saw twice, a crash between link and unlink,
  // or two messages. The entry at `index` stays the one that find() gives.
  Status settle(std::size_t index, Sighting later) {
    const std::string known_name(listing_.name(listing_.entries_[index]));
    Sighting known{.entry = listing_.entries_[index], .name = known_name};
    if (known.entry.in_new == later.entry.in_new && known.name == later.name) return {};
    STERNA_TRY(const bool known_exists, exists(known.entry.in_new, known.name));
    STERNA_TRY(const bool later_exists, exists(later.entry.in_new, later.name));
    if (!later_exists) return {};
    if (!known_exists) {
      put_at(index, later);
      return {};
    }
    EntryKind second = EntryKind::duplicate;
    if (known.entry.ino == later.entry.ino) second = EntryKind::redundant;
    if (rank(later) > rank(known)) std::swap(later, known);
    put_at(index, known);
    if (later.entry.kind == EntryKind::message) later.entry.kind = second;
    append(later);
    return {};
  }

  const Dirs& dirs_;
  Listing& listing_;
};

namespace {

struct Lists {
  io::DirectoryListing earlier;  // new, before cur
  io::DirectoryListing cur;
  io::DirectoryListing fresh;  // new, after cur
};

Result<Lists> read_lists(const Dirs& dirs) {
  Lists lists;
  STERNA_TRY(lists.earlier, dirs.fresh->list());
  STERNA_TRY(lists.cur, dirs.cur->list());
  STERNA_TRY(lists.fresh, dirs.fresh->list());
  return lists;
}

Status merge(const Lists& lists, ListingBuilder& builder) {
  const std::size_t octets = lists.cur.name_octets() + lists.fresh.name_octets();
  // Nearly always the first listing of new says what the second one does.
  const std::size_t count = lists.cur.size() + lists.fresh.size();
  STERNA_CHECK(builder.reserve(count, count + lists.earlier.size(), octets));
  STERNA_CHECK(builder.add_all(lists.cur, false));
  STERNA_CHECK(builder.add_all(lists.fresh, true));
  return builder.add_earlier(lists.earlier);
}

}  // namespace

std::string_view Listing::name(const Entry& entry) const {
  return std::string_view(text_).substr(entry.name_offset, entry.name_length);
}

std::string_view Listing::base(const Entry& entry) const {
  return std::string_view(text_).substr(entry.name_offset, entry.base_length);
}

SeenFile Listing::seen(const Entry& entry) const {
  return {.in_new = entry.in_new, .name = std::string(name(entry)), .ino = entry.ino};
}

// The slot that holds the entry of that base, else the free one where it belongs.
std::size_t Listing::slot_of(std::string_view wanted) const {
  std::size_t slot = std::hash<std::string_view>{}(wanted) & (table_.size() - 1);
  while (table_[slot] != 0 && base(entries_[table_[slot] - 1]) != wanted) {
    slot = (slot + 1) & (table_.size() - 1);
  }
  return slot;
}

const Entry* Listing::find(std::string_view wanted) const {
  if (table_.empty()) return nullptr;
  const std::uint32_t index = table_[slot_of(wanted)];
  return index == 0 ? nullptr : &entries_[index - 1];
}

Result<Listing> list_mailbox(io::Directory& mailbox, ListingOptions options) {
  for (int attempt = 1;; ++attempt) {
    Listing listing;
    STERNA_TRY(listing.stamp_, stamp_mailbox(mailbox));
    STERNA_TRY(const Dirs dirs, open_dirs(mailbox));
    STERNA_TRY(const Lists lists, read_lists(dirs));
    STERNA_TRY(const MailboxStamp after, stamp_mailbox(mailbox));
    listing.complete_ = after == listing.stamp_;
    if (!listing.complete_ && attempt < options.attempts_max) continue;
    ListingBuilder builder(dirs, listing);
    STERNA_CHECK(merge(lists, builder));
    return listing;
  }
}

Result<io::FileStat> stat_seen(io::Directory& mailbox, const SeenFile& seen) {
  STERNA_TRY(const auto directory, mailbox.open_directory(seen.in_new ? "new" : "cur"));
  return stat_if_seen(*directory, seen.name, seen.ino);
}

Result<std::optional<SeenFile>> find_by_base(io::Directory& mailbox, std::string_view base) {
  STERNA_TRY(const Dirs dirs, open_dirs(mailbox));
  STERNA_TRY(const Lists lists, read_lists(dirs));
  std::optional<SeenFile> found;
  const auto look = [&](const io::DirectoryListing& list, bool in_new) {
    for (const io::DirectoryEntry entry : list) {
      if (entry.type == io::FileType::directory || is_hidden(entry.name)) continue;
      if (view_file_name(entry.name).base != base) continue;
      found = SeenFile{.in_new = in_new, .name = std::string(entry.name), .ino = entry.ino};
    }
  };
  look(lists.earlier, true);
  look(lists.cur, false);
  look(lists.fresh, true);
  return found;
}

}  // namespace sterna::maildir
