// SPDX-License-Identifier: Apache-2.0
// Rows of the base come ascending by UID, as the server's messages do, so both are walked once;
// files are looked up by their base name. What is left over on either side is in no row.
#include "compare.h"

#include <fmt/format.h>

#include <array>

#include "decisions.h"
#include "sterna/base/bytes.h"
#include "sterna/base/nanoseconds.h"

namespace sterna::account {
namespace {

std::string flags_text(const FlagSet& flags) {
  return flags.empty() ? std::string("none") : printable(flags.to_string());
}

std::string not_synced_reason(const MessageRow& row) {
  return row.state == RowState::wanted ? "wanted, and not fetched yet" : "parked, and tried again";
}

}  // namespace

Result<Excuses> read_excuses(store::Store& base) {
  Excuses excuses;
  STERNA_TRY(const std::vector<store::HeldEntry> held, base.held());
  STERNA_TRY(const std::vector<store::Failure> failures, base.failures());
  const auto excuse = [&excuses](MailboxId mailbox, Uid uid, const std::string& base_name,
                                 Excuse why) {
    if (uid) {
      excuses.messages.try_emplace({mailbox, uid}, why);
    }
    if (!base_name.empty()) excuses.files.try_emplace({mailbox, base_name}, std::move(why));
  };
  for (const store::HeldEntry& entry : held) {
    excuse(entry.mailbox, entry.uid, entry.base_name,
           {DifferenceKind::held, "held: " + entry.reason});
  }
  for (const store::Failure& failure : failures) {
    excuse(failure.mailbox, failure.uid, failure.base_name,
           {DifferenceKind::parked,
            fmt::format("quarantined, {} failed: {}", failure.action, failure.reason)});
  }
  return excuses;
}

FlagSet flags_there(const MessageRow& row, const StorableFlags& storable, const FlagSet& told) {
  const FlagSet unstored =
      storable.refused_of(row.flags).united(without_wire_form(row.flags)).minus(told);
  return row.flags.minus(unstored);
}

std::string_view to_string(DifferenceKind kind) {
  constexpr std::array names = {"difference", "held", "parked", "note"};
  return names[static_cast<std::size_t>(kind)];
}

Status Comparison::run(store::Store& base, io::Directory& root) {
  STERNA_CHECK(list_files(root));
  STERNA_CHECK(base.for_each(facts_.row.id, [this](const MessageRow& row) { visit(row); }));
  finish_remote();
  STERNA_CHECK(finish_files(base));
  summarize();
  return {};
}

Status Comparison::list_files(io::Directory& root) {
  auto home = maildir::open_path(root, maildir::parse_mailbox_path(facts_.row.path));
  if (home) {
    home_ = std::move(*home);
    auto listing = maildir::list_mailbox(*home_);
    if (listing && !listing->complete()) {
      return fail(ErrorCode::changed, "the directory keeps changing; compare again");
    }
    if (listing) {
      STERNA_TRY(keywords_, maildir::read_keywords(*home_));
      taken_.assign(listing->entries().size(), false);
      listing_ = std::move(*listing);
      return {};
    }
    if (!listing.error().is(ErrorCode::not_found)) return fail(std::move(listing).error());
  } else if (!home.error().is(ErrorCode::not_found)) {
    return fail(std::move(home).error());
  }
  add(DifferenceKind::difference, {}, {}, facts_.directory,
      "the mailbox is missing in the Maildir");
  return {};
}

void Comparison::visit(const MessageRow& row) {
  const RemoteMessage* remote = take_remote(row.key.uid);
  const maildir::Entry* file = take_file(row.base_name);
  if (remote || file) ++compared;
  if (row.state == RowState::present || row.state == RowState::stub) {
    visit_kept(row, remote, file);
  } else {
    visit_other(row, remote, file);
  }
}

void Comparison::visit_kept(const MessageRow& row, const RemoteMessage* remote,
                            const maildir::Entry* file) {
  const bool gone_remote = !remote && facts_.remote && facts_.remote->complete;
  const bool gone_local = !file && listing_.has_value();
  if (gone_remote && gone_local) {
    differs(row, "gone on both sides, still in the base");
  } else if (gone_remote) {
    differs(row, "gone from the server");
  } else if (gone_local) {
    differs(row, "gone from the Maildir");
  }
  if (row.state == RowState::stub) note(row, "a stub: its body is on the server only");
  if (remote) compare_remote(row, *remote);
  if (!file) return;
  if (file->kind == maildir::EntryKind::strange) {
    add(DifferenceKind::difference, row.key.uid, row.base_name, path_of(*file), "not a file");
    return;
  }
  compare_flags_with_file(row, *file);
  compare_stat(row, remote, *file);
}

void Comparison::visit_other(const MessageRow& row, const RemoteMessage* remote,
                             const maildir::Entry* file) {
  const bool gone_remote = !remote && facts_.remote && facts_.remote->complete;
  switch (row.state) {
    case RowState::wanted:
      differs(row, not_synced_reason(row));
      break;
    case RowState::quarantined:
      note(row, not_synced_reason(row), DifferenceKind::parked);
      break;
    case RowState::dropped:
      note(row, file ? "kept on the server only, and here again" : "kept on the server only");
      if (gone_remote) differs(row, "gone from the server, still in the base");
      break;
    case RowState::detached:
      note(row, "gone from the server, kept here");
      break;
    case RowState::dropping:
    case RowState::deleting:
      differs(row, "its removal is not finished");
      break;
    case RowState::tombstone:
      ++tombstones_;
      if (remote) differs(row, "deleted, and on the server again");
      if (file)
        add(DifferenceKind::difference, row.key.uid, row.base_name, path_of(*file),
            "deleted, and here again");
      break;
    case RowState::present:
    case RowState::stub:
      break;
  }
}

void Comparison::compare_remote(const MessageRow& row, const RemoteMessage& remote) {
  const RemoteSide& side = *facts_.remote;
  // A flag that the server cannot hold is in the base alone, by design.
  FlagSet expected = flags_there(row, facts_.row.cursor.storable, remote.flags);
  if (!side.any_keyword) expected = expected.intersected(side.storable.united(remote.flags));
  if (remote.flags != expected) {
    differs(row, fmt::format("flags on the server: {}; in the base: {}", flags_text(remote.flags),
                             flags_text(expected)));
  }
  if (side.sizes_reliable && row.remote_size != 0 && remote.size &&
      *remote.size != row.remote_size) {
    differs(row,
            fmt::format("size on the server: {}; in the base: {}", *remote.size, row.remote_size));
  }
  if (row.internal_date != 0 && remote.internal_date &&
      *remote.internal_date != row.internal_date) {
    differs(row, "the server gives another INTERNALDATE than the base has");
  }
}

void Comparison::compare_flags_with_file(const MessageRow& row, const maildir::Entry& file) {
  if (!file.tells_flags) {
    add(DifferenceKind::note, row.key.uid, row.base_name, path_of(file),
        "its name says nothing about flags");
    return;
  }
  const FlagSet in_name = keywords_.flags_of(file.mask, file.keywords);
  // Keywords without a letter live in the base alone.
  FlagSet expected = row.flags;
  for (const std::string& keyword : keywords_.missing(row.flags)) expected.remove_keyword(keyword);
  if (in_name == expected) return;
  add(DifferenceKind::difference, row.key.uid, row.base_name, path_of(file),
      fmt::format("flags in the file's name: {}; in the base: {}", flags_text(in_name),
                  flags_text(expected)));
}

void Comparison::compare_stat(const MessageRow& row, const RemoteMessage* remote,
                              const maildir::Entry& file) {
  auto stat = maildir::stat_seen(*home_, listing_->seen(file));
  if (!stat) {
    add(DifferenceKind::note, row.key.uid, row.base_name, path_of(file),
        "changed while it was compared");
    return;
  }
  if (row.file.ino != 0 && stat->size != row.file.size) {
    add(DifferenceKind::difference, row.key.uid, row.base_name, path_of(file),
        fmt::format("size of the file: {}; in the base: {}", stat->size, row.file.size));
  }
  if (remote && remote->internal_date &&
      stat->mtime_ns / kNsPerSecond != clamp_seconds(*remote->internal_date)) {
    if (other_times_++ == 0) other_time_path_ = path_of(file);
  }
  if (remote && row.state == RowState::present) {
    pairs.push_back({row.key.uid, listing_->seen(file), stat->size});
  }
}

const RemoteMessage* Comparison::take_remote(Uid uid) {
  if (!facts_.remote) return nullptr;
  const std::vector<RemoteMessage>& messages = facts_.remote->messages;
  while (next_remote_ < messages.size() && messages[next_remote_].uid < uid) {
    ++compared;
    add(DifferenceKind::difference, messages[next_remote_++].uid, {}, {}, "on the server only");
  }
  if (next_remote_ == messages.size() || messages[next_remote_].uid != uid) return nullptr;
  return &messages[next_remote_++];
}

const maildir::Entry* Comparison::take_file(const std::string& base_name) {
  if (!listing_ || base_name.empty()) return nullptr;
  const maildir::Entry* entry = listing_->find(base_name);
  if (entry) taken_[static_cast<std::size_t>(entry - listing_->entries().data())] = true;
  return entry;
}

void Comparison::finish_remote() {
  if (!facts_.remote) return;
  const std::vector<RemoteMessage>& messages = facts_.remote->messages;
  for (; next_remote_ < messages.size(); ++next_remote_) {
    ++compared;
    add(DifferenceKind::difference, messages[next_remote_].uid, {}, {}, "on the server only");
  }
}

Status Comparison::finish_files(store::Store& base) {
  if (!listing_) return {};
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (taken_[i]) continue;
    const maildir::Entry& file = listing_->entries()[i];
    const std::string base_name(listing_->base(file));
    switch (file.kind) {
      case maildir::EntryKind::message: {
        ++compared;
        STERNA_TRY(const auto consumed, base.get(consumed_key(facts_.row.id, base_name)));
        add(note_if(consumed.has_value()), {}, base_name, path_of(file),
            consumed ? "in the Maildir only, as the settings wanted it" : "in the Maildir only");
        break;
      }
      case maildir::EntryKind::duplicate:
        ++compared;
        add(DifferenceKind::difference, {}, base_name, path_of(file),
            "in the Maildir only, with another file's name");
        break;
      case maildir::EntryKind::redundant:
        add(DifferenceKind::note, {}, base_name, path_of(file), "a second name of the same file");
        break;
      case maildir::EntryKind::strange:
        add(DifferenceKind::note, {}, base_name, path_of(file), "not a file");
        break;
    }
  }
  return {};
}

void Comparison::summarize() {
  if (tombstones_ > 0) {
    add(DifferenceKind::note, {}, {}, facts_.directory,
        fmt::format("{} deleted message{} remembered", tombstones_, tombstones_ == 1 ? "" : "s"));
  }
  if (other_times_ > 0) {
    add(DifferenceKind::note, {}, {}, other_time_path_,
        fmt::format("{} file{} with a time other than the server's INTERNALDATE, this one first",
                    other_times_, other_times_ == 1 ? "" : "s"));
  }
}

void Comparison::add(DifferenceKind kind, Uid uid, const std::string& base_name, std::string path,
                     std::string what) {
  const Excuse* excuse = nullptr;
  if (uid) {
    const auto it = excuses_.messages.find({facts_.row.id, uid});
    if (it != excuses_.messages.end()) excuse = &it->second;
  }
  if (!excuse && !base_name.empty()) {
    const auto it = excuses_.files.find({facts_.row.id, base_name});
    if (it != excuses_.files.end()) excuse = &it->second;
  }
  if (excuse) {
    kind = excuse->kind;
    what += fmt::format(" ({})", printable(excuse->reason));
  }
  lines.push_back({kind, facts_.row.name.text(), uid.value, std::move(path), std::move(what)});
}

std::string Comparison::path_of(const MessageRow& row) const {
  if (row.base_name.empty()) return {};
  return fmt::format("{}/{}/{}", facts_.directory, row.in_new ? "new" : "cur", full_name(row));
}

std::string Comparison::path_of(const maildir::Entry& file) const {
  return fmt::format("{}/{}/{}", facts_.directory, file.in_new ? "new" : "cur",
                     listing_->name(file));
}

}  // namespace sterna::account
