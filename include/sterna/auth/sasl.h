// SPDX-License-Identifier: Apache-2.0
// One SASL exchange as steps: challenges in, responses out. No I/O, and no base64 on either side:
// that is the protocol's.
//
//   auto sasl = SaslExchange::start(Mechanism::plain, {user, password});
//   with SASL-IR and speaks_first(): AUTHENTICATE name() with respond("")
//   else: AUTHENTICATE name(); each challenge is answered with respond(challenge)
//
// RFC 4422, RFC 4616, RFC 4959.
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

// Whether the LOGIN command can carry the credentials: not empty, no NUL (code secret otherwise).
// CR and LF are for the printer, which sends a literal.
Status check_login_credentials(const Credentials& credentials);

}  // namespace sterna::auth
