// SPDX-License-Identifier: Apache-2.0
// Which way to log in, decided from what the server offers and what the user wants. No I/O.
//
// A password never goes over a link that is neither encrypted nor allowed in so many words,
// whatever the server offers (RFC 3501 section 11.2, RFC 8314 section 4). LOGINDISABLED forbids the
// LOGIN command alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"

namespace sterna::auth {

// oauth: an access token instead of a password.
enum class Preference : std::uint8_t { automatic, plain, login, oauth };

enum class Mechanism : std::uint8_t {
  plain,          // AUTHENTICATE PLAIN (RFC 4616)
  login,          // AUTHENTICATE LOGIN (draft-murchison-sasl-login)
  login_command,  // LOGIN user password (RFC 3501 section 6.2.3)
  oauthbearer,    // AUTHENTICATE OAUTHBEARER (RFC 7628)
  xoauth2,        // AUTHENTICATE XOAUTH2
};
// "AUTHENTICATE PLAIN", "LOGIN".
std::string_view to_string(Mechanism mechanism);

enum class Link : std::uint8_t {
  encrypted,          // TLS is up
  plaintext_allowed,  // a loopback address, or allow_plaintext
  plaintext,
};

struct Offer {
  std::vector<std::string> mechanisms;  // of AUTH=..., without that prefix, in any case
  bool login_disabled = false;
};

// Failures: tls (the link would show the password), login with disposition needs_user (nothing in
// common; the message says what the server offers).
Result<Mechanism> choose_mechanism(const Offer& offer, Preference preference, Link link);

}  // namespace sterna::auth
