// SPDX-License-Identifier: Apache-2.0
// Client: a provider's endpoints and what this program is registered there as, ready for use.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sterna/base/secret.h"
#include "sterna/io/transport.h"

namespace sterna::oauth {

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Client {
  std::string provider;  // for people: "google", or a host
  // URLs, https. The first and the last two may be empty: the provider has no such endpoint.
  std::string authorize_url;
  std::string token_url;
  std::string device_url;
  std::string revoke_url;
  std::string scope;
  std::string id;
  Secret secret;             // may be empty
  Parameters extra;          // of the authorization URL
  std::string redirect_uri;  // as registered; empty: the loopback interface (RFC 8252 section 7.3)
  bool redirects_to_name = false;  // http://localhost instead of http://127.0.0.1
  std::uint16_t port = 0;          // of the loopback redirect; 0: any
  std::string ca_file;
  io::Proxy proxy;  // of the account: its provider is reached as its server is
};

}  // namespace sterna::oauth
