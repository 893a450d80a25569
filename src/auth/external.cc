// SPDX-License-Identifier: Apache-2.0
// EXTERNAL (RFC 4422 appendix A): the client's certificate says who we are. The message is whose
// mail is wanted; empty, the server derives that from the certificate.
#include <utility>

#include "exchanges.h"

namespace sterna::auth {
namespace {

class External final : public SaslExchange {
 public:
  explicit External(std::string authorization_identity)
      : authorization_identity_(std::move(authorization_identity)) {}

  bool speaks_first() const override { return true; }

  Result<Secret> respond(std::string_view /*challenge*/) override {
    if (std::exchange(said_, true)) return fail(asks_too_much("EXTERNAL"));
    return Secret(authorization_identity_);
  }

 private:
  std::string authorization_identity_;
  bool said_ = false;
};

}  // namespace

Result<std::unique_ptr<SaslExchange>> start_external(Credentials credentials) {
  if (credentials.authorization_identity.contains('\0')) {
    return fail(ErrorCode::secret, "the user name holds a NUL, which no login can carry");
  }
  return std::make_unique<External>(std::move(credentials.authorization_identity));
}

}  // namespace sterna::auth
