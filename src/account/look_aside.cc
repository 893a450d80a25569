// SPDX-License-Identifier: Apache-2.0
#include "look_aside.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "failures.h"
#include "inspect_parts.h"
#include "look_at_file.h"
#include "roles.h"
#include "sterna/base/bytes.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {
namespace {

using Births = std::vector<sync::BirthElsewhere>;

constexpr std::string_view kHalf = "its folder lacks cur, new or tmp";

bool is_bin(Role role) {
  return role == Role::trash || role == Role::junk;
}

class Finder {
 public:
  Finder(Engine& engine, const SeenMailboxes& seen) : engine_(engine), seen_(seen) {
    for (const sync::LocalMailbox& one : seen.local.mailboxes) walked_.emplace(one.path, &one);
    for (const MailboxRow& row : seen.rows) {
      if (row.has_local) by_path_.emplace(row.path, &row);
    }
    for (const RemoteListing& one : seen.remote.mailboxes) {
      roles_.emplace(one.mailbox.name, one.mailbox.role);
    }
    for (const auto& work : engine.mailboxes) {
      synced_.insert(work->row.path);
      const bool frozen = work->input.local.suspect && work->row.cur_ino != 0;
      if (frozen) frozen_.emplace(Place{work->row.cur_dev, work->row.cur_ino}, work.get());
    }
  }

  Result<std::vector<PlaceAside>> run() {
    STERNA_TRY(failures_, engine_.store->failures());
    for (const maildir::LocalMailbox& one : seen_.found.mailboxes) STERNA_CHECK(take(one));
    for (const maildir::UnusableFolder& folder : seen_.found.unusable) {
      if (!folder.has_cur) continue;
      STERNA_CHECK(add(folder.path, maildir::to_string(folder.path),
                       "the folder has no name of its own on the server"));
    }
    return std::move(places_);
  }

 private:
  Status take(const maildir::LocalMailbox& one) {
    const std::string path = maildir::to_string(one.path);
    if (MailboxWork* frozen = frozen_at(path, one)) return add_frozen(*frozen, one.path);
    if (synced_.contains(path)) return {};
    const std::optional<MailboxName> name = name_of(one, path);
    if (name && is_left_out_bin(*name)) return {};
    std::string why = name ? why_not_sent(*name, path, one) : "its name cannot be said there";
    const bool half = why == kHalf;
    STERNA_CHECK(add(one.path, path, std::move(why)));
    places_.back().half = half;
    return {};
  }

  // The mailbox that nothing is done with in this pass, and whose folder this is beyond doubt.
  MailboxWork* frozen_at(const std::string& path, const maildir::LocalMailbox& one) {
    const auto walked = walked_.find(path);
    const bool sound = one.complete && walked != walked_.end() && !walked->second->suspect &&
                       !walked->second->inode_reused;
    if (!sound) return nullptr;
    const auto work = frozen_.find({one.stamp.cur.dev, one.stamp.cur.ino});
    return work == frozen_.end() ? nullptr : work->second;
  }

  Status add_frozen(MailboxWork& work, const maildir::MailboxPath& path) {
    // While it is not known what the Trash took, nothing goes there.
    if (is_bin(work.row.role)) return {};
    STERNA_CHECK(add(path, work.row, why_frozen(work.row)));
    work.input.local.aside = true;
    return {};
  }

  Status add(const maildir::MailboxPath& path, const std::string& text, std::string obstacle) {
    const auto row = by_path_.find(text);
    if (row != by_path_.end()) return add(path, *row->second, std::move(obstacle));
    places_.push_back({path, shown(path), std::move(obstacle), false, {}});
    return {};
  }

  // Its own files are on the server already.
  Status add(const maildir::MailboxPath& path, const MailboxRow& row, std::string obstacle) {
    PlaceAside place{path, shown(path), std::move(obstacle), true, {}};
    STERNA_CHECK(engine_.store->for_each_local(row.id, [&](const store::LocalRow& known) {
      place.known.emplace(known.base_name, known.ino);
    }));
    places_.push_back(std::move(place));
    return {};
  }

  // What is moved into an excluded Trash is meant to go; so is what is moved to the Junk.
  bool is_left_out_bin(const MailboxName& name) const {
    const Role role = role_of(name);
    return is_bin(role) && !engine_.settings.includes(name, role);
  }

  std::optional<MailboxName> name_of(const maildir::LocalMailbox& one,
                                     const std::string& path) const {
    const auto row = by_path_.find(path);
    if (row != by_path_.end()) return row->second->name;
    if (one.shortened) return std::nullopt;
    Result<MailboxName> name = engine_.settings.to_remote(one.name);
    return name ? std::optional(std::move(*name)) : std::nullopt;
  }

  // As on the server; else what a mailbox of that name would be.
  Role role_of(const MailboxName& name) const {
    const auto listed = roles_.find(name);
    if (listed != roles_.end()) return listed->second;
    std::vector<RemoteListing> alone(1);
    alone.front().mailbox.name = name;
    assign_roles(engine_.settings.roles, alone);
    return alone.front().mailbox.role;
  }

  std::string why_not_sent(const MailboxName& name, const std::string& path,
                           const maildir::LocalMailbox& one) const {
    const std::string mailbox = "mailbox " + printable(name.text(), kReasonShownMax);
    if (!engine_.settings.includes(name, role_of(name))) return mailbox + " is not synced";
    if (auto failed = failure_of(MailboxId(), name)) return *std::move(failed);
    const auto walked = walked_.find(path);
    const bool whole = one.complete && walked != walked_.end() && !walked->second->suspect;
    if (!whole) return std::string(kHalf);
    if (is_planned(MailboxId(), name)) return {};
    return mailbox + " is not on the server, and the settings make none";
  }

  std::string why_frozen(const MailboxRow& row) const {
    const std::string mailbox = "mailbox " + printable(row.name.text(), kReasonShownMax);
    if (auto failed = failure_of(row.id, row.name)) return *std::move(failed);
    const auto is_its_own = [&](const store::HeldEntry& entry) { return entry.mailbox == row.id; };
    const auto held = std::ranges::find_if(engine_.held_mailboxes, is_its_own);
    if (held != engine_.held_mailboxes.end()) return mailbox + " is held: " + held->reason;
    if (is_planned(row.id, row.name)) return {};
    return mailbox + " is not synced now";
  }

  // With the mailbox's name in front.
  std::optional<std::string> failure_of(MailboxId id, const MailboxName& name) const {
    const auto is_its_own = [&](const store::Failure& failure) {
      return is_of_mailbox(failure) && failure.mailbox == id && failure.base_name == name.text();
    };
    const auto found = std::ranges::find_if(failures_, is_its_own);
    if (found == failures_.end()) return std::nullopt;
    return printable(found->reason, kReasonShownMax);
  }

  // Another pass goes on with it: it waits, or was on its way when something came between.
  bool is_planned(MailboxId id, const MailboxName& name) const {
    return std::ranges::any_of(seen_.actions, [&](const sync::MailboxAction& action) {
      if (id != MailboxId()) return sync::id_of(action) == id;
      if (const auto* wait = std::get_if<sync::WaitMailbox>(&action.what)) {
        return wait->name == name;
      }
      const auto* make = std::get_if<sync::CreateRemote>(&action.what);
      return make && make->local.name == name;
    });
  }

  std::string shown(const maildir::MailboxPath& path) const {
    return printable(absolute_path(engine_.settings, maildir::to_string(path)), kPathShownMax);
  }

  Engine& engine_;
  const SeenMailboxes& seen_;
  std::map<std::string, const sync::LocalMailbox*> walked_;
  std::map<std::string, const MailboxRow*> by_path_;
  std::map<MailboxName, Role> roles_;
  std::set<std::string> synced_;          // by path; frozen ones, too
  std::map<Place, MailboxWork*> frozen_;  // by their cur
  std::vector<store::Failure> failures_;
  std::vector<PlaceAside> places_;
};

// The folders as they are while they are looked through: what moves from one to another meanwhile
// is met in none of them.
class AsideLook {
 public:
  AsideLook(const ElsewhereSearch& search, io::Directory& root) : search_(search), root_(root) {}

  // ErrorCode::changed: it did not come to rest.
  Result<Births> run(const std::vector<PlaceAside>& places) {
    for (int attempt = 0; attempt < kLooksMax; ++attempt) {
      births_.clear();
      seen_.clear();
      Status looked;
      for (const PlaceAside& place : places) {
        looked = look_into(place);
        if (!looked) break;
      }
      if (!looked && !looked.error().is(ErrorCode::changed)) return fail(looked.error());
      STERNA_TRY(const bool same, stands_still());
      if (looked && same) return std::move(births_);
    }
    return fail(ErrorCode::changed, "they do not come to rest");
  }

 private:
  struct Seen {
    const PlaceAside* place;
    std::string_view part;
    io::FileStat before;
  };

  // nullptr: there is none, or none that whoever moved the file could have used.
  Result<std::unique_ptr<io::Directory>> open(const PlaceAside& place, std::string_view part) {
    STERNA_TRY(const maildir::HomeDirectory home,
               vanished_is_changed(maildir::open_path(root_, place.path)));
    Result<std::unique_ptr<io::Directory>> directory = home->open_directory(part);
    const bool missing = !directory && directory.error().is(ErrorCode::not_found);
    const bool closed =
        !directory && !place.known_there && directory.error().is(ErrorCode::permission);
    if (missing || closed) return std::unique_ptr<io::Directory>();
    return directory;
  }

  Status look_into(const PlaceAside& place) {
    const std::size_t before = births_.size();
    STERNA_CHECK(read(place));
    if (!place.half || births_.size() == before) return {};
    STERNA_TRY(const bool made, is_being_made(place));
    if (!made) return {};
    // The next pass goes on with it.
    for (std::size_t i = before; i < births_.size(); ++i) births_[i].obstacle.clear();
    return {};
  }

  // Whole by now, or changed a moment ago.
  Result<bool> is_being_made(const PlaceAside& place) {
    STERNA_TRY(const maildir::HomeDirectory home,
               vanished_is_changed(maildir::open_path(root_, place.path)));
    STERNA_TRY(const io::FileStat stat, home->stat());
    const auto has = [&](std::string_view part) { return home->stat_at(part).has_value(); };
    return (has("cur") && has("new") && has("tmp")) || changed_lately(stat);
  }

  Status read(const PlaceAside& place) {
    for (const std::string_view part : {"new", "cur", "new"}) {
      STERNA_TRY(const std::unique_ptr<io::Directory> directory, open(place, part));
      if (!directory) continue;
      STERNA_TRY(const io::FileStat before, directory->stat());
      STERNA_TRY(const io::DirectoryListing names, directory->list());
      for (const io::DirectoryEntry entry : names) {
        const bool may_be_message =
            !entry.name.starts_with('.') && entry.type != io::FileType::directory;
        if (may_be_message) STERNA_CHECK(consider(place, part, *directory, entry));
      }
      seen_.push_back({&place, part, before});
    }
    return {};
  }

  Status consider(const PlaceAside& place, std::string_view part, io::Directory& directory,
                  const io::DirectoryEntry& entry) {
    const std::string base(maildir::view_file_name(entry.name).base);
    const auto known = place.known.find(base);
    if (known != place.known.end() && known->second == entry.ino) return {};
    STERNA_TRY(const io::FileStat stat, vanished_is_changed(directory.stat_at(entry.name)));
    if (stat.type != io::FileType::file) return {};
    const bool written = changed_lately(stat);
    if (!written && !search_.leaving.may_include(base, stat.size)) return {};
    const Looked looked = look_at(directory, entry.name, base);
    sync::BirthElsewhere birth;
    birth.base_name = base;
    birth.size = stat.size;
    if (looked.identity) birth.identity = to_identity(*looked.identity);
    if (looked.identity) birth.plain = to_plain_identity(*looked.identity);
    birth.unclear = written || (!looked.identity && !looked.denied);
    birth.what =
        fmt::format("it may be {}/{}/{}", place.shown, part, printable(entry.name, kPathShownMax));
    if (!birth.unclear) birth.obstacle = place.obstacle;
    births_.push_back(std::move(birth));
    return {};
  }

  // A rename changes the ctime, and leaves this.
  bool changed_lately(const io::FileStat& stat) const {
    const std::int64_t settles_ns = std::chrono::nanoseconds(search_.settles).count();
    return stat.mtime_ns > search_.now_ns - settles_ns &&
           stat.mtime_ns <= search_.now_ns + settles_ns;
  }

  Result<bool> stands_still() {
    for (const Seen& one : seen_) {
      Result<std::unique_ptr<io::Directory>> directory = open(*one.place, one.part);
      if (!directory && directory.error().is(ErrorCode::changed)) return false;
      if (!directory) return fail(directory.error());
      if (!*directory) return false;
      STERNA_TRY(const io::FileStat now, (*directory)->stat());
      if (now.ino != one.before.ino || now.mtime_ns != one.before.mtime_ns ||
          now.ctime_ns != one.before.ctime_ns) {
        return false;
      }
    }
    return true;
  }

  template <class T>
  static Result<T> vanished_is_changed(Result<T> result) {
    if (result || !result.error().is(ErrorCode::not_found)) return result;
    return fail(ErrorCode::changed, "something went meanwhile");
  }

  const ElsewhereSearch& search_;
  io::Directory& root_;
  std::vector<Seen> seen_;
  Births births_;
};

}  // namespace

Status find_places_aside(Engine& engine, const SeenMailboxes& seen) {
  STERNA_TRY(engine.places_aside, Finder(engine, seen).run());
  return {};
}

std::vector<sync::BirthElsewhere> look_aside(const ElsewhereSearch& search, io::Directory& root,
                                             const std::vector<PlaceAside>& places) {
  Result<Births> found = AsideLook(search, root).run(places);
  if (found) return std::move(*found);
  sync::BirthElsewhere unclear;
  unclear.unclear = true;
  unclear.what = "what is in folders that are not synced is not known";
  const std::string reason = printable(found.error().describe(), kReasonShownMax);
  if (found.error().is(ErrorCode::changed)) {
    unclear.what += " now: " + reason;
  } else {
    unclear.obstacle = reason;
  }
  return {std::move(unclear)};
}

bool has_moved_since_listed(Engine& engine) {
  return std::ranges::any_of(engine.mailboxes, [&engine](const auto& work) {
    const bool listed = work->row.has_local && !work->input.local.suspect && work->stamp_now;
    if (!listed || work->changed_by_us) return false;
    const Result<maildir::MailboxStamp> now = engine.stamp_of(*work);
    return !now || !(*now == *work->stamp_now);
  });
}

}  // namespace sterna::account
