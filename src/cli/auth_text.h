// SPDX-License-Identifier: Apache-2.0
// What is said of a login by OAuth 2.0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sterna/base/error.h"
#include "style.h"

namespace sterna::cli {

struct LoginView {
  std::string account;
  std::string provider;
  std::string user;  // "" where nobody has logged in; printable, as is the scope
  std::string scope;
  std::string missing_scope;  // what was asked for beside it and not granted; printable
  std::int64_t now_ms = 0;
  std::int64_t expires_ms = 0;  // of the access token; 0: there is none
  bool is_ours = false;         // of the client that the configuration names
  bool is_valid = false;        // the access token, now
  bool is_renewable = false;
  bool is_encrypted = false;
  std::string file;
};

// Whether the account can log in with it.
bool lasts(const LoginView& view);
// Why not. Precondition: !lasts().
std::string obstacle_of(const LoginView& view);
std::string login_text(const LoginView& view, const Style& style);
// The same in one line.
std::string login_line(const LoginView& view);

// A login that was made, and lacks a scope. Precondition: there is a missing_scope.
Error not_all_granted(const LoginView& view);

std::string logout_text(bool was_there, bool revoked);

inline constexpr std::string_view kNotRenewable =
    "The provider gave no refresh token: this login ends with its access token. Ask for offline "
    "access in oauth.scope, if that is a scope there.\n";

}  // namespace sterna::cli
