// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sterna/base/bytes.h"
#include "sterna/base/nearest.h"

namespace sterna::config {
namespace {

// What other programs call it, or people.
struct Synonym {
  Section section;
  std::string_view typed;
  std::string_view key;
};
constexpr Synonym kSynonyms[] = {
    {Section::hooks, "pre_sync", "before_sync"},
    {Section::hooks, "presync", "before_sync"},
    {Section::hooks, "presynchook", "before_sync"},
    {Section::hooks, "post_sync", "after_change"},
    {Section::hooks, "postsync", "after_change"},
    {Section::hooks, "postsynchook", "after_change"},
    {Section::hooks, "after_sync", "after_change"},
    {Section::hooks, "onnewmail", "new_mail"},
    {Section::hooks, "on_new_mail", "new_mail"},
    {Section::hooks, "mail", "new_mail"},
    {Section::hooks, "auth_needed", "needs_auth"},
    {Section::hooks, "auth", "needs_auth"},
    {Section::hooks, "delay", "debounce"},
    {Section::hooks, "wait", "debounce"},
    {Section::metrics, "file", "textfile"},
    {Section::metrics, "path", "textfile"},
    {Section::metrics, "prometheus", "textfile"},
    {Section::account, "idle", "watch"},
    {Section::account, "push", "watch"},
    {Section::account, "notify", "watch"},
    {Section::account, "interval", "poll_interval"},
    {Section::account, "frequency", "poll_interval"},
    {Section::account, "ssl", "tls"},
    {Section::account, "starttls", "tls"},
    {Section::account, "security", "tls"},
    {Section::account, "encryption", "tls"},
    {Section::account, "login", "user"},
    {Section::account, "server", "host"},
    {Section::account, "email", "address"},
    {Section::account, "pass", "password"},
    {Section::account, "path", "maildir"},
    {Section::account, "folder", "mailboxes"},
    {Section::account, "folders", "mailboxes"},
    {Section::account, "exclude", "mailboxes"},
    {Section::account, "include", "mailboxes"},
    {Section::account, "expunge", "local_delete"},
    {Section::roles, "spam", "junk"},
    {Section::roles, "bin", "trash"},
    {Section::roles, "deleted", "trash"},
    {Section::tls, "ca", "ca_file"},
    {Section::tls, "cert", "client_cert"},
    {Section::tls, "key", "client_key"},
    {Section::tls, "fingerprint", "pin_sha256"},
    {Section::account, "oauth2", "oauth"},
    {Section::oauth, "id", "client_id"},
    {Section::oauth, "secret", "client_secret"},
    {Section::oauth, "auth_url", "authorize_url"},
    {Section::oauth, "authorization_url", "authorize_url"},
    {Section::oauth, "authorize_endpoint", "authorize_url"},
    {Section::oauth, "token_endpoint", "token_url"},
    {Section::oauth, "redirect_url", "redirect_uri"},
    {Section::oauth, "scopes", "scope"},
    {Section::oauth, "command", "token_command"},
    {Section::rule, "mailbox", "match"},
    {Section::rule, "pattern", "match"},
    {Section::rule, "folder", "match"},
};

const Key* called_otherwise(Section section, std::string_view name) {
  const std::string typed = ascii_lower(name);
  const auto synonym = std::ranges::find_if(
      kSynonyms, [&](const Synonym& one) { return one.section == section && one.typed == typed; });
  return synonym == std::end(kSynonyms) ? nullptr : find_key(section, synonym->key);
}

// Every section has keys.
const Key& closest(Section section, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) {
    if (key.section == section) names.push_back(key.name);
  }
  return *find_key(section, closest_name(name, names));
}

// Who mends the spelling should not learn only then that the key is of no use.
std::string_view note(const Key& key) {
  return key.support == Support::yes ? "" : " (not supported by this version)";
}

}  // namespace

const Key* find_key(Section section, std::string_view name) {
  const auto it = std::ranges::find_if(
      kKeys, [&](const Key& key) { return key.section == section && key.name == name; });
  return it == kKeys.end() ? nullptr : &*it;
}

std::string_view heading(Section section) {
  constexpr std::string_view kHeadings[] = {"the top of the file",
                                            "[log]",
                                            "[hooks]",
                                            "[metrics]",
                                            "[account.NAME]",
                                            "[account.NAME.hold_deletions]",
                                            "[account.NAME.roles]",
                                            "[account.NAME.tls]",
                                            "[account.NAME.oauth]",
                                            "[[account.NAME.rule]]",
                                            "[account.NAME.quirks]"};
  return kHeadings[static_cast<std::size_t>(section)];
}

std::string hint_for_unknown(Section section, std::string_view name) {
  if (const Key* meant = called_otherwise(section, name))
    return fmt::format("did you mean `{}`?{}", meant->name, note(*meant));
  const Key& near = closest(section, name);
  if (edit_distance(ascii_lower(name), near.name) > 1) {
    const auto elsewhere =
        std::ranges::find_if(kKeys, [name](const Key& key) { return key.name == name; });
    if (elsewhere != kKeys.end()) {
      return fmt::format("`{}` belongs in {}{}", name, heading(elsewhere->section),
                         note(*elsewhere));
    }
  }
  return is_near(name, near.name)
             ? fmt::format("did you mean `{}`?{}", near.name, note(near))
             : fmt::format("the nearest known key is `{}`{}", near.name, note(near));
}

}  // namespace sterna::config
