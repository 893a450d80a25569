// SPDX-License-Identifier: Apache-2.0
#include "sterna/auth/sasl.h"

#include <utility>

#include "sterna/base/assert.h"

namespace sterna::auth {
namespace {

constexpr char kNul = '\0';

// RFC 4616 section 2: [authzid] NUL authcid NUL passwd. Without an authzid the server derives it,
// which is the one form that all of them take.
Secret plain_message(const Credentials& credentials) {
  const std::string_view password = credentials.password.reveal();
  std::string message;
  message.reserve(credentials.user.size() + password.size() + 2);
  message += kNul;
  message += credentials.user;
  message += kNul;
  message += password;
  return Secret(std::move(message));
}

}  // namespace

Status check_login_credentials(const Credentials& credentials) {
  if (credentials.user.empty()) return fail(ErrorCode::secret, "the user name is empty");
  if (credentials.user.contains(kNul)) {
    return fail(ErrorCode::secret, "the user name holds a NUL, which no login can carry");
  }
  if (credentials.password.empty()) return fail(ErrorCode::secret, "the password is empty");
  if (credentials.password.reveal().contains(kNul)) {
    return fail(ErrorCode::secret, "the password holds a NUL, which no login can carry");
  }
  return {};
}

SaslExchange::SaslExchange(Mechanism mechanism, Credentials credentials)
    : mechanism_(mechanism), credentials_(std::move(credentials)) {}

Result<SaslExchange> SaslExchange::start(Mechanism mechanism, Credentials credentials) {
  STERNA_ASSERT(mechanism != Mechanism::login_command);
  STERNA_CHECK(check_login_credentials(credentials));
  return SaslExchange(mechanism, std::move(credentials));
}

std::string_view SaslExchange::name() const {
  return mechanism_ == Mechanism::plain ? "PLAIN" : "LOGIN";
}

Result<Secret> SaslExchange::respond(std::string_view /*challenge*/) {
  // Neither mechanism's challenges carry anything to act on: PLAIN has an empty one, and the
  // prompts of LOGIN differ from server to server while their order does not.
  const unsigned step = steps_++;
  if (mechanism_ == Mechanism::plain && step == 0) return plain_message(credentials_);
  if (mechanism_ == Mechanism::login && step == 0) return Secret(credentials_.user);
  if (mechanism_ == Mechanism::login && step == 1) return credentials_.password;
  return fail(ErrorCode::protocol,
              "the server asks for more than AUTHENTICATE " + std::string(name()) + " has to say");
}

}  // namespace sterna::auth
