// SPDX-License-Identifier: Apache-2.0
// Settings: one account as the engine needs it, made from the configuration by the command line
// (the engine does not know the configuration's room). Services: the world, as interfaces.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sterna/auth/mechanism.h"
#include "sterna/base/log.h"
#include "sterna/base/secret.h"
#include "sterna/io/clock.h"
#include "sterna/io/file_system.h"
#include "sterna/io/random.h"
#include "sterna/io/transport.h"
#include "sterna/io/worker.h"
#include "sterna/maildir/layout.h"
#include "sterna/model/mailbox_name.h"
#include "sterna/model/role.h"
#include "sterna/sync/mailbox_plan.h"
#include "sterna/sync/plan.h"

namespace sterna::account {

struct Services {
  io::Clock& clock;
  io::Worker& worker;
  io::Dialer& dialer;
  io::Random& random;
  io::FileSystem& files;
};

enum class Compress : std::uint8_t { automatic, yes, no };

// What may differ from mailbox to mailbox.
struct MailboxPolicy {
  sync::Direction direction = sync::Direction::both;
  sync::LocalDelete local_delete = sync::LocalDelete::trash;
  sync::RemoteDelete remote_delete = sync::RemoteDelete::remove;
  bool expunge_flagged = false;
  sync::Brake brake;
  std::chrono::seconds brake_within = std::chrono::hours(1);
};

// Another account of the configuration, as far as its Maildir and its state are looked at: no
// message leaves a server while it may be a file there that no server has (rule 17).
struct Neighbour {
  std::string name;
  bool enabled = true;
  std::string maildir;    // absolute
  std::string state_dir;  // of that account, absolute
  maildir::LayoutKind layout = maildir::LayoutKind::fs;
  std::string inbox = "INBOX";

  // Pure functions of the configuration, for any thread.
  std::function<Result<MailboxName>(const MailboxName&)> to_remote;
  // Whether new files of that mailbox (remote name) are sent.
  std::function<bool(const MailboxName&, Role)> sends;
};

// All accounts of a configuration, in one copy for all of them; none: there is one alone.
using Neighbours = std::shared_ptr<const std::vector<Neighbour>>;

struct Settings {
  std::string name;
  std::string user;
  // Asked before a login: the password, or with Preference::oauth an access token. Fails with
  // ErrorCode::secret where a person has to help, with ErrorCode::login where a consent is gone.
  std::function<coro::Task<Result<Secret>>()> password;
  // Asked once more where the server refused that token: another one. Empty for passwords, which
  // are never tried twice. Several logins may ask at a time, each with the token that it had.
  std::function<coro::Task<Result<Secret>>(Secret refused)> renewed_token;
  // When the access token ends that was shown last; 0: not known. Empty where nobody knows.
  std::function<std::int64_t()> token_expires_ms;
  auth::Preference auth = auth::Preference::automatic;
  // Whose mail is wanted, for Preference::external; "": the certificate says it.
  std::string authorization_identity;
  std::string login_hint;  // what mends a refused login; "": the usual
  io::Endpoint endpoint;
  bool allow_plaintext = false;
  unsigned connections = 4;
  Compress compress = Compress::automatic;

  std::string maildir;    // absolute
  std::string state_dir;  // of this account, absolute
  maildir::LayoutKind layout = maildir::LayoutKind::fs;
  std::string inbox = "INBOX";
  bool subscribed_only = false;
  sync::Create create = sync::Create::both;
  std::map<Role, MailboxName> roles;            // where the server has no SPECIAL-USE
  std::map<std::string, std::uint64_t> quirks;  // imap::set_quirk(), over what is recognised
  std::string preset;                           // "" if there is none
  std::set<Role> preset_roles;  // those of `roles` that the preset names, and not the user
  std::chrono::seconds undo = std::chrono::days(14);
  bool fsync = true;
  // A local deletion is sent after so long without a change in the directory.
  std::chrono::milliseconds quiet = std::chrono::seconds(1);
  // A new file is complete after so long without a change of it.
  std::chrono::milliseconds settles = std::chrono::seconds(1);
  // A sync waits for both; else what is not yet ripe is left to the next one.
  bool waits_for_quiet = true;

  // Pure functions of the configuration. Names are remote names.
  std::function<bool(const MailboxName&, Role)> includes;
  std::function<MailboxPolicy(const MailboxName&)> policy_for;
  std::function<Result<MailboxName>(const MailboxName&)> to_local;  // `rename`
  std::function<Result<MailboxName>(const MailboxName&)> to_remote;

  // Disabled ones, too, and this one. Whoever syncs needs them (rule 17).
  Neighbours neighbours;
};

}  // namespace sterna::account
