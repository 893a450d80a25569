// SPDX-License-Identifier: Apache-2.0
// mbsync's channels become accounts: one for each IMAP account and Maildir store that channels
// connect.
#include <fmt/format.h>

#include <algorithm>

#include "draft.h"
#include "folders.h"
#include "mbsync_channel.h"
#include "mbsync_file.h"
#include "mbsync_login.h"
#include "mbsync_mailboxes.h"
#include "sterna/base/bytes.h"
#include "sterna/importer/importer.h"
#include "words.h"

namespace sterna::importer {
namespace {

// The channels that become one account.
struct Family {
  const MbsyncSection* login = nullptr;
  const MbsyncSection* imap = nullptr;
  const MbsyncSection* maildir = nullptr;
  std::vector<MbsyncLink> links;
};

class MbsyncImporter {
 public:
  MbsyncImporter(std::string_view text, const ListFolders& folders)
      : file_(parse_mbsync(text)), folders_(folders) {}

  Result<Imported> run() {
    for (const std::string& problem : file_.problems) remarks_.add("", problem);
    for (const MbsyncSection& section : file_.sections) {
      if (section.kind == "channel") link(section);
    }
    for (const Family& family : families_) add_account(family);
    if (drafts_.empty()) {
      return fail(Error(ErrorCode::config, "no channel connects an IMAP store with a Maildir store")
                      .with_hint("is this the configuration of mbsync?"));
    }
    say_what_is_left();
    Imported imported;
    imported.holds_password = std::ranges::any_of(
        drafts_, [](const Draft& draft) { return draft.keys.find("password") != nullptr; });
    imported.toml =
        write_toml({"From the configuration of mbsync, by sterna import mbsync."}, {}, drafts_);
    imported.remarks = remarks_.take();
    return imported;
  }

 private:
  const MbsyncSection* section(std::string_view kind, std::string_view name) const {
    for (const MbsyncSection& one : file_.sections) {
      if (one.kind == kind && one.name == name) return &one;
    }
    return nullptr;
  }

  // ---- which channels belong together

  void link(const MbsyncSection& section_of_channel) {
    MbsyncLink link{read_channel(section_of_channel, remarks_), false, {}, {}, {}};
    const MbsyncChannel& channel = link.channel;
    if (channel.far.store.empty() || channel.near.store.empty()) return;
    link.reversed = section("imapstore", channel.far.store) == nullptr;
    link.remote = link.reversed ? channel.near : channel.far;
    link.local = link.reversed ? channel.far : channel.near;
    const MbsyncSection* imap = section("imapstore", link.remote.store);
    const MbsyncSection* maildir = section("maildirstore", link.local.store);
    const std::string about = "channel " + channel.name;
    if (imap == nullptr || maildir == nullptr) {
      remarks_.add(about, "left out: it does not connect an IMAP store with a Maildir store");
      return;
    }
    const MbsyncOption* named = imap->find("Account");
    const MbsyncSection* login = named == nullptr ? imap : section("imapaccount", named->first());
    if (login == nullptr) {
      remarks_.add(about, fmt::format("left out: there is no IMAPAccount {}", named->first()));
      return;
    }
    link.path = path_of_store(*imap);
    family_of(login, imap, maildir).links.push_back(std::move(link));
  }

  Family& family_of(const MbsyncSection* login, const MbsyncSection* imap,
                    const MbsyncSection* maildir) {
    for (Family& family : families_) {
      if (family.login == login && family.maildir == maildir) return family;
    }
    return families_.emplace_back(Family{login, imap, maildir, {}});
  }

  // Courier's "INBOX." is the prefix of the namespace, which Sterna strips by itself.
  static std::string path_of_store(const MbsyncSection& imap) {
    const MbsyncOption* option = imap.find("Path");
    if (option == nullptr) return {};
    const std::string path(option->first());
    const std::string upper = ascii_upper(path);
    return upper == "INBOX." || upper == "INBOX/" || upper == "INBOX" ? std::string() : path;
  }

  // ---- an account

  void add_account(const Family& family) {
    Draft draft;
    draft.name = account_name(wanted_name(family), drafts_);
    about_ = "account " + draft.name;
    std::string channels;
    for (const MbsyncLink& link : family.links)
      channels += (channels.empty() ? "" : ", ") + link.channel.name;
    draft.comments.push_back(fmt::format("channel{} {}, store {}",
                                         family.links.size() > 1 ? "s" : "", channels,
                                         family.maildir->name));
    carry_login(*family.login, about_, draft, remarks_);
    if (const MbsyncOption* only = family.imap->find("SubscribedOnly"))
      if (is_yes(only->first())) draft.keys.set("subscribed_only", "true");
    const MaildirStore store = carry_store(*family.maildir, *family.imap, about_, draft, remarks_);
    const std::vector<const MbsyncLink*> links = in_order(family);
    carry_mailboxes(store, links, folders_, about_, draft, remarks_);
    carry_policies(links, draft);
    carry_stores_rest(family, draft);
    if (const MbsyncOption* fsync = file_.global.find("FSync"))
      if (is_no(fsync->first())) draft.keys.set("fsync", "false");
    switch_off_if_nested(draft);
    drafts_.push_back(std::move(draft));
  }

  std::string wanted_name(const Family& family) const {
    const auto same_login = [&family](const Family& one) { return one.login == family.login; };
    const bool alone = std::ranges::count_if(families_, same_login) == 1;
    return alone ? family.login->name : family.login->name + "-" + family.maildir->name;
  }

  // Lists that exclude come first, so that they hide nothing that another channel includes.
  std::vector<const MbsyncLink*> in_order(const Family& family) {
    std::vector<const MbsyncLink*> links;
    for (const MbsyncLink& link : family.links) links.push_back(&link);
    const auto rank = [](const MbsyncLink* link) {
      if (link->channel.patterns.empty()) return 2;
      const bool excludes = std::ranges::any_of(
          link->channel.patterns, [](const std::string& text) { return text.starts_with('!'); });
      return excludes ? 0 : 1;
    };
    std::vector<const MbsyncLink*> sorted;
    for (const int wanted : {0, 1, 2}) {
      for (const MbsyncLink* one : links) {
        if (rank(one) == wanted) sorted.push_back(one);
      }
    }
    if (sorted.size() > 1 && rank(sorted[1]) == 0)
      remarks_.add(about_,
                   "several channels exclude mailboxes: look whether `mailboxes` says what is "
                   "meant (of patterns that match, the last one counts)");
    return sorted;
  }

  // Options of the Maildir store, and of the IMAP store, beyond where they are.
  void carry_stores_rest(const Family& family, Draft& draft) {
    const MbsyncSection& maildir = *family.maildir;
    const MbsyncSection& imap = *family.imap;
    const MbsyncOption* delimiter = maildir.find("InfoDelimiter");
    if (delimiter == nullptr) delimiter = file_.global.find("FieldDelimiter");
    if (delimiter != nullptr && delimiter->first() != ":")
      remarks_.add(about_,
                   "InfoDelimiter: Sterna knows the colon of the Maildir standard only; rename the "
                   "files first, or their flags are lost");
    if (const MbsyncOption* trash = imap.find("Trash"))
      draft.roles.set_text("trash", decoded_name(trash->first()));
    if (maildir.find("Trash") != nullptr)
      remarks_.add(about_,
                   "Trash of the Maildir store has no counterpart: what the server deletes is kept "
                   "in the undo area for the days of `undo` (sterna undo)");
    if (imap.find("UseNamespace") != nullptr && is_no(imap.find("UseNamespace")->first()))
      remarks_.add(about_, "UseNamespace no: Sterna goes by the server's namespace");
    if (maildir.find("MapInbox") != nullptr)
      remarks_.add(about_, "MapInbox of a Maildir store has no counterpart");
    for (const MbsyncSection* store : {&maildir, &imap}) {
      if (store->find("MaxSize") == nullptr) continue;
      const auto size = store->find("MaxSize")->first();
      if (!size.starts_with('0'))
        remarks_.add(about_, fmt::format("MaxSize {} of store {} is not carried over: all "
                                         "messages are fetched, placeholders are held",
                                         size, store->name));
    }
  }

  // ---- what travels

  void carry_policies(const std::vector<const MbsyncLink*>& links, Draft& draft) {
    std::vector<Settings> policies;
    for (const MbsyncLink* link : links) {
      const std::string whose =
          links.size() > 1 ? fmt::format("{}, channel {}", about_, link->channel.name) : about_;
      policies.push_back(
          carry_policy(link->channel, file_.global, link->reversed, whose, remarks_));
    }
    const Settings& main = policies.front();
    for (const Setting& setting : main.all()) draft.keys.set(setting.key, setting.value);
    for (const Setting& one : main.suggestions()) draft.keys.suggest(one.key, one.value, one.note);
    for (std::size_t i = 1; i < policies.size(); ++i) add_rule(*links[i], main, policies[i], draft);
  }

  void add_rule(const MbsyncLink& link, const Settings& main, const Settings& own, Draft& draft) {
    static constexpr std::pair<const char*, const char*> kDefaults[] = {
        {"direction", "\"both\""}, {"local_delete", "\"trash\""}, {"remote_delete", "\"delete\""},
        {"max_size", "\"0\""},     {"max_messages", "0"},
    };
    const auto value = [](const Settings& settings, const char* key, const char* fallback) {
      const Setting* setting = settings.find(key);
      return setting == nullptr ? std::string(fallback) : std::string(setting->value);
    };
    Settings rule;
    for (const auto& [key, fallback] : kDefaults) {
      const std::string wanted = value(own, key, fallback);
      if (wanted != value(main, key, fallback)) rule.set(key, wanted);
    }
    if (value(own, "create", "") != value(main, "create", ""))
      remarks_.add(about_, fmt::format("channel {}: Create differs from that of the first channel, "
                                       "which holds for the whole account now",
                                       link.channel.name));
    if (rule.empty()) return;
    Settings whole;
    whole.set("match", toml_array(selection_of(link)));
    for (const Setting& setting : rule.all()) whole.set(setting.key, setting.value);
    draft.rules.push_back(std::move(whole));
  }

  // Sterna takes no Maildir inside another.
  void switch_off_if_nested(Draft& draft) {
    const std::string mine = draft.keys.find("maildir")->value;
    for (const Draft& other : drafts_) {
      std::string_view theirs = other.keys.find("maildir")->value;
      std::string_view own = mine;
      theirs.remove_suffix(1);  // the quotation mark
      own.remove_suffix(1);
      const bool nested = path_below(own, theirs) || path_below(theirs, own);
      if (!nested || other.keys.find("enabled") != nullptr) continue;
      draft.keys.set("enabled", "false", "its maildir meets that of " + other.name);
      remarks_.add("account " + draft.name,
                   fmt::format("its Maildir lies in that of account {}, or the other way round, "
                               "which Sterna refuses; it is switched off (enabled = false). Give "
                               "each a directory of its own",
                               other.name));
      return;
    }
  }

  void say_what_is_left() {
    std::string groups;
    for (const MbsyncSection& section : file_.sections) {
      if (section.kind == "group") groups += (groups.empty() ? "" : ", ") + section.name;
      if (section.kind == "group" && names_boxes(section))
        remarks_.add("", fmt::format("group {} names mailboxes of its channels; `sterna sync "
                                     "ACCOUNT/MAILBOX` does that",
                                     section.name));
    }
    if (!groups.empty())
      remarks_.add("", fmt::format("groups are not needed ({}): `sterna sync ACCOUNT...` names "
                                   "accounts, and without a name all are synced",
                                   groups));
    say_unknown();
  }

  static bool names_boxes(const MbsyncSection& group) {
    return std::ranges::any_of(group.options, [](const MbsyncOption& option) {
      return std::ranges::any_of(option.words,
                                 [](const WipedString& word) { return word.contains(':'); });
    });
  }

  void say_unknown();

  MbsyncFile file_;
  const ListFolders& folders_;
  Remarks remarks_;
  std::vector<Family> families_;
  std::vector<Draft> drafts_;
  std::string about_;
};

// Every word that some version of mbsync knows.
constexpr std::string_view kKnown[] = {
    "Account",
    "AltMap",
    "AuthMech",
    "AuthMechs",
    "BufferLimit",
    "CertificateFile",
    "Channel",
    "Channels",
    "CipherString",
    "ClientCertificate",
    "ClientKey",
    "CopyArrivalDate",
    "Create",
    "DisableExtension",
    "DisableExtensions",
    "Expunge",
    "ExpungeSolo",
    "ExpireSide",
    "ExpireUnread",
    "FSync",
    "Far",
    "FieldDelimiter",
    "Flatten",
    "Host",
    "Inbox",
    "InfoDelimiter",
    "KeepAlive",
    "MapInbox",
    "Master",
    "MaxMessages",
    "MaxSize",
    "Near",
    "Pass",
    "PassCmd",
    "Path",
    "PathDelimiter",
    "Pattern",
    "Patterns",
    "PipelineDepth",
    "Port",
    "Remove",
    "RequireSSL",
    "SSLType",
    "SSLVersions",
    "Slave",
    "SubFolders",
    "SubscribedOnly",
    "Sync",
    "SyncState",
    "SystemCertificates",
    "TLSType",
    "TLSVersions",
    "Timeout",
    "Trash",
    "TrashNewOnly",
    "TrashRemoteNew",
    "Tunnel",
    "UseIMAPS",
    "UseKeychain",
    "UseNamespace",
    "UseSSLv2",
    "UseSSLv3",
    "UseTLSv1",
    "UseTLSv1.1",
    "UseTLSv1.2",
    "User",
    "UserCmd",
};
// Known, and of no use to Sterna, or for no store that it has.
constexpr std::string_view kDropped[] = {"AltMap",    "BufferLimit",  "CopyArrivalDate",
                                         "SyncState", "TrashNewOnly", "TrashRemoteNew"};

void MbsyncImporter::say_unknown() {
  std::string dropped;
  std::vector<const MbsyncSection*> all = {&file_.global};
  for (const MbsyncSection& section : file_.sections) all.push_back(&section);
  for (const MbsyncSection* section : all) {
    for (const MbsyncOption& option : section->options) {
      const auto is = [&option](std::string_view name) { return option.is(name); };
      if (std::ranges::none_of(kKnown, is))
        remarks_.add("", fmt::format("line {}: {} is no option that is known here", option.line,
                                     option.word));
      const bool said = dropped.contains(option.word);
      if (!said && std::ranges::any_of(kDropped, is))
        dropped += (dropped.empty() ? "" : ", ") + option.word;
    }
  }
  if (!dropped.empty())
    remarks_.add("", fmt::format("not carried over, and not needed: {}. Sterna keeps the date of a "
                                 "message as the time of its file, and its state apart from mail",
                                 dropped));
}

}  // namespace

Result<Imported> import_mbsync(std::string_view text, const ListFolders& folders) {
  if (text.size() > kForeignOctetsMax)
    return fail(ErrorCode::too_big, "the file is larger than any configuration");
  return MbsyncImporter(text, folders).run();
}

}  // namespace sterna::importer
