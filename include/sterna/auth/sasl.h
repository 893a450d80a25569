// SPDX-License-Identifier: Apache-2.0
// One SASL exchange as steps: challenges in, responses out, both decoded from base64. No I/O.
//
//   auto sasl = SaslExchange::start(Mechanism::plain, {user, password});
//   with SASL-IR and speaks_first(): AUTHENTICATE name() encode_initial_response(respond(""))
//   else: AUTHENTICATE name(); each "+ challenge" is answered with
//   encode_response(respond(decoded))
//
// Responses are Secrets, encoded ones too. RFC 4422, RFC 4616, RFC 4959.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sterna/auth/mechanism.h"
#include "sterna/base/result.h"
#include "sterna/base/secret.h"

namespace sterna::auth {

struct Credentials {
  std::string user;
  Secret password;
};

class SaslExchange {
 public:
  // Fails with code secret where the mechanism cannot carry the credentials: an empty user or
  // password, or a NUL in one. Precondition: mechanism is plain or login.
  static Result<SaslExchange> start(Mechanism mechanism, Credentials credentials);

  std::string_view name() const;  // "PLAIN", "LOGIN"
  // Whether the client may send its first response before any challenge.
  bool speaks_first() const { return mechanism_ == Mechanism::plain; }

  // The answer to one challenge, in the server's order. Fails with code protocol where the server
  // asks for more than the mechanism has; the caller then cancels with "*".
  Result<Secret> respond(std::string_view challenge);

 private:
  SaslExchange(Mechanism mechanism, Credentials credentials);

  Mechanism mechanism_;
  Credentials credentials_;
  unsigned steps_ = 0;
};

// Base64, as a line after a challenge carries it.
Secret encode_response(const Secret& response);
// The same as an initial response: an empty one is "=" (RFC 4959 section 3).
Secret encode_initial_response(const Secret& response);

// Whether the LOGIN command can carry the credentials: not empty, no NUL (code secret otherwise).
// CR and LF are for the printer, which sends a literal.
Status check_login_credentials(const Credentials& credentials);

}  // namespace sterna::auth
