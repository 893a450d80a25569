// SPDX-License-Identifier: Apache-2.0
// The way through the browser: where the user is sent, and what comes back. No I/O.
//
// RFC 6749 section 4.1, RFC 7636 (PKCE, S256 alone), RFC 8252 (loopback redirect).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/io/random.h"
#include "sterna/oauth/client.h"

namespace sterna::oauth {

std::string base64url(std::string_view bytes);  // without padding (RFC 4648 section 5)
// nullopt where a % is not followed by two digits. `+` is a blank.
std::optional<std::string> url_decoded(std::string_view text);

// S256 of RFC 7636 section 4.2.
std::string challenge_of(const Secret& verifier);

// One login on its way.
struct Authorization {
  Secret verifier;
  std::string state;
  std::string redirect_uri;
};
Authorization begin_authorization(io::Random& random, std::string redirect_uri);

// The redirect URI of a listener on that port.
std::string loopback_redirect(const Client& client, std::uint16_t port);

// Where the user's browser is sent. `user` is a hint for the provider's form; may be empty.
std::string authorization_url(const Client& client, const Authorization& authorization,
                              std::string_view user);

// Compares without telling by the time it takes where the two differ.
bool same_secret(std::string_view one, std::string_view other);

// What a browser asked of the listener.
struct Visit {
  enum class Kind : std::uint8_t {
    unrelated,  // a favicon, a scanner: 404
    foreign,    // an answer, but of another login: its state is not ours
    answer,
  };
  Kind kind = Kind::unrelated;
  Result<Secret> code =
      fail(ErrorCode::login, "no code");  // of an answer: the code, or the refusal
};
// `target` as it stands in the request: "/?code=...&state=...".
Visit read_visit(std::string_view target, const Authorization& authorization);

// What the user pasted: the address that the browser ended at, or the code alone. Errors: usage
// (neither of the two, or of another login), login (the provider's refusal).
Result<Secret> read_pasted(std::string_view text, const Authorization& authorization);

}  // namespace sterna::oauth
