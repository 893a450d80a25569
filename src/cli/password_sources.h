// SPDX-License-Identifier: Apache-2.0
// Where a password comes from at the moment of the login. Each fails with ErrorCode::secret, and
// says what mends it; none needs a terminal.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sterna/account/settings.h"
#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/net/loop.h"

namespace sterna::cli {

// A program that has not answered by then has no answer.
inline constexpr std::chrono::seconds kPasswordCommandMax{60};

// The first line of what a program prints. `what`: the key that names it, for errors.
coro::Task<Result<Secret>> first_line_of(std::vector<std::string> argv, net::Loop& loop,
                                         std::string what);
// The same of one that prints access tokens, of which the server refused one: it may have been the
// last moment of its life. ErrorCode::login if it prints that one again.
coro::Task<Result<Secret>> another_line_of(std::vector<std::string> argv, net::Loop& loop,
                                           std::string what, Secret refused);
coro::Task<Result<Secret>> password_of_command(std::vector<std::string> argv, net::Loop& loop);
// The first line of $CREDENTIALS_DIRECTORY/NAME, which is whose the service manager made it.
coro::Task<Result<Secret>> password_of_credential(std::string name, io::Worker& worker);
// What the Secret Service has with the attributes service=sterna and account=NAME.
coro::Task<Result<Secret>> password_of_keyring(std::string account, net::Loop& loop);

}  // namespace sterna::cli
