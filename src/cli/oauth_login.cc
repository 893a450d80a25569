// SPDX-License-Identifier: Apache-2.0
#include "oauth_login.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "password_sources.h"
#include "settings_from_config.h"
#include "sterna/base/bytes.h"
#include "sterna/net/https.h"

namespace sterna::cli {
namespace {

constexpr const char* kTokenCommand = "token_command";

oauth::Client client_of(const config::AccountConfig& account) {
  const config::OAuthConfig& config = *account.oauth;
  oauth::Client client;
  client.provider = config.provider;
  client.authorize_url = config.authorize_url;
  client.token_url = config.token_url;
  client.device_url = config.device_url;
  client.revoke_url = config.revoke_url;
  client.scope = config.scope;
  client.id = config.client_id;
  client.secret = config.client_secret;
  client.extra = config.extra;
  client.redirect_uri = config.redirect_uri;
  client.redirects_to_name = config.redirects_to_name;
  client.port = config.port;
  client.ca_file = config.ca_file;
  client.proxy = proxy_of(account);
  return client;
}

}  // namespace

bool has_own_login(const config::AccountConfig& account) {
  return account.auth == config::Auth::oauth && account.oauth &&
         account.oauth->token_command.empty();
}

oauth::TokenStore token_store(const config::Config& config, const config::AccountConfig& account) {
  return {config.state_dir + "/" + account.name, account.name, oauth::token_key_of_environment()};
}

std::shared_ptr<OAuthLogin> oauth_login(const config::Config& config,
                                        const config::AccountConfig& account, net::Loop& loop) {
  auto http = net::make_http(loop);
  io::Http& web = *http;
  return std::make_shared<OAuthLogin>(
      std::move(http), oauth::World{.clock = loop.clock(), .worker = loop.worker(), .http = web},
      client_of(account), token_store(config, account), account);
}

coro::Task<Result<Secret>> token_of_command(const config::AccountConfig& account, net::Loop& loop) {
  return first_line_of(account.oauth->token_command, loop, kTokenCommand);
}

LoginView view_of_login(const OAuthLogin& login, const std::string& account,
                        const std::optional<oauth::Tokens>& tokens, net::Loop& loop) {
  const oauth::TokenStore& store = login.session.store();
  LoginView view;
  view.account = account;
  view.provider = login.session.client().provider;
  view.now_ms = loop.clock().wall_ns() / 1'000'000;
  view.file = store.path();
  if (!tokens) return view;
  view.is_ours = oauth::belongs_to(*tokens, login.session.client());
  view.user = printable(tokens->user);
  view.scope = printable(tokens->scope);
  if (view.is_ours) {
    const auto missing = oauth::missing_scopes(login.session.client().scope, tokens->scope);
    view.missing_scope = printable(fmt::format("{}", fmt::join(missing, " ")));
  }
  view.expires_ms = tokens->expires_ms;
  view.is_renewable = !tokens->refresh.empty();
  view.is_valid = oauth::is_valid(*tokens, view.now_ms);
  view.is_encrypted = store.is_encrypted();
  return view;
}

std::shared_ptr<OAuthLogin> use_oauth(account::Settings& settings, const config::Config& config,
                                      const config::AccountConfig& account, net::Loop& loop) {
  if (account.auth != config::Auth::oauth || !account.oauth) return nullptr;
  if (!has_own_login(account)) {
    settings.password = [argv = account.oauth->token_command, &loop] {
      return first_line_of(argv, loop, kTokenCommand);
    };
    settings.renewed_token = [argv = account.oauth->token_command, &loop](Secret refused) {
      return another_line_of(argv, loop, kTokenCommand, std::move(refused));
    };
    settings.login_hint = "check user, and that token_command gives tokens for its mail";
    return nullptr;
  }
  auto login = oauth_login(config, account, loop);
  settings.password = [login] { return login->session.token(); };
  settings.renewed_token = [login](Secret refused) {
    return login->session.renewed(std::move(refused));
  };
  settings.token_expires_ms = [login] { return login->session.expires_ms(); };
  settings.login_hint =
      "see that IMAP is allowed there and that it was the right user who "
      "agreed, and to all that was asked, or log in anew: sterna auth " +
      account.name;
  return login;
}

}  // namespace sterna::cli
