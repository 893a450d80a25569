// SPDX-License-Identifier: Apache-2.0
// The configuration as checked values: what load() hands to the rest of the program.
//
// Every value here is complete and legal: defaults, [defaults] and the provider's preset are
// merged, paths are absolute and `~` is expanded, names and numbers are in range.
// docs/configuration.md says what each key means to a person.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "sterna/base/digest.h"
#include "sterna/base/log.h"
#include "sterna/base/secret.h"
#include "sterna/config/oauth.h"
#include "sterna/model/mailbox_name.h"
#include "sterna/model/role.h"

namespace sterna::config {

enum class Auth : std::uint8_t {
  automatic,
  plain,
  login,
  cram_md5,
  scram_sha_1,
  scram_sha_256,
  oauth,
  external,
};
enum class Layout : std::uint8_t { fs, maildirpp };
enum class Direction : std::uint8_t { both, pull, push };
enum class Create : std::uint8_t { both, local, remote, none };  // which side may get a mailbox
enum class LocalDelete : std::uint8_t { trash, expunge, ignore };
enum class RemoteDelete : std::uint8_t { remove, ignore };  // `remove` is written "delete"
enum class Compress : std::uint8_t { automatic, yes, no };
enum class TlsMode : std::uint8_t { implicit, starttls, none };
enum class TlsVersion : std::uint8_t { tls12, tls13 };

// A program and its arguments; a string of the file became {"/bin/sh", "-c", text}.
using Command = std::vector<std::string>;

// Where the password comes from. Reading it is left to the moment of the login.
struct PasswordFile {
  std::string path;  // absolute; see read_password_file()
  bool operator==(const PasswordFile&) const = default;
};
struct PasswordCommand {
  Command argv;  // never empty
  bool operator==(const PasswordCommand&) const = default;
};
// A credential that the service manager gives its services (systemd.exec(5), LoadCredential=).
struct PasswordCredential {
  std::string name;  // of a file, without a slash
  bool operator==(const PasswordCredential&) const = default;
};
// The desktop's keyring, through secret-tool(1).
struct PasswordKeyring {
  bool operator==(const PasswordKeyring&) const = default;
};
using SecretSource = std::variant<std::monostate, Secret, PasswordFile, PasswordCommand,
                                  PasswordCredential, PasswordKeyring>;

// socks5h://user:password@host:port
struct ProxyConfig {
  std::string host;  // empty: none
  std::uint16_t port = 0;
  std::string user;  // empty: none is said
  Secret password;
  bool operator==(const ProxyConfig&) const = default;
};

// The brake on deletions in bulk: held when at least `at_least` messages and at least `share` of
// what was there when the window began are to go within `within`.
struct HoldPolicy {
  double share = 0.3;  // 0 to 1
  std::uint64_t at_least = 50;
  std::chrono::seconds within = std::chrono::hours(1);
  bool operator==(const HoldPolicy&) const = default;
};

// What may differ from mailbox to mailbox.
struct MailboxPolicy {
  Direction direction = Direction::both;
  LocalDelete local_delete = LocalDelete::trash;
  RemoteDelete remote_delete = RemoteDelete::remove;
  bool expunge_flagged = false;
  HoldPolicy hold;
  bool operator==(const MailboxPolicy&) const = default;
};

// A [[account.NAME.rule]]: what it sets for the mailboxes that `match` selects. An unset member
// leaves what an earlier rule or the account says.
struct Rule {
  std::vector<std::string> match;  // IMAP wildcards; "!" excludes; the last match wins
  std::optional<Direction> direction = {};
  std::optional<LocalDelete> local_delete = {};
  std::optional<RemoteDelete> remote_delete = {};
  std::optional<bool> expunge_flagged = {};
  std::optional<double> hold_share = {};
  std::optional<std::uint64_t> hold_at_least = {};
  std::optional<std::chrono::seconds> hold_within = {};
  bool operator==(const Rule&) const = default;
};

struct TlsConfig {
  TlsMode mode = TlsMode::implicit;
  std::string ca_file;       // absolute, or empty: the system's authorities alone
  std::vector<Digest> pins;  // SHA-256 of a SubjectPublicKeyInfo; empty: no pinning
  std::string client_cert;   // absolute, or empty
  std::string client_key;    // absolute, or empty; the same as client_cert where only that is given
  TlsVersion min_version = TlsVersion::tls12;
  bool operator==(const TlsConfig&) const = default;
};

struct AccountConfig {
  std::string name;  // letters, digits, '.', '_', '-'; 1 to 64 octets; never "." or ".."
  bool enabled = true;
  std::string address;  // may be empty where user and host are given
  std::string user;     // never empty; no control characters
  std::string preset;   // the preset in force, or empty
  std::string host;     // never empty but with a tunnel that TLS is left to
  std::uint16_t port = 993;
  Auth auth = Auth::automatic;
  SecretSource secret;
  std::optional<OAuthConfig> oauth;  // used where `auth` is Auth::oauth
  // mode = "none" towards a host that is no loopback address was asked for in so many words.
  bool allow_plaintext = false;
  TlsConfig tls;
  Command tunnel;  // instead of a connection; empty: none
  ProxyConfig proxy;
  // Mailboxes that are pushed where the server has no NOTIFY; see pushes(). Empty: none.
  std::vector<std::string> watch{"INBOX"};
  std::chrono::seconds poll_interval = std::chrono::minutes(5);  // at least kPollIntervalMin
  unsigned connections = 4;                                      // 1 to kConnectionsMax
  Compress compress = Compress::automatic;

  std::string maildir;  // absolute; no account's maildir is inside another's
  Layout layout = Layout::fs;
  std::string inbox;  // local folder of INBOX, '/' between components; "" is the maildir's root
  std::vector<std::string> mailboxes{"*"};  // see includes()
  // Roles of the preset that are left out of the sync unless the user wrote `mailboxes`.
  std::vector<Role> excluded_roles;
  std::map<MailboxName, MailboxName> rename;  // local name to remote name; see RenameMap
  bool subscribed_only = false;
  // Where the server has no SPECIAL-USE. A name that the server does not have counts as not given.
  std::map<Role, MailboxName> roles;
  // Switches of the server's habits, by name, that the user set; 0 and 1 are false and true.
  std::map<std::string, std::uint64_t> quirks;
  std::set<Role> preset_roles;  // those of them that the preset names, and not the user

  Create create = Create::both;
  MailboxPolicy policy;  // before the rules; see policy_for()
  std::vector<Rule> rules;
  std::chrono::seconds undo = std::chrono::days(14);  // 0: no undo area for local deletions
  bool fsync = true;
  bool operator==(const AccountConfig&) const = default;
};

inline constexpr unsigned kConnectionsMax = 32;
inline constexpr std::chrono::seconds kPollIntervalMin{10};

// What is run at which event; empty: nothing.
struct HooksConfig {
  Command before_sync = {};
  Command after_change = {};
  Command new_mail = {};
  Command held = {};
  Command needs_auth = {};
  Command error = {};
  std::chrono::seconds debounce{2};
  std::chrono::seconds timeout = std::chrono::minutes(2);  // longer than 0
};

struct MetricsConfig {
  std::string textfile;  // absolute, or empty: none is written
};

struct Config {
  std::vector<std::string> files;     // what was read, in that order
  std::string mail_root;              // absolute, as all paths here
  std::string state_dir;              // an account's state is state_dir/NAME
  std::string control_socket;         // absolute; not made yet, maybe
  std::optional<LogLevel> log_level;  // as written in [log]
  HooksConfig hooks;
  MetricsConfig metrics;
  std::vector<AccountConfig> accounts;  // ascending by name; at least one

  // nullptr if there is none of that name.
  const AccountConfig* account(std::string_view name) const;
};

// Whether what is sent to the server never leaves this machine: its host is this one (loopback.h),
// and no proxy stands in between.
bool stays_on_this_machine(const AccountConfig& account);

// False for a server that is known to let nobody in but by OAuth 2.0.
bool takes_passwords(std::string_view host);

}  // namespace sterna::config
