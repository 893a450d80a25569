// SPDX-License-Identifier: Apache-2.0
#include "sterna/auth/sasl.h"

#include <fmt/format.h>

#include <utility>

#include "exchanges.h"
#include "sterna/base/assert.h"

namespace sterna::auth {

Error asks_too_much(std::string_view mechanism) {
  return Error(ErrorCode::protocol,
               fmt::format("the server asks for more than AUTHENTICATE {} has to say", mechanism));
}

Status check_login_credentials(const Credentials& credentials) {
  constexpr char kNul = '\0';
  if (credentials.user.empty()) return fail(ErrorCode::secret, "the user name is empty");
  if (credentials.user.contains(kNul)) {
    return fail(ErrorCode::secret, "the user name holds a NUL, which no login can carry");
  }
  if (credentials.secret.empty()) return fail(ErrorCode::secret, "the password is empty");
  if (credentials.secret.reveal().contains(kNul)) {
    return fail(ErrorCode::secret, "the password holds a NUL, which no login can carry");
  }
  return {};
}

std::string_view sasl_name(Mechanism mechanism) {
  STERNA_ASSERT(mechanism != Mechanism::login_command);
  std::string_view name = to_string(mechanism);
  name.remove_prefix(std::string_view("AUTHENTICATE ").size());
  return name;
}

Result<std::unique_ptr<SaslExchange>> start_sasl(Mechanism mechanism, Credentials credentials) {
  if (mechanism == Mechanism::external) return start_external(std::move(credentials));
  STERNA_CHECK(check_login_credentials(credentials));
  switch (mechanism) {
    case Mechanism::plain:
      return start_plain(std::move(credentials));
    case Mechanism::login:
      return start_login(std::move(credentials));
    case Mechanism::xoauth2:
      return start_xoauth2(std::move(credentials));
    case Mechanism::oauthbearer:
      return start_oauthbearer(std::move(credentials));
    case Mechanism::cram_md5:
      return start_cram_md5(std::move(credentials));
    case Mechanism::scram_sha_1:
    case Mechanism::scram_sha_1_plus:
    case Mechanism::scram_sha_256:
    case Mechanism::scram_sha_256_plus:
      return start_scram(mechanism, std::move(credentials));
    case Mechanism::external:
    case Mechanism::login_command:
      break;
  }
  STERNA_ASSERT(mechanism != Mechanism::login_command);
  std::unreachable();
}

}  // namespace sterna::auth
