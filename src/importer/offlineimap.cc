// SPDX-License-Identifier: Apache-2.0
// OfflineIMAP's accounts become ours, one by one.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "offlineimap_account.h"
#include "python_text.h"
#include "sterna/base/bytes.h"
#include "sterna/importer/importer.h"
#include "words.h"

namespace sterna::importer {
namespace {

// What is carried over, or said something about where it matters.
constexpr std::string_view kHandled[] = {
    "accounts",
    "auth_mechanisms",
    "authproxy",
    "autorefresh",
    "cert_fingerprint",
    "copy_ignore_eval",
    "createfolders",
    "decodefoldernames",
    "expunge",
    "filterheaders",
    "folderfilter",
    "folderincludes",
    "fsync",
    "idlefolders",
    "localfolders",
    "localrepository",
    "maildir-windows-compatible",
    "maxage",
    "maxconnections",
    "maxsize",
    "nametrans",
    "newmail_hook",
    "oauth2_access_token",
    "oauth2_access_token_eval",
    "oauth2_client_id",
    "oauth2_client_id_eval",
    "oauth2_client_secret",
    "oauth2_client_secret_eval",
    "oauth2_refresh_token",
    "oauth2_refresh_token_eval",
    "oauth2_request_url",
    "postsynchook",
    "preauthtunnel",
    "presynchook",
    "proxy",
    "pythonfile",
    "readonly",
    "realdelete",
    "reference",
    "remote_identity",
    "remotehost",
    "remotehosteval",
    "remotepass",
    "remotepasseval",
    "remotepassfile",
    "remoteport",
    "remoteporteval",
    "remoterepository",
    "remoteuser",
    "remoteusereval",
    "sep",
    "spamfolder",
    "ssl",
    "ssl_version",
    "sslcacertfile",
    "sslclientcert",
    "sslclientkey",
    "startdate",
    "starttls",
    "subscribedonly",
    "sync_deletes",
    "synclabels",
    "transporttunnel",
    "trashfolder",
    "type",
    "utf8foldernames",
};
// Known, and of no use to Sterna.
constexpr std::string_view kNotNeededThere[] = {
    "dynamic_folderfilter",
    "filename_use_mail_timestamp",
    "foldersort",
    "holdconnectionopen",
    "ignore-readonly",
    "ignorelabels",
    "ipv6",
    "keepalive",
    "labelsheader",
    "maxsyncaccounts",
    "metadata",
    "quick",
    "restoreatime",
    "retrycount",
    "singlethreadperfolder",
    "skipsleep",
    "socktimeout",
    "status_backend",
    "tls_level",
    "ui",
    "usecompression",
    "utime_from_header",
};

class OfflineimapImporter {
 public:
  OfflineimapImporter(std::string_view text, const ListFolders& folders)
      : file_(parse_ini(text)), folders_(folders) {}

  Result<Imported> run() {
    for (const std::string& problem : file_.problems()) remarks_.add("", problem);
    const std::string listed = file_.get("general", "accounts").value_or(WipedString());
    for (const std::string_view name : split(listed, ',')) {
      if (!trim(name).empty() && drafts_.size() < kAccountsMax)
        add_account(std::string(trim(name)));
    }
    if (drafts_.empty()) {
      return fail(Error(ErrorCode::config,
                        "no account connects an IMAP repository with a Maildir repository")
                      .with_hint("is this the configuration of OfflineIMAP?"));
    }
    carry_hooks();
    say_what_is_left();
    Imported imported;
    imported.holds_password = std::ranges::any_of(drafts_, [](const Draft& draft) {
      return draft.keys.find("password") != nullptr || draft.oauth.find("client_secret") != nullptr;
    });
    imported.toml = write_toml(
        {"From the configuration of OfflineIMAP, by sterna import offlineimap."}, hooks_, drafts_);
    imported.remarks = remarks_.take();
    return imported;
  }

 private:
  static constexpr std::size_t kAccountsMax = 1000;

  void say(const OfflineAccount& account, std::string_view text) {
    remarks_.add(account.about, text);
  }

  void add_account(const std::string& name) {
    OfflineAccount account{&file_, name, "Account " + name, "", "", "account " + name};
    if (file_.section(account.section) == nullptr) {
      say(account, "left out: it has no section");
      return;
    }
    account.local = "Repository " + account.text(account.section, "localrepository");
    account.remote = "Repository " + account.text(account.section, "remoterepository");
    const std::string local = ascii_lower(account.text(account.local, "type"));
    const std::string remote = ascii_lower(account.text(account.remote, "type"));
    if ((local != "maildir" && local != "gmailmaildir") ||
        (remote != "imap" && remote != "gmail")) {
      say(account, "left out: it does not connect an IMAP repository with a Maildir repository");
      return;
    }
    Draft draft;
    draft.name = account_name(name, drafts_);
    account.about = "account " + draft.name;
    carry_offline_login(account, draft, remarks_);
    carry_offline_folders(account, folders_, draft, remarks_);
    carry_what_travels(account, draft);
    carry_limits(account, draft);
    carry_rest(account, draft);
    used_.insert({account.section, account.local, account.remote, "general", "DEFAULT"});
    drafts_.push_back(std::move(draft));
    for (const char* hook : {"presynchook", "postsynchook"}) {
      const std::string command = account.text(account.section, hook);
      if (!command.empty()) hooks_found_[hook == std::string_view("postsynchook")].insert(command);
    }
  }

  void carry_what_travels(const OfflineAccount& account, Draft& draft) {
    const bool remote_fixed = account.yes(account.remote, "readonly", false);
    const bool local_fixed = account.yes(account.local, "readonly", false);
    if (remote_fixed) draft.keys.set("direction", "\"pull\"");
    if (local_fixed && !remote_fixed) draft.keys.set("direction", "\"push\"");
    if (local_fixed && remote_fixed) say(account, "readonly on both sides: Sterna pulls");
    const bool makes_remote = account.yes(account.remote, "createfolders", true);
    const bool makes_local = account.yes(account.local, "createfolders", true);
    if (!makes_remote || !makes_local) {
      draft.keys.set_text("create", makes_local ? "local" : makes_remote ? "remote" : "none");
    }
    carry_deletions(account, draft, remote_fixed);
  }

  void carry_deletions(const OfflineAccount& account, Draft& draft, bool remote_fixed) {
    const bool expunges = account.yes(account.remote, "expunge", true);
    const bool sends = account.yes(account.local, "sync_deletes", true);
    if (!account.yes(account.remote, "sync_deletes", true))
      draft.keys.set("remote_delete", "\"ignore\"");
    if (remote_fixed) return;
    if (!sends || !expunges) draft.keys.set("local_delete", "\"ignore\"");
    if (sends && !expunges) {
      say(account,
          "expunge is off: what you deleted here was only marked on the server. Sterna marks "
          "nothing for a file that is gone, and leaves the message (local_delete = \"ignore\"). "
          "Those that are marked there and have no file here any more are fetched again, with the "
          "flag T; local_delete = \"trash\" would move what you delete from now on to the Trash");
    } else if (sends) {
      draft.keys.suggest("local_delete", "\"expunge\"",
                         "as OfflineIMAP did: gone at once, not to the Trash");
      draft.keys.suggest("expunge_flagged", "true",
                         "as OfflineIMAP did: expunge what a reader marked as deleted (T)");
      say(account,
          "a message whose file you delete is moved to the server's Trash, and one that you mark "
          "as deleted (T) keeps that mark; OfflineIMAP expunged both. Two lines in the account say "
          "how to have it so again");
    }
  }

  void carry_limits(const OfflineAccount& account, Draft& draft) {
    constexpr std::string_view kFetched =
        "as long as Sterna has no such limit, the first sync fetches what it left out, too";
    const std::string age = account.text(account.section, "maxage");
    const std::string size = account.text(account.section, "maxsize");
    if (const auto days = parse_number(age, 100'000); days && *days > 0)
      draft.keys.set_text("max_age", fmt::format("{}d", *days));
    if (const auto octets = parse_number(size, UINT64_MAX / 2); octets && *octets > 0)
      draft.keys.set_text("max_size", fmt::format("{}K", (*octets + 1023) / 1024));
    if (!age.empty() && age != "0") say(account, fmt::format("maxage {}: {}", age, kFetched));
    if (!size.empty() && size != "0") say(account, fmt::format("maxsize {}: {}", size, kFetched));
    if (!account.text(account.local, "startdate").empty() ||
        !account.text(account.remote, "startdate").empty())
      say(account, fmt::format("startdate: {}", kFetched));
  }

  void carry_rest(const OfflineAccount& account, Draft& draft) {
    if (account.yes(account.remote, "subscribedonly", false))
      draft.keys.set("subscribed_only", "true");
    const auto connections = parse_number(account.text(account.remote, "maxconnections"), 32);
    if (connections && *connections > 0 && *connections != 4)
      draft.keys.set("connections", fmt::format("{}", *connections));
    carry_interval(account, draft);
    for (const auto& [key, role] : {std::pair("trashfolder", "trash"), {"spamfolder", "junk"}}) {
      const std::string name = account.text(account.remote, key);
      if (!name.empty()) draft.roles.set_text(role, name);
    }
    if (!account.yes("general", "fsync", true)) draft.keys.set("fsync", "false");
    say_what_differs(account);
  }

  // Minutes, in parts as well.
  static void carry_interval(const OfflineAccount& account, Draft& draft) {
    const std::string text = account.text(account.section, "autorefresh");
    const std::size_t dot = text.find('.');
    const auto minutes = parse_number(text.substr(0, dot), 10'000);
    if (!minutes || (*minutes == 0 && dot == std::string::npos) || *minutes == 5) return;
    draft.keys.set_text("poll_interval",
                        *minutes == 0 ? std::string("1m") : fmt::format("{}m", *minutes));
  }

  void say_what_differs(const OfflineAccount& account) {
    if (account.yes(account.section, "synclabels", false))
      say(account, "synclabels has no counterpart: Gmail's labels are mailboxes");
    if (account.yes(account.section, "maildir-windows-compatible", false))
      say(account,
          "maildir-windows-compatible: Sterna knows the colon of the Maildir standard only; rename "
          "the files first, or their flags are lost");
    if (!account.text(account.remote, "reference").empty())
      say(account, "reference has no counterpart: Sterna goes by the server's namespace");
    if (!account.text(account.section, "filterheaders").empty())
      say(account,
          "filterheaders: what OfflineIMAP sent without these headers is another message than its "
          "file: it is fetched again, and the old file held; `sterna held list` shows it, `sterna "
          "held apply` removes it");
    if (!account.text(account.remote, "copy_ignore_eval").empty())
      say(account,
          "copy_ignore_eval has no counterpart: the messages that it left out are fetched, too");
    if (account.yes(account.remote, "realdelete", false))
      say(account,
          "realdelete is of an old OfflineIMAP, and moved what you deleted to Gmail's Trash, as "
          "local_delete = \"trash\" does");
    if (!account.text(account.remote, "newmail_hook").empty())
      say(account, "newmail_hook is Python: see the hook new_mail");
    for (char letter = 'a'; letter <= 'z'; ++letter) {
      if (account.text(account.local, std::string("customflag_") + letter).empty()) continue;
      say(account,
          "customflag: Sterna names the letters of keywords in a dovecot-keywords file of each "
          "mailbox; the keywords come from the server");
      break;
    }
  }

  // Hooks of ours are of all accounts.
  void carry_hooks() {
    constexpr std::pair<const char*, const char*> kHooks[] = {{"presynchook", "before_sync"},
                                                              {"postsynchook", "after_change"}};
    for (std::size_t i = 0; i < 2; ++i) {
      const auto& [theirs, ours] = kHooks[i];
      if (hooks_found_[i].empty()) continue;
      if (hooks_found_[i].size() == 1) hooks_.set_text(ours, *hooks_found_[i].begin());
      remarks_.add(
          "",
          hooks_found_[i].size() == 1
              ? fmt::format("{} became the hook {}, which the daemon runs (sterna run) "
                            "for every account; STERNA_ACCOUNT names it{}",
                            theirs, ours, i == 1 ? ", and only where something changed here" : "")
              : fmt::format("the accounts have several {}: write one hook {}, to which "
                            "STERNA_ACCOUNT names the account",
                            theirs, ours));
    }
  }

  void say_what_is_left() {
    std::string needless;
    for (const IniSection& section : file_.sections()) {
      if (section.name == "mbnames" || section.name.starts_with("mbnames "))
        remarks_.add("",
                     "mbnames has no counterpart: `sterna mailboxes ACCOUNT --json` lists them");
      if (!used_.contains(section.name) || section.name == "DEFAULT") continue;
      for (const IniEntry& entry : section.entries) say_of(section, entry, needless);
    }
    if (!needless.empty())
      remarks_.add("", fmt::format("not carried over, and not needed: {}", needless));
  }

  void say_of(const IniSection& section, const IniEntry& entry, std::string& needless) {
    const auto is = [&entry](std::string_view name) { return entry.key == name; };
    if (std::ranges::any_of(kNotNeededThere, is)) {
      const bool said = (", " + needless + ",").contains(", " + entry.key + ",");
      if (!said) needless += (needless.empty() ? "" : ", ") + entry.key;
    } else if (std::ranges::none_of(kHandled, is) && !entry.key.starts_with("customflag_")) {
      remarks_.add("", fmt::format("line {}: {} in [{}] is no option that is known here",
                                   entry.line, entry.key, section.name));
    }
  }

  IniFile file_;
  const ListFolders& folders_;
  Remarks remarks_;
  Settings hooks_;
  std::set<std::string> hooks_found_[2];
  std::set<std::string> used_;
  std::vector<Draft> drafts_;
};

}  // namespace

Result<Imported> import_offlineimap(std::string_view text, const ListFolders& folders) {
  if (text.size() > kForeignOctetsMax)
    return fail(ErrorCode::too_big, "the file is larger than any configuration");
  return OfflineimapImporter(text, folders).run();
}

}  // namespace sterna::importer
