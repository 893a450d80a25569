// SPDX-License-Identifier: Apache-2.0
// The keys that say what is kept where, and which changes travel.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "account.h"
#include "sterna/base/bytes.h"

namespace sterna::config {
namespace {

constexpr Choice<Layout> kLayout[] = {{"fs", Layout::fs}, {"maildir++", Layout::maildirpp}};
constexpr Choice<Direction> kDirection[] = {
    {"both", Direction::both}, {"pull", Direction::pull}, {"push", Direction::push}};
constexpr Choice<Create> kCreate[] = {{"both", Create::both},
                                      {"local", Create::local},
                                      {"remote", Create::remote},
                                      {"none", Create::none}};
constexpr Choice<LocalDelete> kLocalDelete[] = {{"trash", LocalDelete::trash},
                                                {"expunge", LocalDelete::expunge},
                                                {"ignore", LocalDelete::ignore}};
constexpr Choice<RemoteDelete> kRemoteDelete[] = {{"delete", RemoteDelete::remove},
                                                  {"ignore", RemoteDelete::ignore}};
constexpr std::array kRoles = {Role::trash, Role::sent, Role::drafts, Role::junk, Role::archive};

const Node* find_table(const Fields& fields, std::string_view key) {
  const Node* node = fields.find(key);
  if (node == nullptr || node->is(Node::Kind::table)) return node;
  fields.refuse(key,
                fmt::format("{} takes a table, not {}", fields.quoted(key), describe(node->kind)));
  return nullptr;
}

// A mailbox name as the value of `key`; false, with a problem, if it cannot be one.
bool read_mailbox(const Fields& fields, std::string_view key, MailboxName& out) {
  std::string text;
  if (!fields.text(key, text)) return false;
  if (const auto flaw = flaw_of_mailbox_name(text)) {
    fields.refuse(key,
                  fmt::format("{} takes the name of a mailbox: {}", fields.quoted(key), *flaw));
    return false;
  }
  out = MailboxName(std::move(text));
  return true;
}

void read_inbox(const Fields& fields, AccountConfig& account) {
  account.inbox = account.layout == Layout::fs ? "INBOX" : "";
  if (!fields.text("inbox", account.inbox) || account.inbox.empty()) return;
  constexpr std::array<std::string_view, 6> kReserved = {"", ".", "..", "cur", "new", "tmp"};
  const std::vector<std::string_view> components = split(account.inbox, '/');
  const bool sound = std::ranges::none_of(components, [&](std::string_view component) {
    return std::ranges::find(kReserved, component) != kReserved.end();
  });
  if (!sound) {
    fields.refuse("inbox",
                  "`inbox` takes the name of a folder inside the maildir, or \"\" for its "
                  "root");
  }
}

void read_roles(const Fields& fields, AccountConfig& account) {
  const Node* node = find_table(fields, "roles");
  if (node == nullptr) return;
  const Fields roles(*node, Section::roles, "roles.", fields.home(), fields.problems());
  roles.check_keys();
  for (const Role role : kRoles) {
    MailboxName name;
    if (!read_mailbox(roles, to_string(role), name)) continue;
    account.roles[role] = std::move(name);
    account.preset_roles.erase(role);
  }
}

void read_rename_entry(const Member& entry, const Fields& names, AccountConfig& account) {
  Problems& problems = names.problems();
  if (const auto flaw = flaw_of_mailbox_name(entry.key)) {
    problems.add(entry.place,
                 fmt::format("`rename` has local names of mailboxes as keys: {}", *flaw));
    return;
  }
  MailboxName remote;
  if (!read_mailbox(names, entry.key, remote)) return;
  const MailboxName local(entry.key);
  if (local.is_inbox() || remote.is_inbox()) {
    problems.add(entry.place, "INBOX cannot be renamed", "its local folder is the key `inbox`");
    return;
  }
  for (const auto& [other_local, other_remote] : account.rename) {
    if (other_local == local || other_remote == remote) {
      problems.add(entry.place,
                   fmt::format("{} and {} cannot both be renamed: they would be one mailbox",
                               names.quoted(other_local.text()), names.quoted(entry.key)));
      return;
    }
  }
  account.rename.emplace(local, std::move(remote));
}

void read_rename(const Fields& fields, AccountConfig& account) {
  const Node* node = find_table(fields, "rename");
  if (node == nullptr) return;
  const Fields names(*node, Section::account, "rename.", fields.home(), fields.problems());
  for (const Member& entry : node->members) read_rename_entry(entry, names, account);
}

// Out is a HoldPolicy's members or a Rule's optional ones.
template <class Share, class Count, class Duration>
void read_hold(const Fields& fields, Share& share, Count& at_least, Duration& within) {
  const Node* node = find_table(fields, "hold_deletions");
  if (node == nullptr) return;
  const Fields hold(*node, Section::hold, "hold_deletions.", fields.home(), fields.problems());
  hold.check_keys();
  hold.share("share", share);
  hold.integer("at_least", 1, std::numeric_limits<std::int64_t>::max(), at_least);
  hold.duration("within", Zero::refused, within);
}

void read_rule(const Node& node, const Fields& account_fields, AccountConfig& account) {
  const Fields fields(node, Section::rule, "rule.", account_fields.home(),
                      account_fields.problems());
  fields.check_keys();
  Rule rule;
  if (fields.find("match") == nullptr) {
    fields.problems().add(node.place, "a rule without `match` matches nothing");
  }
  read_patterns(fields, "match", rule.match);
  fields.choice("direction", kDirection, rule.direction);
  fields.choice("local_delete", kLocalDelete, rule.local_delete);
  fields.choice("remote_delete", kRemoteDelete, rule.remote_delete);
  fields.boolean("expunge_flagged", rule.expunge_flagged);
  read_hold(fields, rule.hold_share, rule.hold_at_least, rule.hold_within);
  account.rules.push_back(std::move(rule));
}

void read_rules(const Fields& fields, AccountConfig& account) {
  const Node* node = fields.find("rule");
  if (node == nullptr) return;
  const bool tables =
      node->is(Node::Kind::array) &&
      std::ranges::all_of(node->items, [](const Node& item) { return item.is(Node::Kind::table); });
  if (!tables) {
    fields.refuse("rule", "rules are written as [[account.NAME.rule]]");
    return;
  }
  for (const Node& item : node->items) read_rule(item, fields, account);
}

void read_selection(const Fields& fields, AccountConfig& account) {
  if (read_patterns(fields, "mailboxes", account.mailboxes)) account.excluded_roles.clear();
  fields.boolean("subscribed_only", account.subscribed_only);
}

}  // namespace

bool read_patterns(const Fields& fields, std::string_view key, std::vector<std::string>& out) {
  std::vector<std::string> patterns;
  if (!fields.texts(key, patterns)) return false;
  const bool has_empty = std::ranges::any_of(
      patterns, [](const std::string& text) { return text.empty() || text == "!"; });
  const bool selects =
      std::ranges::any_of(patterns, [](const std::string& text) { return !text.starts_with('!'); });
  if (has_empty) {
    fields.refuse(key, fields.quoted(key) + " has an empty pattern");
  } else if (!selects) {
    fields.refuse(key, fields.quoted(key) + " selects nothing",
                  "begin with a pattern that includes, such as \"*\"");
  }
  out = std::move(patterns);
  return true;
}

void read_mail(const Fields& fields, AccountConfig& account) {
  fields.path("maildir", account.maildir);
  fields.choice("layout", kLayout, account.layout);
  read_inbox(fields, account);
  read_selection(fields, account);
  read_rename(fields, account);
  read_roles(fields, account);
  fields.choice("create", kCreate, account.create);
  fields.choice("direction", kDirection, account.policy.direction);
  fields.choice("local_delete", kLocalDelete, account.policy.local_delete);
  fields.choice("remote_delete", kRemoteDelete, account.policy.remote_delete);
  fields.boolean("expunge_flagged", account.policy.expunge_flagged);
  HoldPolicy& hold = account.policy.hold;
  read_hold(fields, hold.share, hold.at_least, hold.within);
  fields.duration("undo", Zero::allowed, account.undo);
  fields.boolean("fsync", account.fsync);
  read_rules(fields, account);
}

}  // namespace sterna::config
