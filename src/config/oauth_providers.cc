// SPDX-License-Identifier: Apache-2.0
#include "oauth_providers.h"

#include <algorithm>
#include <array>

namespace sterna::config {
namespace {

constexpr std::array kProviders = {
    // Gives a refresh token only to who asks for offline access, and again only with a new consent.
    OAuthProvider{.name = "google",
                  .authorize_url = "https://accounts.google.com/o/oauth2/v2/auth",
                  .token_url = "https://oauth2.googleapis.com/token",
                  .revoke_url = "https://oauth2.googleapis.com/revoke",
                  .scope = "https://mail.google.com/",
                  .extra = "access_type=offline prompt=consent"},
    // Of loopback redirects it knows http://localhost, and there any port.
    OAuthProvider{
        .name = "microsoft",
        .authorize_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        .token_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        .device_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode",
        .scope = "https://outlook.office.com/IMAP.AccessAsUser.All "
                 "https://outlook.office.com/SMTP.Send offline_access",
        .redirects_to_name = true},
    OAuthProvider{.name = "fastmail",
                  .authorize_url = "https://api.fastmail.com/oauth/authorize",
                  .token_url = "https://api.fastmail.com/oauth/refresh",
                  .scope = "https://www.fastmail.com/dev/protocol-imap "
                           "https://www.fastmail.com/dev/protocol-smtp"},
    OAuthProvider{.name = "yahoo",
                  .authorize_url = "https://api.login.yahoo.com/oauth2/request_auth",
                  .token_url = "https://api.login.yahoo.com/oauth2/get_token",
                  .scope = "mail-w"},
};

}  // namespace

std::span<const OAuthProvider> oauth_providers() {
  return kProviders;
}

const OAuthProvider* find_oauth_provider(std::string_view name) {
  const auto* it = std::ranges::find(kProviders, name, &OAuthProvider::name);
  return it == kProviders.end() ? nullptr : it;
}

}  // namespace sterna::config
