// SPDX-License-Identifier: Apache-2.0
// Candidate: a server that may have the mail of an address, and by whose word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/io/transport.h"

namespace sterna::discover {

// In the order in which they are believed.
enum class Source : std::uint8_t {
  autoconfig,           // the domain's own web server, under the domain's own certificate
  known_exchange,       // a provider that is known by the MX record
  exchange_autoconfig,  // the web server of the domain that the MX record names
  database,             // a central one, which the user agreed to ask
  srv,                  // RFC 6186 and RFC 8314
};
std::string_view to_string(Source source);

enum class Login : std::uint8_t { password, oauth };

struct Candidate {
  Source source = Source::srv;
  std::string where;  // the URL, or the name of the record: for people
  std::string host;
  std::uint16_t port = 993;
  io::TlsMode mode = io::TlsMode::implicit;  // never none
  std::string user;                          // "": the address
  std::vector<Login> logins;                 // in the order of the source; never empty
  std::string oauth_issuer{};                // "": not said

  bool operator==(const Candidate&) const = default;
};

}  // namespace sterna::discover
