// SPDX-License-Identifier: Apache-2.0
// Walks a Maildir for its mailboxes; see layout.h.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "escape.h"
#include "sterna/base/bytes.h"
#include "sterna/maildir/layout.h"

namespace sterna::maildir {
namespace {

constexpr int kAttemptsMax = 4;

bool is_message_dir(std::string_view name) {
  return name == "cur" || name == "new" || name == "tmp";
}

UnusableFolder without_name(const MailboxPath& path) {
  if (path.empty()) {
    return {path, "has mail of its own, and INBOX is another folder",
            "move its cur, new and tmp into a folder, or set inbox = \"\"", true};
  }
  return {path, "has a name that no mailbox can have in this layout", "rename the folder", true};
}

class Walk {
 public:
  Walk(io::Directory& root, const Layout& layout) : root_(root), layout_(layout) {}

  // ErrorCode::changed if a directory vanished between being listed and being opened.
  Result<Discovery> run() {
    STERNA_CHECK(look_into(root_, {}));
    // Links last, so that a directory is known by its own place and not by a link to it.
    while (!links_.empty()) {
      const MailboxPath path = std::move(links_.front());
      links_.pop_front();
      STERNA_CHECK(follow_link(path));
    }
    keep_one_of_each_name();
    return std::move(found_);
  }

 private:
  Status look_into(io::Directory& directory, const MailboxPath& path) {
    STERNA_TRY(const io::FileStat stat, directory.stat());
    if (!visited_.emplace(stat.dev, stat.ino).second) {
      found_.unusable.push_back(
          {path, "is a second way to a directory", "remove one of the two ways", false});
      return {};
    }
    STERNA_TRY(const io::DirectoryListing listing, directory.list());
    std::vector<io::DirectoryEntry> entries(listing.begin(), listing.end());
    std::ranges::sort(entries, {}, &io::DirectoryEntry::name);
    const bool has_cur = std::ranges::any_of(entries, [](const io::DirectoryEntry& entry) {
      return entry.name == "cur" && entry.type != io::FileType::file;
    });
    if (has_cur) {
      STERNA_CHECK(take(directory, path));
    } else if (!path.empty()) {
      found_.bare.push_back(path);
    }
    for (const io::DirectoryEntry& entry : entries) {
      if (may_hold_mailbox(entry, path)) STERNA_CHECK(descend(directory, path, entry));
    }
    return {};
  }

  bool may_hold_mailbox(const io::DirectoryEntry& entry, const MailboxPath& above) const {
    if (entry.type == io::FileType::file || entry.type == io::FileType::other) return false;
    if (layout_.kind() == LayoutKind::fs) {
      return !entry.name.starts_with('.') && !is_message_dir(entry.name);
    }
    return above.empty() && entry.name.starts_with('.') && !is_reserved_folder(entry.name);
  }

  Status descend(io::Directory& directory, const MailboxPath& above,
                 const io::DirectoryEntry& entry) {
    MailboxPath path = above;
    path.emplace_back(entry.name);
    io::FileType type = entry.type;
    if (type == io::FileType::unknown) {
      STERNA_TRY(const io::FileStat stat, vanished_is_changed(directory.stat_at(entry.name)));
      type = stat.type;
    }
    if (type == io::FileType::symlink) links_.push_back(std::move(path));
    if (type != io::FileType::directory) return {};
    if (path.size() > kMailboxDepthMax) {
      found_.unusable.push_back({path, "lies too deep", "move it further up", false});
      return {};
    }
    return enter(directory, path);
  }

  Status enter(io::Directory& above, const MailboxPath& path) {
    auto child = above.open_directory(path.back());
    if (!child && child.error().is(ErrorCode::permission)) {
      found_.unreadable.push_back(path);
      return {};
    }
    STERNA_TRY(const auto directory, vanished_is_changed(std::move(child)));
    return look_into(*directory, path);
  }

  // A link whose target is missing, or is no directory, leads to nothing that could be a mailbox
  // now; what used to be behind it is unknown.
  Status follow_link(const MailboxPath& path) {
    std::unique_ptr<io::Directory> owned;
    io::Directory* here = &root_;
    for (const std::string& component : path) {
      auto next = here->open_directory(component);
      if (!next) {
        const bool is_lost =
            next.error().is(ErrorCode::not_found) || next.error().is(ErrorCode::permission);
        if (!is_lost) return fail(next.error());
        found_.unreadable.push_back(path);
        return {};
      }
      owned = *std::move(next);
      here = owned.get();
    }
    return look_into(*here, path);
  }

  // The directory has a cur: a mailbox, if the layout can read its name.
  Status take(io::Directory& directory, const MailboxPath& path) {
    LocalMailbox mailbox{.name = {}, .path = path, .stamp = {}};
    if (auto name = layout_.name_of(path)) {
      mailbox.name = *std::move(name);
    } else if (!path.empty() && is_shortened(path.back())) {
      mailbox.name = MailboxName(to_string(path));
      mailbox.shortened = true;
    } else {
      found_.unusable.push_back(without_name(path));
      return {};
    }
    if (auto stamp = stamp_mailbox(directory)) {
      mailbox.stamp = *stamp;
      STERNA_TRY(mailbox.complete, has_directory(directory, "tmp"));
    } else if (stamp.error().is(ErrorCode::not_found)) {
      mailbox.complete = false;
    } else {
      return fail(stamp.error());
    }
    found_.mailboxes.push_back(std::move(mailbox));
    return {};
  }

  static Result<bool> has_directory(io::Directory& directory, std::string_view name) {
    const auto stat = directory.stat_at(name);
    if (stat) return stat->type != io::FileType::file;
    if (stat.error().is(ErrorCode::not_found)) return false;
    return fail(stat.error());
  }

  template <class T>
  static Result<T> vanished_is_changed(Result<T> result) {
    if (result || !result.error().is(ErrorCode::not_found)) return result;
    return fail(ErrorCode::changed, "a directory vanished while the Maildir was looked through");
  }

  // The spelling that we would write ourselves wins, else the first in byte order.
  void keep_one_of_each_name() {
    auto& mailboxes = found_.mailboxes;
    const auto rank = [&](const LocalMailbox& mailbox) {
      return std::make_pair(layout_.path_of(mailbox.name) != mailbox.path, mailbox.path);
    };
    std::ranges::sort(mailboxes, [&](const LocalMailbox& a, const LocalMailbox& b) {
      if (a.name != b.name) return a.name < b.name;
      return rank(a) < rank(b);
    });
    std::size_t first = 0;
    for (std::size_t i = 1; i < mailboxes.size(); ++i) {
      if (mailboxes[i].name != mailboxes[first].name) {
        first = i;
        continue;
      }
      found_.unusable.push_back({mailboxes[i].path,
                                 "is a second spelling of " + printable(mailboxes[i].name.text()),
                                 fmt::format("rename the folder, or move its mail into {}",
                                             printable(to_string(mailboxes[first].path), 500)),
                                 true});
    }
    const auto repeated = std::ranges::unique(mailboxes, {}, &LocalMailbox::name);
    mailboxes.erase(repeated.begin(), repeated.end());
  }

  io::Directory& root_;
  const Layout& layout_;
  Discovery found_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> visited_;
  std::deque<MailboxPath> links_;
};

}  // namespace

Result<Discovery> discover(io::Directory& root, const Layout& layout) {
  for (int attempt = 1;; ++attempt) {
    auto found = Walk(root, layout).run();
    const bool again = !found && found.error().is(ErrorCode::changed) && attempt < kAttemptsMax;
    if (!again) return found;
  }
}

}  // namespace sterna::maildir
