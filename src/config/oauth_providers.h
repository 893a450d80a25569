// SPDX-License-Identifier: Apache-2.0
// What is known of providers of OAuth 2.0, as data. What a user writes always wins. No client id is
// among it: everybody registers their own (docs/oauth.md).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sterna::config {

struct OAuthProvider {
  std::string_view name;
  std::string_view authorize_url;
  std::string_view token_url;
  std::string_view device_url = {};  // empty: no device login for mail
  std::string_view revoke_url = {};
  std::string_view scope = {};
  // "access_type=offline prompt=consent", for the authorization URL.
  std::string_view extra = {};
  bool redirects_to_name = false;
};

// In the URLs of microsoft, what the key `tenant` stands for.
inline constexpr std::string_view kTenantMark = "{tenant}";
inline constexpr std::string_view kTenantUsual = "common";

// nullptr if there is none.
const OAuthProvider* find_oauth_provider(std::string_view name);
std::span<const OAuthProvider> oauth_providers();

}  // namespace sterna::config
