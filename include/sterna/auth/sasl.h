// SPDX-License-Identifier: Apache-2.0
// One SASL exchange as steps: challenges in, responses out. No I/O, and no base64 on either side:
// that is the protocol's.
//
//   auto sasl = start_sasl(Mechanism::plain, {.user = user, .secret = password});
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

// What a TLS connection has that no other one has (RFC 5056). None: an empty type.
struct ChannelBinding {
  std::string type;  // "tls-exporter"
  std::string data;
};

struct Credentials {
  std::string user;
  Secret secret = {};  // the password, or the access token
  // Whose mail is wanted, where that does not follow from who logs in. EXTERNAL alone says it.
  std::string authorization_identity = {};
  // What was asked to be connected to, for OAUTHBEARER; may be left out.
  std::string host = {};
  std::uint16_t port = 0;

  // For SCRAM: as much chance as a nonce needs, printable and without a comma; what the connection
  // has to be bound to; and whether the server says that it could do that.
  std::string nonce = {};
  ChannelBinding binding = {};
  bool binding_offered = false;
};

class SaslExchange {
 public:
  virtual ~SaslExchange() = default;

  // Whether the client may send its first response before any challenge.
  virtual bool speaks_first() const = 0;
  // Whether respond() may compute for so long that no loop should wait for it.
  virtual bool works_long() const { return false; }
  // The answer to one challenge, in the server's order. Fails with code protocol where the server
  // asks for more than the mechanism has, and with code login where it fails to prove what it has
  // to; the caller then cancels with "*".
  virtual Result<Secret> respond(std::string_view challenge) = 0;
  // Whether the server may say OK now.
  virtual Status accept() const { return {}; }
  // Whether the server was given anything that is made of the secret. If not, it has not judged it.
  virtual bool has_shown_secret() const { return true; }
  // What the server said, within the exchange, of why it refuses; printable, or empty.
  virtual std::string complaint() const { return {}; }
};

// "PLAIN". Precondition, here and below: no login_command, which is no SASL.
std::string_view sasl_name(Mechanism mechanism);

// Fails with code secret where the mechanism cannot carry the credentials: an empty user or secret,
// or a NUL in one; for SCRAM, what SASLprep forbids.
Result<std::unique_ptr<SaslExchange>> start_sasl(Mechanism mechanism, Credentials credentials);

// Whether the LOGIN command can carry the credentials: not empty, no NUL (code secret otherwise).
// CR and LF are for the printer, which sends a literal.
Status check_login_credentials(const Credentials& credentials);

}  // namespace sterna::auth
