// SPDX-License-Identifier: Apache-2.0
#include "settings_from_config.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "oauth_login.h"
#include "password_sources.h"
#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/config/mailboxes.h"
#include "sterna/config/password_file.h"
#include "sterna/config/presets.h"
#include "sterna/daemon/hooks.h"
#include "sterna/net/command.h"

namespace sterna::cli {
namespace {

using config::AccountConfig;

// Each enumeration of the configuration has its twin in the engine. A switch, not a cast: the
// compiler then asks for a new enumerator here, too.

sync::Direction mapped(config::Direction direction) {
  switch (direction) {
    case config::Direction::both:
      return sync::Direction::both;
    case config::Direction::pull:
      return sync::Direction::pull;
    case config::Direction::push:
      return sync::Direction::push;
  }
  std::unreachable();
}

sync::LocalDelete mapped(config::LocalDelete what) {
  switch (what) {
    case config::LocalDelete::trash:
      return sync::LocalDelete::trash;
    case config::LocalDelete::expunge:
      return sync::LocalDelete::expunge;
    case config::LocalDelete::ignore:
      return sync::LocalDelete::ignore;
  }
  std::unreachable();
}

sync::RemoteDelete mapped(config::RemoteDelete what) {
  switch (what) {
    case config::RemoteDelete::remove:
      return sync::RemoteDelete::remove;
    case config::RemoteDelete::ignore:
      return sync::RemoteDelete::ignore;
  }
  std::unreachable();
}

sync::Create mapped(config::Create create) {
  switch (create) {
    case config::Create::both:
      return sync::Create::both;
    case config::Create::local:
      return sync::Create::local;
    case config::Create::remote:
      return sync::Create::remote;
    case config::Create::none:
      return sync::Create::none;
  }
  std::unreachable();
}

auth::Preference mapped(config::Auth preference) {
  switch (preference) {
    case config::Auth::automatic:
      return auth::Preference::automatic;
    case config::Auth::plain:
      return auth::Preference::plain;
    case config::Auth::login:
      return auth::Preference::login;
    case config::Auth::cram_md5:
      return auth::Preference::cram_md5;
    case config::Auth::scram_sha_1:
      return auth::Preference::scram_sha_1;
    case config::Auth::scram_sha_256:
      return auth::Preference::scram_sha_256;
    case config::Auth::oauth:
      return auth::Preference::oauth;
    case config::Auth::external:
      return auth::Preference::external;
  }
  std::unreachable();
}

account::Compress mapped(config::Compress compress) {
  switch (compress) {
    case config::Compress::automatic:
      return account::Compress::automatic;
    case config::Compress::yes:
      return account::Compress::yes;
    case config::Compress::no:
      return account::Compress::no;
  }
  std::unreachable();
}

io::TlsMode mapped(config::TlsMode mode) {
  switch (mode) {
    case config::TlsMode::implicit:
      return io::TlsMode::implicit;
    case config::TlsMode::starttls:
      return io::TlsMode::starttls;
    case config::TlsMode::none:
      return io::TlsMode::none;
  }
  std::unreachable();
}

maildir::LayoutKind mapped(config::Layout layout) {
  switch (layout) {
    case config::Layout::fs:
      return maildir::LayoutKind::fs;
    case config::Layout::maildirpp:
      return maildir::LayoutKind::maildir_plus_plus;
  }
  std::unreachable();
}

account::MailboxPolicy mapped(const config::MailboxPolicy& policy) {
  account::MailboxPolicy result;
  result.direction = mapped(policy.direction);
  result.local_delete = mapped(policy.local_delete);
  result.remote_delete = mapped(policy.remote_delete);
  result.expunge_flagged = policy.expunge_flagged;
  result.brake.share = policy.hold.share;
  result.brake.at_least = policy.hold.at_least;
  result.brake_within = policy.hold.within;
  return result;
}

io::Endpoint endpoint_of(const AccountConfig& account) {
  io::Endpoint endpoint;
  endpoint.host = account.host;
  endpoint.port = account.port;
  endpoint.tls_mode = mapped(account.tls.mode);
  endpoint.tls.server_name = account.host;
  endpoint.tls.ca_file = account.tls.ca_file;
  for (const Digest& pin : account.tls.pins)
    endpoint.tls.pin_sha256.push_back(base64_encode(pin.raw()));
  endpoint.tls.client_cert_file = account.tls.client_cert;
  endpoint.tls.client_key_file = account.tls.client_key;
  endpoint.tunnel = account.tunnel;
  endpoint.proxy = proxy_of(account);
  endpoint.tls.min_version = account.tls.min_version == config::TlsVersion::tls13 ? "1.3" : "1.2";
  return endpoint;
}

// --- the password, at the moment of the login ---

coro::Task<Result<Secret>> written_password(Secret secret) {
  co_return secret;
}

coro::Task<Result<Secret>> password_of_file(std::string path, io::Worker& worker) {
  Result<Secret> password = fail(ErrorCode::secret, "not read");
  co_await worker.run([&password, &path] { password = config::read_password_file(path); });
  co_return std::move(password);
}

coro::Task<Result<Secret>> no_password(std::string name) {
  co_return fail(no_password_configured(name));
}

std::function<coro::Task<Result<Secret>>()> password_source(const AccountConfig& account,
                                                            net::Loop& loop) {
  if (const auto* secret = std::get_if<Secret>(&account.secret))
    return [secret = *secret] { return written_password(secret); };
  if (const auto* file = std::get_if<config::PasswordFile>(&account.secret))
    return [path = file->path, &loop] { return password_of_file(path, loop.worker()); };
  if (const auto* command = std::get_if<config::PasswordCommand>(&account.secret))
    return [argv = command->argv, &loop] { return password_of_command(argv, loop); };
  if (const auto* credential = std::get_if<config::PasswordCredential>(&account.secret))
    return [name = credential->name, &loop] { return password_of_credential(name, loop.worker()); };
  if (std::holds_alternative<config::PasswordKeyring>(account.secret))
    return [name = account.name, &loop] { return password_of_keyring(name, loop); };
  return [name = account.name] { return no_password(name); };
}

std::function<coro::Task<Result<Secret>>(Secret)> token_renewal(const AccountConfig& account,
                                                                net::Loop& loop) {
  const auto* command = std::get_if<config::PasswordCommand>(&account.secret);
  if (account.auth != config::Auth::oauth || command == nullptr) return {};
  return [argv = command->argv, &loop](Secret refused) {
    return another_line_of(argv, loop, "password_command", std::move(refused));
  };
}

// One copy for all of the functions.
std::shared_ptr<const AccountConfig> without_secret(const AccountConfig& account) {
  auto copy = std::make_shared<AccountConfig>(account);
  copy->secret = std::monostate{};
  copy->oauth.reset();
  return copy;
}

std::string state_dir_of(const config::Config& config, const AccountConfig& account) {
  return config.state_dir + "/" + account.name;
}

account::Neighbour neighbour_from_config(const config::Config& config,
                                         const AccountConfig& account) {
  account::Neighbour neighbour;
  neighbour.name = account.name;
  neighbour.enabled = account.enabled;
  neighbour.maildir = account.maildir;
  neighbour.state_dir = state_dir_of(config, account);
  neighbour.layout = mapped(account.layout);
  neighbour.inbox = account.inbox;
  neighbour.to_remote = [rename = config::RenameMap(account.rename)](const MailboxName& local) {
    return rename.to_remote(local);
  };
  neighbour.sends = [shared = without_secret(account)](const MailboxName& name, Role role) {
    return config::includes(*shared, name, role) &&
           config::policy_for(*shared, name).direction != config::Direction::pull;
  };
  return neighbour;
}

// What the provider wants before a program may log in is what newcomers miss most often.
std::string login_hint_of(const AccountConfig& account) {
  const config::Preset* preset = account.preset.empty() ? config::preset_of_host(account.host)
                                                        : config::find_preset(account.preset);
  if (preset == nullptr || preset->help.empty()) return {};
  return fmt::format("check user and password. {}: {}", preset->help, preset->help_url);
}

}  // namespace

io::Proxy proxy_of(const AccountConfig& account) {
  const config::ProxyConfig& proxy = account.proxy;
  return {.host = proxy.host, .port = proxy.port, .user = proxy.user, .password = proxy.password};
}

Error no_password_configured(const std::string& account) {
  return Error(ErrorCode::secret, "no password is configured")
      .with_hint("set password_command in [account." + account + "]");
}

namespace {

account::Settings settings_without_oauth(const config::Config& config, const AccountConfig& account,
                                         net::Loop& loop) {
  account::Settings settings;
  settings.name = account.name;
  settings.user = account.user;
  settings.password = password_source(account, loop);
  settings.renewed_token = token_renewal(account, loop);
  settings.auth = mapped(account.auth);
  // A user who is not the address is somebody whom the certificate need not name.
  if (account.user != account.address) settings.authorization_identity = account.user;
  if (account.auth != config::Auth::oauth) settings.login_hint = login_hint_of(account);
  settings.endpoint = endpoint_of(account);
  // The engine asks one question: may the password go over a link without TLS?
  settings.allow_plaintext = account.tls.mode == config::TlsMode::none &&
                             (account.allow_plaintext || config::stays_on_this_machine(account) ||
                              !account.tunnel.empty());
  settings.connections = account.connections;
  settings.compress = mapped(account.compress);

  settings.maildir = account.maildir;
  settings.state_dir = state_dir_of(config, account);
  settings.layout = mapped(account.layout);
  settings.inbox = account.inbox;
  settings.subscribed_only = account.subscribed_only;
  settings.create = mapped(account.create);
  settings.roles = account.roles;
  settings.quirks = account.quirks;
  settings.preset = account.preset;
  settings.preset_roles = account.preset_roles;
  settings.undo = account.undo;
  settings.fsync = account.fsync;

  const auto shared = without_secret(account);
  settings.includes = [shared](const MailboxName& name, Role role) {
    return config::includes(*shared, name, role);
  };
  settings.policy_for = [shared](const MailboxName& name) {
    return mapped(config::policy_for(*shared, name));
  };
  auto rename = std::make_shared<const config::RenameMap>(account.rename);
  settings.to_local = [rename](const MailboxName& remote) { return rename->to_local(remote); };
  settings.to_remote = [rename](const MailboxName& local) { return rename->to_remote(local); };

  return settings;
}

}  // namespace

account::Settings settings_from_config(const config::Config& config, const AccountConfig& account,
                                       net::Loop& loop) {
  account::Settings settings = settings_without_oauth(config, account, loop);
  use_oauth(settings, config, account, loop);
  return settings;
}

account::Neighbours neighbours_from_config(const config::Config& config) {
  auto all = std::make_shared<std::vector<account::Neighbour>>();
  for (const AccountConfig& account : config.accounts)
    all->push_back(neighbour_from_config(config, account));
  return all;
}

// A deletion waits for ten seconds of quiet, so that a person may think again; a reader's burst is
// one change.
constexpr std::chrono::seconds kDaemonQuiet{10};
constexpr std::chrono::milliseconds kDaemonSettles{150};

daemon::AccountSetup daemon_setup_from_config(const config::Config& config,
                                              const AccountConfig& account, net::Loop& loop) {
  daemon::AccountSetup setup;
  setup.settings = settings_without_oauth(config, account, loop);
  if (auto login = use_oauth(setup.settings, config, account, loop))
    setup.companion = [login](Log log) { return login->session.keep_fresh(std::move(log)); };
  setup.settings.quiet = kDaemonQuiet;
  setup.settings.settles = kDaemonSettles;
  setup.settings.waits_for_quiet = false;
  setup.life.pushes = [shared = without_secret(account)](const MailboxName& name) {
    return config::pushes(*shared, name);
  };
  setup.life.poll_interval = account.poll_interval;
  setup.life.tells_changes = daemon::needs_changes(config.hooks);
  return setup;
}

}  // namespace sterna::cli
