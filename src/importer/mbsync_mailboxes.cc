// SPDX-License-Identifier: Apache-2.0
#include "mbsync_mailboxes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "folders.h"
#include "sterna/base/bytes.h"
#include "sterna/model/mailbox_name.h"

namespace sterna::importer {
namespace {

bool names_inbox(std::string_view box) {
  return box.empty() || ascii_iequals(box, "INBOX");
}

std::string without_slash(std::string_view prefix) {
  return std::string(prefix.substr(0, prefix.size() - (prefix.ends_with('/') ? 1 : 0)));
}

// The mailbox that a link without patterns is about.
std::string single_remote(const MbsyncLink& link) {
  return names_inbox(link.remote.box) ? "INBOX" : decoded_name(link.path + link.remote.box);
}

// The last pattern that matches counts.
bool selects_inbox(const std::vector<std::string>& patterns) {
  bool selected = false;
  for (const std::string& pattern : patterns) {
    const bool excludes = pattern.starts_with('!');
    if (matches_pattern(pattern.substr(excludes ? 1 : 0), MailboxName("INBOX")))
      selected = !excludes;
  }
  return selected;
}

class Mailboxes {
 public:
  Mailboxes(const MaildirStore& store, const std::vector<const MbsyncLink*>& links,
            const ListFolders& folders, std::string_view about, Draft& draft, Remarks& remarks)
      : store_(store), links_(links), about_(about), draft_(draft), remarks_(remarks) {
    folders_ = folders(store.root);
    std::ranges::sort(folders_);
    inbox_ = path_below(store.inbox, store.root);
    if (!store.map_inbox.empty()) inbox_ = store.map_inbox;
  }

  void carry() {
    std::vector<std::string> selection;
    for (const MbsyncLink* link : links_) {
      const std::vector<std::string> own = selection_of(*link);
      selection.insert(selection.end(), own.begin(), own.end());
      if (link->channel.patterns.empty()) {
        rename_single(*link);
      } else {
        rename_prefix(*link);
      }
    }
    rename_folders();
    const std::vector<std::string> all = {"*"};
    if (selection != all) draft_.keys.set("mailboxes", toml_array(selection));
    carry_inbox(selection);
    draft_.rename = renames_.all();
    if (store_.style == SubFolders::legacy && store_.flatten.empty()) say_legacy();
  }

 private:
  // A folder's name as Sterna reads it.
  std::string local_name(const std::string& box) const {
    return store_.style == SubFolders::maildirpp ? decoded_name(box) : box;
  }

  void rename_single(const MbsyncLink& link) {
    const std::string remote = single_remote(link);
    const bool inbox_here = names_inbox(link.local.box);
    if (remote == "INBOX" && !inbox_here) inbox_ = link.local.box;
    if (remote == "INBOX") return;
    if (!inbox_here) {
      renames_.add(local_name(link.local.box), remote);
      return;
    }
    remarks_.add(about_, fmt::format("channel {}: the INBOX here is {} there, which Sterna cannot "
                                     "do; move the mail into a folder of its own",
                                     link.channel.name, remote));
  }

  // Two prefixes that are folders: all that is below goes with them.
  void rename_prefix(const MbsyncLink& link) {
    const std::string head = link.path + link.remote.box;
    if (link.local.box.ends_with('/') && head.ends_with('/') && head != link.local.box)
      renames_.add(local_name(without_slash(link.local.box)), decoded_name(without_slash(head)));
  }

  // Folders that are spelt otherwise than Sterna would spell them stay what they are.
  void rename_folders() {
    if (store_.style == SubFolders::maildirpp) return;
    for (const std::string& folder : folders_) {
      if (folder.empty() || folder == inbox_ || !is_valid_utf8(folder)) continue;
      if (is_dotted(folder)) continue;
      const auto below_inbox = inbox_ ? path_below(folder, *inbox_) : std::nullopt;
      if (below_inbox) {
        renames_.add(folder, "INBOX/" + decoded_name(*below_inbox, store_.flatten));
      } else if (const MbsyncLink* link = link_of(folder)) {
        const std::string rest = folder.substr(link->local.box.size());
        renames_.add(folder, decoded_name(link->path + link->remote.box + rest, store_.flatten));
      }
    }
  }

  static bool is_dotted(std::string_view folder) {
    return folder.starts_with('.') || folder.contains("/.");
  }

  // The link with patterns that a folder belongs to.
  const MbsyncLink* link_of(const std::string& folder) const {
    const MbsyncLink* found = nullptr;
    for (const MbsyncLink* link : links_) {
      const bool single = link->channel.patterns.empty();
      if (single && link->local.box == folder) return nullptr;
      if (!single && found == nullptr && folder.starts_with(link->local.box)) found = link;
    }
    return found;
  }

  void carry_inbox(const std::vector<std::string>& selection) {
    if (inbox_) {
      const bool usual = *inbox_ == (store_.style == SubFolders::maildirpp ? "" : "INBOX");
      if (!usual) draft_.keys.set_text("inbox", *inbox_);
      return;
    }
    if (!selects_inbox(selection)) return;
    const std::string link = fmt::format("ln -s {} {}/INBOX", store_.inbox, store_.root);
    draft_.comments.push_back("INBOX is outside of the maildir. Before the first sync: " + link);
    remarks_.add(about_, fmt::format("the INBOX {} is outside of {}, where Sterna looks for it. "
                                     "Before the first sync: {} (else it is fetched anew)",
                                     store_.inbox, store_.root, link));
  }

  // Listed with what is above a folder before it, so renamed from the end.
  void say_legacy() {
    std::vector<std::string> moves;
    for (const std::string& folder : folders_) {
      const std::size_t slash = folder.rfind('/');
      const std::size_t last = slash == std::string::npos ? 0 : slash + 1;
      if (folder.substr(last).starts_with('.'))
        moves.push_back(
            fmt::format("mv '{}' '{}{}'", folder, folder.substr(0, last), folder.substr(last + 1)));
    }
    std::ranges::reverse(moves);
    if (moves.empty()) return;
    const std::string what =
        "folders that begin with a dot (SubFolders Legacy) are no mailboxes for Sterna, and would "
        "be fetched anew. Before the first sync: cd " +
        store_.root;
    draft_.comments.push_back(what);
    for (const std::string& move : moves) draft_.comments.push_back("  " + move);
    remarks_.add(about_, what + ", and rename them as the comment above the account has it");
  }

  const MaildirStore& store_;
  const std::vector<const MbsyncLink*>& links_;
  std::string_view about_;
  Draft& draft_;
  Remarks& remarks_;
  std::vector<std::string> folders_;
  std::optional<std::string> inbox_;  // below the root; none: outside of it
  Renames renames_;
};

}  // namespace

MaildirStore carry_store(const MbsyncSection& maildir, const MbsyncSection& imap,
                         std::string_view about, Draft& draft, Remarks& remarks) {
  const auto text = [](const MbsyncSection& section, std::string_view name) {
    const MbsyncOption* option = section.find(name);
    return option == nullptr ? std::string() : std::string(option->first());
  };
  MaildirStore store;
  const std::string style = ascii_lower(text(maildir, "SubFolders"));
  if (style == "verbatim") store.style = SubFolders::verbatim;
  if (style == "maildir++") store.style = SubFolders::maildirpp;
  if (style == "legacy") store.style = SubFolders::legacy;
  store.flatten = text(maildir, "Flatten");
  store.map_inbox = text(imap, "MapInbox");
  const std::string inbox = text(maildir, "Inbox");
  store.inbox = plain_path(inbox.empty() ? "~/Maildir" : inbox);
  const std::string path = text(maildir, "Path");
  const bool rootless = path.empty() || store.style == SubFolders::maildirpp;
  store.root = rootless ? store.inbox : plain_path(path);
  if (!rootless && !path.ends_with('/'))
    remarks.add(about, "Path does not end with a slash: it is taken for a directory");
  if (!store.root.starts_with('/') && store.root != "~" && !store.root.starts_with("~/"))
    remarks.add(about, "the Path is relative, or of another user: write `maildir` in full");
  draft.keys.set_text("maildir", store.root);
  if (store.style == SubFolders::maildirpp) draft.keys.set("layout", "\"maildir++\"");
  return store;
}

std::vector<std::string> selection_of(const MbsyncLink& link) {
  if (link.channel.patterns.empty()) return {single_remote(link)};
  const std::string head = link.path + link.remote.box;
  std::vector<std::string> selection;
  for (const std::string& pattern : link.channel.patterns) {
    const bool excludes = pattern.starts_with('!');
    const std::string name = decoded_name(head + pattern.substr(excludes ? 1 : 0));
    selection.push_back((excludes ? "!" : "") + name);
  }
  return selection;
}

void carry_mailboxes(const MaildirStore& store, const std::vector<const MbsyncLink*>& links,
                     const ListFolders& folders, std::string_view about, Draft& draft,
                     Remarks& remarks) {
  Mailboxes(store, links, folders, about, draft, remarks).carry();
}

}  // namespace sterna::importer
