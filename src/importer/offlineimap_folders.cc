// SPDX-License-Identifier: Apache-2.0
// Folders of OfflineIMAP: where they are, which are synced, and which mailbox each of them is.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "folders.h"
#include "offlineimap_account.h"
#include "python_text.h"
#include "sterna/base/bytes.h"

namespace sterna::importer {
namespace {

constexpr std::array<std::string_view, 7> kGmailNames = {
    "All Mail", "Sent Mail", "Drafts", "Spam", "Trash", "Starred", "Important"};

bool is_gmail_prefix(std::string_view prefix) {
  return prefix.starts_with("[Gmail]") || prefix.starts_with("[Google Mail]");
}

std::string with_slashes(std::string_view text, char separator) {
  std::string out(text);
  std::ranges::replace(out, separator, '/');
  return out;
}

class OfflineFolders {
 public:
  OfflineFolders(const OfflineAccount& account, const ListFolders& folders, Draft& draft,
                 Remarks& remarks)
      : account_(account), draft_(draft), remarks_(remarks) {
    root_ = plain_path(home_path(text(account.local, "localfolders")));
    const std::string given(trim(text(account.local, "sep")));
    separator_ = given.empty() ? '.' : given.front();
    forward_ = translation(account.remote, untold_forward_);
    reverse_ = translation(account.local, untold_reverse_);
    folders_ = folders(root_);
    std::ranges::sort(folders_);
    is_plus_plus_ = looks_like_plus_plus();
    has_prefix_ = looks_like_prefix();
  }

  void carry() {
    draft_.keys.set_text("maildir", root_);
    if (root_.empty() || root_.contains('$') || (root_.starts_with('~') && !is_of_home()))
      say("localfolders cannot be read here: write `maildir` in full");
    if (is_plus_plus_) draft_.keys.set("layout", "\"maildir++\"");
    if (has_prefix_ && !forward_)
      say("all folders are below INBOX: that is taken for the prefix of the server's namespace, as "
          "Courier has it, and INBOX.Sent for the mailbox Sent (sterna sync --dry-run shows it)");
    find_names();
    carry_inbox();
    carry_selection();
    carry_names();
    carry_watch();
  }

 private:
  void say(std::string_view text) { remarks_.add(account_.about, text); }
  std::string text(std::string_view of, std::string_view key) const {
    return account_.text(of, key);
  }
  bool is_of_home() const { return root_ == "~" || root_.starts_with("~/"); }

  std::optional<NameTranslation> translation(const std::string& of, bool& untold) {
    const std::string code = text(of, "nametrans");
    if (code.empty()) return std::nullopt;
    auto found = NameTranslation::parse(code);
    untold = !found;
    return found;
  }

  // ---- of what kind the names are

  bool looks_like_plus_plus() const {
    if (separator_ != '.') return false;
    if (forward_ && forward_->apply("INBOX.x").starts_with('.')) return true;
    return std::ranges::any_of(folders_,
                               [](const std::string& folder) { return folder.starts_with('.'); });
  }

  // Whether all mailboxes of the server are below INBOX, as with Courier: Sterna calls them by
  // what follows.
  bool looks_like_prefix() const {
    if (forward_) {
      return std::ranges::any_of(forward_->stripped(), [](const std::string& prefix) {
        return ascii_istarts_with(prefix, "INBOX.") || ascii_istarts_with(prefix, "INBOX/");
      });
    }
    if (untold_forward_ || is_plus_plus_) return false;
    const std::string head = std::string("INBOX") + separator_;
    bool any = false;
    for (const std::string& folder : folders_) {
      if (folder.empty() || folder == "INBOX") continue;
      if (!folder.starts_with(head)) return false;
      any = true;
    }
    return any;
  }

  // A name of the server, or a pattern of them, as Sterna has it.
  std::string mailbox(std::string_view name) const {
    const std::string slashed = has_prefix_ ? with_slashes(name, '.') : std::string(name);
    std::string decoded = decoded_name(slashed);
    if (has_prefix_ && decoded.starts_with("INBOX/")) decoded.erase(0, 6);
    return decoded;
  }

  // ---- which mailbox a folder is

  // Two spellings of one folder, whatever separates its components.
  bool same_folder(std::string_view made, std::string_view folder) const {
    const auto plain = [this](std::string_view name) {
      std::string out = with_slashes(name, separator_);
      if (has_prefix_) out = with_slashes(out, '.');
      return out == "/" || out == "." ? std::string() : out;
    };
    return plain(made) == plain(folder);
  }

  bool maps(std::string_view name, std::string_view folder) const {
    return same_folder(forward_->apply(name), folder);
  }

  // What a folder is called, read as it stands there.
  std::string natural(std::string_view folder) const {
    if (is_plus_plus_ && folder.starts_with('.')) folder.remove_prefix(1);
    return separator_ == '/' ? std::string(folder) : with_slashes(folder, separator_);
  }

  std::optional<std::string> mailbox_of(const std::string& folder) const {
    if (forward_) {
      for (const std::string& name : forward_->named()) {
        if (maps(name, folder)) return mailbox(name);
      }
    }
    const bool is_inbox = forward_ ? maps("INBOX", folder) : folder == "INBOX" || folder.empty();
    if (is_inbox) return "INBOX";
    if (reverse_) return mailbox(with_slashes(reverse_->apply(folder), separator_));
    if (!forward_) return untold_forward_ ? std::nullopt : std::optional(mailbox(natural(folder)));
    const std::string name = natural(folder);
    for (const std::string& prefix : forward_->stripped()) {
      if (!is_gmail_prefix(prefix)) continue;
      const bool known = std::ranges::find(kGmailNames, name) != kGmailNames.end();
      const std::string whole = prefix + (prefix.ends_with('/') ? "" : "/") + name;
      if (known && maps(whole, folder)) return whole;
    }
    if (has_prefix_) {
      const bool below =
          maps("INBOX." + with_slashes(name, '.'), folder) || maps("INBOX/" + name, folder);
      if (below) return decoded_name(name);
    }
    return maps(name, folder) ? std::optional(mailbox(name)) : std::nullopt;
  }

  void find_names() {
    for (const std::string& folder : folders_) {
      const auto found = is_valid_utf8(folder) ? mailbox_of(folder) : std::nullopt;
      if (found) {
        names_.emplace_back(folder, *found);
      } else {
        unknown_.push_back(folder);
      }
    }
    if (unknown_.empty()) {
      if ((untold_forward_ || untold_reverse_) && folders_.empty())
        say("nametrans is Python that cannot be carried over: see the key `rename`");
      return;
    }
    std::string some;
    for (const std::string& folder : unknown_) {
      if (some.size() > 300) break;
      some += (some.empty() ? "" : ", ") + folder;
    }
    draft_.keys.set("enabled", "false", "until `rename` is complete");
    say(
        fmt::format("nametrans is Python that cannot be carried over as a whole: of {} folders it "
                    "is not known which mailboxes they are ({}). Write them into `rename`, or "
                    "Sterna would take them for new mailboxes; the account is switched off "
                    "(enabled = false) until then",
                    unknown_.size(), some));
  }

  void carry_names() {
    Renames renames;
    // Names of single folders hold also where the folders are not there yet.
    if (forward_) {
      for (const std::string& name : forward_->named()) {
        const std::string folder = forward_->apply(name);
        if (mailbox(name) != "INBOX" && folder != "." && !folder.empty())
          renames.add(sterna_name(folder), mailbox(name));
      }
    }
    for (const auto& [folder, name] : names_) {
      if (name != "INBOX" && !folder.empty()) renames.add(sterna_name(folder), name);
    }
    draft_.rename = renames.all();
  }

  // What Sterna calls a folder by itself, in this layout.
  std::string sterna_name(const std::string& folder) const {
    if (!is_plus_plus_) return separator_ == '/' ? folder : with_slashes_of_forward(folder);
    return decoded_name(folder.starts_with('.') ? folder.substr(1) : folder, ".");
  }
  // A name that a translation gives may have the server's '/', which becomes the separator here.
  std::string with_slashes_of_forward(std::string folder) const {
    std::ranges::replace(folder, '/', separator_);
    return folder;
  }

  void carry_inbox() {
    std::optional<std::string> inbox;
    if (forward_) inbox = forward_->apply("INBOX");
    for (const auto& [folder, name] : names_) {
      if (name == "INBOX") inbox = folder;
    }
    if (!inbox) return;
    if (*inbox == ".") inbox = "";
    if (!is_plus_plus_) {
      if (*inbox != "INBOX") draft_.keys.set_text("inbox", *inbox);
    } else if (inbox->starts_with('.')) {
      draft_.keys.set_text("inbox", inbox->substr(1));
    } else if (!inbox->empty()) {
      const std::string move =
          fmt::format("mv {0}/{1}/cur {0}/{1}/new {0}/{1}/tmp {0}/", root_, *inbox);
      draft_.comments.push_back(
          "INBOX is the maildir's root in this layout. Before the first sync: " + move);
      say(
          fmt::format("INBOX is the folder {}, and the root in layout maildir++. Before the first "
                      "sync: {} (else it is fetched anew)",
                      *inbox, move));
    }
  }

  // ---- what is synced

  void carry_selection() {
    std::vector<std::string> selection;
    const std::string code = text(account_.remote, "folderfilter");
    const auto filter = code.empty() ? std::optional(FolderFilter()) : parse_folder_filter(code);
    if (filter) {
      for (const std::string& name : filter->included) selection.push_back(mailbox(name));
      if (selection.empty()) selection.emplace_back("*");
      for (const std::string& name : filter->excluded) selection.push_back("!" + mailbox(name));
    } else {
      select_what_is_here(selection);
    }
    add_includes(selection);
    const std::vector<std::string> all = {"*"};
    if (!selection.empty() && selection != all) draft_.keys.set("mailboxes", toml_array(selection));
    if (!text(account_.local, "folderfilter").empty())
      say("folderfilter of the local repository has no counterpart: exclude mailboxes in "
          "`mailboxes`");
  }

  void select_what_is_here(std::vector<std::string>& selection) {
    for (const auto& [folder, name] : names_) selection.push_back(name);
    say(selection.empty() ? "folderfilter is Python that cannot be carried over: all mailboxes are "
                            "synced unless you write `mailboxes`"
                          : "folderfilter is Python that cannot be carried over: `mailboxes` has "
                            "those whose folders are there now; write patterns instead, such as "
                            "[\"*\", \"!Spam\"]");
  }

  void add_includes(std::vector<std::string>& selection) {
    const std::string code = text(account_.remote, "folderincludes");
    if (code.empty()) return;
    const auto names = python_strings(code);
    if (!names) {
      say("folderincludes is Python that cannot be carried over: see `mailboxes`");
      return;
    }
    for (const std::string& name : *names) selection.push_back(mailbox(name));
  }

  void carry_watch() {
    const std::string code = text(account_.remote, "idlefolders");
    if (code.empty()) return;
    const auto names = python_strings(code);
    if (!names) {
      say("idlefolders is Python that cannot be carried over: see `watch`");
      return;
    }
    std::vector<std::string> watched;
    for (const std::string& name : *names) watched.push_back(mailbox(name));
    const std::vector<std::string> usual = {"INBOX"};
    if (watched != usual) draft_.keys.set("watch", toml_array(watched));
  }

  const OfflineAccount& account_;
  Draft& draft_;
  Remarks& remarks_;
  std::string root_;
  char separator_ = '.';
  std::optional<NameTranslation> forward_;  // of the remote repository: its names to ours
  std::optional<NameTranslation> reverse_;  // of the local one
  bool untold_forward_ = false;             // there is one, and it is not understood
  bool untold_reverse_ = false;
  std::vector<std::string> folders_;
  bool is_plus_plus_ = false;
  bool has_prefix_ = false;
  std::vector<std::pair<std::string, std::string>> names_;  // folder, mailbox
  std::vector<std::string> unknown_;
};

}  // namespace

void carry_offline_folders(const OfflineAccount& account, const ListFolders& folders, Draft& draft,
                           Remarks& remarks) {
  OfflineFolders(account, folders, draft, remarks).carry();
}

}  // namespace sterna::importer
