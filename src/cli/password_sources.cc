// SPDX-License-Identifier: Apache-2.0
#include "password_sources.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "sterna/base/bytes.h"
#include "sterna/config/password_file.h"
#include "sterna/net/command.h"

namespace sterna::cli {
namespace {

Result<Secret> read_credential(const std::string& name) {
  const char* directory = ::secure_getenv("CREDENTIALS_DIRECTORY");
  if (!directory || *directory == '\0') {
    return fail(
        Error(ErrorCode::secret, fmt::format("credential {}: the service manager gives none: "
                                             "$CREDENTIALS_DIRECTORY is not set",
                                             name))
            .with_hint(fmt::format("start Sterna as a unit with "
                                   "LoadCredentialEncrypted={}:FILE (or LoadCredential=)",
                                   name)));
  }
  auto password = config::read_credential_file(std::string(directory) + "/" + name);
  if (password) return password;
  return fail(
      Error(ErrorCode::secret, fmt::format("credential {}: {}", name, password.error().message()))
          .with_hint("see LoadCredentialEncrypted= or LoadCredential= of the unit"));
}

}  // namespace

coro::Task<Result<Secret>> first_line_of(std::vector<std::string> argv, net::Loop& loop,
                                         std::string what) {
  Result<std::string> output =
      co_await net::run_command(loop, std::move(argv), kPasswordCommandMax);
  if (!output) {
    // A helper that hangs waits for a person: that is no trouble of the network.
    const bool late = output.error().is(ErrorCode::timeout);
    if (late) co_return fail(ErrorCode::secret, what + ": " + output.error().describe());
    co_return fail_in(std::move(output), what);
  }
  Result<Secret> password = config::first_line_secret(std::move(*output));
  if (!password) co_return fail_in(std::move(password), what);
  co_return std::move(password);
}

coro::Task<Result<Secret>> another_line_of(std::vector<std::string> argv, net::Loop& loop,
                                           std::string what, Secret refused) {
  STERNA_CO_TRY(Secret token, co_await first_line_of(std::move(argv), loop, what));
  if (token != refused) co_return token;
  co_return fail(
      Error(
          ErrorCode::login,
          fmt::format("the server refused the access token, and {} gives the same once more", what))
          .with_hint("see that the command renews the token, and that its consent stands"));
}

coro::Task<Result<Secret>> password_of_command(std::vector<std::string> argv, net::Loop& loop) {
  return first_line_of(std::move(argv), loop, "password_command");
}

coro::Task<Result<Secret>> password_of_credential(std::string name, io::Worker& worker) {
  Result<Secret> password = fail(ErrorCode::secret, "not read");
  co_await worker.run([&password, &name] { password = read_credential(name); });
  co_return std::move(password);
}

coro::Task<Result<Secret>> password_of_keyring(std::string account, net::Loop& loop) {
  auto password = co_await first_line_of(
      {"secret-tool", "lookup", "service", "sterna", "account", account}, loop, "keyring");
  if (password) co_return std::move(password);
  Error error = std::move(password).error();
  if (error.is_cancelled()) co_return fail(std::move(error));
  co_return fail(std::move(error).with_hint(
      fmt::format("the keyring has to be there and unlocked, and to have it: secret-tool store "
                  "--label='Mail of {0}' service sterna account {0} (package libsecret-tools)",
                  account)));
}

}  // namespace sterna::cli
