// SPDX-License-Identifier: Apache-2.0
// Which way to log in, decided from what the server offers and what the user wants. No I/O.
//
// A password never goes over a link that is neither encrypted nor allowed in so many words,
// whatever the server offers (RFC 3501 section 11.2, RFC 8314 section 4); nor does anything that
// could be guessed from, such as an answer to a challenge. LOGINDISABLED forbids the LOGIN command
// alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"

namespace sterna::auth {

// scram_*: with channel binding where both sides can. oauth: an access token instead of a password.
// external: who we are follows from the client's certificate.
enum class Preference : std::uint8_t {
  automatic,
  plain,
  login,
  cram_md5,
  scram_sha_1,
  scram_sha_256,
  oauth,
  external,
};

enum class Mechanism : std::uint8_t {
  plain,               // AUTHENTICATE PLAIN (RFC 4616)
  login,               // AUTHENTICATE LOGIN (draft-murchison-sasl-login)
  login_command,       // LOGIN user password (RFC 3501 section 6.2.3)
  cram_md5,            // AUTHENTICATE CRAM-MD5 (RFC 2195)
  scram_sha_1,         // AUTHENTICATE SCRAM-SHA-1 (RFC 5802)
  scram_sha_1_plus,    // the same, bound to the TLS connection
  scram_sha_256,       // AUTHENTICATE SCRAM-SHA-256 (RFC 7677)
  scram_sha_256_plus,  // the same, bound to the TLS connection
  external,            // AUTHENTICATE EXTERNAL (RFC 4422 appendix A)
  oauthbearer,         // AUTHENTICATE OAUTHBEARER (RFC 7628)
  xoauth2,             // AUTHENTICATE XOAUTH2
};
// "AUTHENTICATE PLAIN", "LOGIN".
std::string_view to_string(Mechanism mechanism);
bool is_bound(Mechanism mechanism);  // one of -PLUS

enum class Link : std::uint8_t {
  encrypted,          // TLS is up
  plaintext_allowed,  // a loopback address, or allow_plaintext
  plaintext,
};

struct Offer {
  std::vector<std::string> mechanisms;  // of AUTH=..., without that prefix, in any case
  bool login_disabled = false;
};
// Whether any mechanism of the offer can be bound to a TLS connection.
bool offers_binding(const Offer& offer);

enum class Binding : bool { impossible, possible };  // of our TLS connection

// What to try, best first. The next one is for a server that refuses before it was shown anything
// made of the secret, as it does where it has no form of the password that a mechanism needs; never
// for one that judged it. Not empty. Failures: tls (the link would show the password), login with
// disposition needs_user (nothing in common; the message says what the server offers).
Result<std::vector<Mechanism>> choose_mechanisms(const Offer& offer, Preference preference,
                                                 Link link, Binding binding);

}  // namespace sterna::auth
