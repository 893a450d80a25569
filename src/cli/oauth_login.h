// SPDX-License-Identifier: Apache-2.0
// An account's OAuth 2.0, as the configuration says it, as things that work.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "auth_text.h"
#include "sterna/account/settings.h"
#include "sterna/config/config.h"
#include "sterna/net/loop.h"
#include "sterna/oauth/session.h"

namespace sterna::cli {

// Whether tokens of a login of ours let the account in, and not those of a command.
bool has_own_login(const config::AccountConfig& account);

// Lives no longer than the loop.
struct OAuthLogin {
  OAuthLogin(std::unique_ptr<io::Http> web, oauth::World world, oauth::Client client,
             oauth::TokenStore store, const config::AccountConfig& account)
      : http(std::move(web)),
        session(world, std::move(client), std::move(store), account.name, account.user) {}

  std::unique_ptr<io::Http> http;
  oauth::Session session;
};
// Precondition: has_own_login().
std::shared_ptr<OAuthLogin> oauth_login(const config::Config& config,
                                        const config::AccountConfig& account, net::Loop& loop);
oauth::TokenStore token_store(const config::Config& config, const config::AccountConfig& account);

// What oauth.token_command prints. Precondition: there is one.
coro::Task<Result<Secret>> token_of_command(const config::AccountConfig& account, net::Loop& loop);

// Lets the account log in with access tokens, where its configuration has a table `oauth`. Gives
// back the login that is used, if it is one of ours.
std::shared_ptr<OAuthLogin> use_oauth(account::Settings& settings, const config::Config& config,
                                      const config::AccountConfig& account, net::Loop& loop);

// What can be said of it. Reads the store's file.
LoginView view_of_login(const OAuthLogin& login, const std::string& account,
                        const std::optional<oauth::Tokens>& tokens, net::Loop& loop);

}  // namespace sterna::cli
