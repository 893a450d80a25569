// SPDX-License-Identifier: Apache-2.0
// PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login): the password itself. Their challenges
// carry nothing to act on: PLAIN has an empty one, and the prompts of LOGIN differ from server to
// server while their order does not.
#include <utility>

#include "exchanges.h"

namespace sterna::auth {
namespace {

class Plain final : public SaslExchange {
 public:
  explicit Plain(Credentials credentials) : credentials_(std::move(credentials)) {}

  bool speaks_first() const override { return true; }

  // Section 2: [authzid] NUL authcid NUL passwd. Without an authzid the server derives it, which is
  // the one form that all of them take.
  Result<Secret> respond(std::string_view /*challenge*/) override {
    if (std::exchange(said_, true)) return fail(asks_too_much("PLAIN"));
    const std::string_view password = credentials_.secret.reveal();
    std::string message;
    message.reserve(credentials_.user.size() + password.size() + 2);
    message += '\0';
    message += credentials_.user;
    message += '\0';
    message += password;
    return Secret(std::move(message));
  }

 private:
  Credentials credentials_;
  bool said_ = false;
};

class Login final : public SaslExchange {
 public:
  explicit Login(Credentials credentials) : credentials_(std::move(credentials)) {}

  bool speaks_first() const override { return false; }

  Result<Secret> respond(std::string_view /*challenge*/) override {
    switch (steps_++) {
      case 0:
        return Secret(credentials_.user);
      case 1:
        return credentials_.secret;
      default:
        return fail(asks_too_much("LOGIN"));
    }
  }

 private:
  Credentials credentials_;
  unsigned steps_ = 0;
};

}  // namespace

std::unique_ptr<SaslExchange> start_plain(Credentials credentials) {
  return std::make_unique<Plain>(std::move(credentials));
}

std::unique_ptr<SaslExchange> start_login(Credentials credentials) {
  return std::make_unique<Login>(std::move(credentials));
}

}  // namespace sterna::auth
