// SPDX-License-Identifier: Apache-2.0
// One SASL exchange as steps: challenges in, responses out. No I/O, and no base64 on either side:
// that is the protocol's.
//
//   auto sasl = start_sasl(Mechanism::plain, {user, password});
//   with SASL-IR and speaks_first(): AUTHENTICATE sasl_name() with respond("")
//   else: AUTHENTICATE sasl_name(); each challenge is answered with respond(challenge)
//   a tagged OK counts only where accept() agrees
//
// RFC 4422, RFC 4959.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sterna/auth/mechanism.h"
#include "sterna/base/result.h"
#include "sterna/base/secret.h"

namespace sterna::auth {

struct Credentials {
  std::string user;
  Secret secret = {};  // the password, or the access token
  // What was asked to be connected to, for OAUTHBEARER; may be left out.
  std::string host = {};
  std::uint16_t port = 0;
};

class SaslExchange {
 public:
  virtual ~SaslExchange() = default;

  // Whether the client may send its first response before any challenge.
  virtual bool speaks_first() const = 0;
  // The answer to one challenge, in the server's order. Fails with code protocol where the server
  // asks for more than the mechanism has, and with code login where it fails to prove what it has
  // to; the caller then cancels with "*".
  virtual Result<Secret> respond(std::string_view challenge) = 0;
  // Whether the server may say OK now.
  virtual Status accept() const { return {}; }
  // What the server said, within the exchange, of why it refuses; printable, or empty.
  virtual std::string complaint() const { return {}; }
};

// "PLAIN". Precondition, here and below: no login_command, which is no SASL.
std::string_view sasl_name(Mechanism mechanism);

// Fails with code secret where the mechanism cannot carry the credentials: an empty user or secret,
// or a NUL in one.
Result<std::unique_ptr<SaslExchange>> start_sasl(Mechanism mechanism, Credentials credentials);

// Whether the LOGIN command can carry the credentials: not empty, no NUL (code secret otherwise).
// CR and LF are for the printer, which sends a literal.
Status check_login_credentials(const Credentials& credentials);

}  // namespace sterna::auth
