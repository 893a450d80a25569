// SPDX-License-Identifier: Apache-2.0
// OAuthConfig: [account.NAME.oauth] as checked values, what is known of the provider included.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sterna/base/secret.h"

namespace sterna::config {

// Either a command that prints access tokens, or a client that this account is registered as.
struct OAuthConfig {
  std::vector<std::string> token_command;  // empty: the client below

  std::string provider;  // "google", or the host of token_url
  // URLs, https. token_url and one of authorize_url and device_url are there.
  std::string authorize_url;
  std::string token_url;
  std::string device_url;
  std::string revoke_url;
  std::string scope;
  std::string client_id;
  Secret client_secret;            // may be empty
  std::string redirect_uri;        // as registered; empty: the loopback interface
  bool redirects_to_name = false;  // which is registered as http://localhost
  std::uint16_t port = 0;          // of the loopback redirect; 0: any
  std::string ca_file;             // absolute, or empty
  // Further parameters of the authorization URL.
  std::vector<std::pair<std::string, std::string>> extra;

  bool operator==(const OAuthConfig&) const = default;
};

}  // namespace sterna::config
