// SPDX-License-Identifier: Apache-2.0
// Every key of the configuration in one table: where it stands, whether this version supports it,
// and its default as docs/configuration.md has it (a test compares the two, and the defaults with
// the code).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sterna::config {

enum class Section : std::uint8_t {
  top,      // the document itself
  log,      // [log]
  hooks,    // [hooks]
  metrics,  // [metrics]
  account,  // [account.NAME] and [defaults]
  hold,     // hold_deletions of an account or a rule
  roles,    // [account.NAME.roles]
  tls,      // [account.NAME.tls]
  oauth,    // [account.NAME.oauth]
  rule,     // [[account.NAME.rule]]
  quirks,   // [account.NAME.quirks]
};

enum class Support : std::uint8_t {
  yes,
  default_only,  // refused unless the value is a zero, the default, which switches the feature off
};

// What a string counts, for the keys whose default is a zero of it; none: a number.
enum class Measure : std::uint8_t { none, duration, size };

struct Key {
  Section section;
  std::string_view name;
  Support support;
  std::string_view fallback;  // TOML; empty where there is no fixed one
  Measure measure = Measure::none;
};

inline constexpr std::array kKeys = {
    Key{Section::top, "mail_root", Support::yes, "\"~/Mail\""},
    Key{Section::top, "state_dir", Support::yes, ""},
    Key{Section::top, "control_socket", Support::yes, ""},
    Key{Section::top, "account", Support::yes, ""},
    Key{Section::top, "defaults", Support::yes, ""},
    Key{Section::top, "log", Support::yes, ""},
    Key{Section::top, "hooks", Support::yes, ""},
    Key{Section::top, "metrics", Support::yes, ""},

    Key{Section::log, "level", Support::yes, ""},

    Key{Section::hooks, "before_sync", Support::yes, ""},
    Key{Section::hooks, "after_change", Support::yes, ""},
    Key{Section::hooks, "new_mail", Support::yes, ""},
    Key{Section::hooks, "held", Support::yes, ""},
    Key{Section::hooks, "needs_auth", Support::yes, ""},
    Key{Section::hooks, "error", Support::yes, ""},
    Key{Section::hooks, "debounce", Support::yes, "\"2s\""},
    Key{Section::hooks, "timeout", Support::yes, "\"2m\""},

    Key{Section::metrics, "textfile", Support::yes, ""},

    Key{Section::account, "enabled", Support::yes, "true"},
    Key{Section::account, "address", Support::yes, ""},
    Key{Section::account, "user", Support::yes, ""},
    Key{Section::account, "preset", Support::yes, ""},
    Key{Section::account, "host", Support::yes, ""},
    Key{Section::account, "port", Support::yes, "993"},
    Key{Section::account, "auth", Support::yes, "\"auto\""},
    Key{Section::account, "password", Support::yes, ""},
    Key{Section::account, "password_file", Support::yes, ""},
    Key{Section::account, "password_command", Support::yes, ""},
    Key{Section::account, "credential", Support::yes, ""},
    Key{Section::account, "keyring", Support::yes, "false"},
    Key{Section::account, "maildir", Support::yes, ""},
    Key{Section::account, "layout", Support::yes, "\"fs\""},
    Key{Section::account, "inbox", Support::yes, "\"INBOX\""},
    Key{Section::account, "mailboxes", Support::yes, "[\"*\"]"},
    Key{Section::account, "rename", Support::yes, "{}"},
    Key{Section::account, "subscribed_only", Support::yes, "false"},
    Key{Section::account, "tunnel", Support::yes, "[]"},
    Key{Section::account, "proxy", Support::yes, "\"\""},
    Key{Section::account, "watch", Support::yes, "[\"INBOX\"]"},
    Key{Section::account, "poll_interval", Support::yes, "\"5m\""},
    Key{Section::account, "connections", Support::yes, "4"},
    Key{Section::account, "direction", Support::yes, "\"both\""},
    Key{Section::account, "create", Support::yes, "\"both\""},
    Key{Section::account, "expunge_flagged", Support::yes, "false"},
    Key{Section::account, "local_delete", Support::yes, "\"trash\""},
    Key{Section::account, "remote_delete", Support::yes, "\"delete\""},
    Key{Section::account, "max_size", Support::default_only, "\"0\"", Measure::size},
    Key{Section::account, "max_age", Support::default_only, "\"0\"", Measure::duration},
    Key{Section::account, "max_messages", Support::default_only, "0"},
    Key{Section::account, "hold_deletions", Support::yes, ""},
    Key{Section::account, "undo", Support::yes, "\"14d\""},
    Key{Section::account, "fsync", Support::yes, "true"},
    Key{Section::account, "compress", Support::yes, "\"auto\""},
    Key{Section::account, "allow_plaintext", Support::yes, "false"},
    Key{Section::account, "roles", Support::yes, ""},
    Key{Section::account, "tls", Support::yes, ""},
    Key{Section::account, "oauth", Support::yes, ""},
    Key{Section::account, "rule", Support::yes, ""},
    Key{Section::account, "quirks", Support::yes, ""},

    Key{Section::hold, "share", Support::yes, "0.3"},
    Key{Section::hold, "at_least", Support::yes, "50"},
    Key{Section::hold, "within", Support::yes, "\"1h\""},

    Key{Section::roles, "trash", Support::yes, ""},
    Key{Section::roles, "sent", Support::yes, ""},
    Key{Section::roles, "drafts", Support::yes, ""},
    Key{Section::roles, "junk", Support::yes, ""},
    Key{Section::roles, "archive", Support::yes, ""},

    Key{Section::tls, "mode", Support::yes, "\"implicit\""},
    Key{Section::tls, "ca_file", Support::yes, ""},
    Key{Section::tls, "pin_sha256", Support::yes, "[]"},
    Key{Section::tls, "client_cert", Support::yes, ""},
    Key{Section::tls, "client_key", Support::yes, ""},
    Key{Section::tls, "min_version", Support::yes, "\"1.2\""},
    Key{Section::tls, "allow_plaintext", Support::yes, "false"},

    Key{Section::oauth, "provider", Support::yes, ""},
    Key{Section::oauth, "client_id", Support::yes, ""},
    Key{Section::oauth, "client_secret", Support::yes, ""},
    Key{Section::oauth, "tenant", Support::yes, "\"common\""},
    Key{Section::oauth, "scope", Support::yes, ""},
    Key{Section::oauth, "authorize_url", Support::yes, ""},
    Key{Section::oauth, "token_url", Support::yes, ""},
    Key{Section::oauth, "device_url", Support::yes, ""},
    Key{Section::oauth, "revoke_url", Support::yes, ""},
    Key{Section::oauth, "redirect_uri", Support::yes, ""},
    Key{Section::oauth, "port", Support::yes, ""},
    Key{Section::oauth, "ca_file", Support::yes, ""},
    Key{Section::oauth, "token_command", Support::yes, ""},

    Key{Section::rule, "match", Support::yes, ""},
    Key{Section::rule, "direction", Support::yes, ""},
    Key{Section::rule, "expunge_flagged", Support::yes, ""},
    Key{Section::rule, "local_delete", Support::yes, ""},
    Key{Section::rule, "remote_delete", Support::yes, ""},
    Key{Section::rule, "hold_deletions", Support::yes, ""},
    Key{Section::rule, "max_size", Support::default_only, "\"0\"", Measure::size},
    Key{Section::rule, "max_age", Support::default_only, "\"0\"", Measure::duration},
    Key{Section::rule, "max_messages", Support::default_only, "0"},

    Key{Section::quirks, "command_line_octets_max", Support::yes, ""},
    Key{Section::quirks, "pipeline_depth_max", Support::yes, ""},
    Key{Section::quirks, "connections_max", Support::yes, ""},
    Key{Section::quirks, "download_mb_a_day", Support::yes, ""},
    Key{Section::quirks, "upload_mb_a_day", Support::yes, ""},
    Key{Section::quirks, "idle_seconds_max", Support::yes, ""},
    Key{Section::quirks, "no_qresync", Support::yes, ""},
    Key{Section::quirks, "ask_capability_after_login", Support::yes, ""},
    Key{Section::quirks, "id_required", Support::yes, ""},
    Key{Section::quirks, "idle_unreliable", Support::yes, ""},
    Key{Section::quirks, "size_unreliable", Support::yes, ""},
    Key{Section::quirks, "hides_old_messages", Support::yes, ""},
    Key{Section::quirks, "deletes_at_once", Support::yes, ""},
    Key{Section::quirks, "append_deduplicates", Support::yes, ""},
    Key{Section::quirks, "append_rewrites", Support::yes, ""},
    Key{Section::quirks, "substitutes_messages", Support::yes, ""},
    Key{Section::quirks, "no_uid_expunge", Support::yes, ""},
    Key{Section::quirks, "no_mailbox_id", Support::yes, ""},
    Key{Section::quirks, "binds_by_finished", Support::yes, ""},
};

// nullptr if the section has no such key.
const Key* find_key(Section section, std::string_view name);

// "[account.NAME.tls]", as a file has it.
std::string_view heading(Section section);

// What to say after an unknown key: where it belongs, or the nearest known one.
std::string hint_for_unknown(Section section, std::string_view name);

}  // namespace sterna::config
