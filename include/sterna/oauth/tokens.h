// SPDX-License-Identifier: Apache-2.0
// Tokens: what a login left, and what becomes of it. No I/O.
#pragma once

#include <cstdint>
#include <string>

#include "sterna/base/secret.h"
#include "sterna/oauth/client.h"
#include "sterna/oauth/grant.h"

namespace sterna::oauth {

// Times are milliseconds of the wall clock.
struct Tokens {
  Secret access;
  Secret refresh;           // may be empty: the login ends with the access token
  Secret previous_refresh;  // which this one came in exchange for, until it has worked itself
  std::int64_t issued_ms = 0;
  std::int64_t expires_ms = 0;
  std::string scope;
  // Whose they are: tokens go nowhere but to the endpoint that they came from.
  std::string client_id;
  std::string token_url;
  std::string user;  // the login name of the account at the time; for people

  bool operator==(const Tokens&) const = default;
};

// Of a new login.
Tokens tokens_of(const Grant& grant, const Client& client, std::string user, std::int64_t now_ms);
// After a refresh with `used`, one of the two refresh tokens of `before`.
Tokens renewed_by(const Grant& grant, const Tokens& before, const Secret& used,
                  std::int64_t now_ms);

// Whether a login may begin with the access token now.
bool is_valid(const Tokens& tokens, std::int64_t now_ms);
// When it is better replaced: after three quarters of its life, some a little earlier and some
// later, so that many accounts do not ask in one moment. Always the same for the same token.
std::int64_t due_ms(const Tokens& tokens);
// Whether that time has come; also where the clock was set back behind the token's birth.
bool is_due(const Tokens& tokens, std::int64_t now_ms);
bool belongs_to(const Tokens& tokens, const Client& client);

}  // namespace sterna::oauth
