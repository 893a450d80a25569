// SPDX-License-Identifier: Apache-2.0
// CRAM-MD5 (RFC 2195): the password is not said, but can be guessed from the answer, and the server
// proves nothing.
#include <fmt/format.h>

#include <utility>

#include "crypto.h"
#include "exchanges.h"
#include "sterna/base/bytes.h"

namespace sterna::auth {
namespace {

class CramMd5 final : public SaslExchange {
 public:
  explicit CramMd5(Credentials credentials) : credentials_(std::move(credentials)) {}

  bool speaks_first() const override { return false; }

  Result<Secret> respond(std::string_view challenge) override {
    if (std::exchange(said_, true)) return fail(asks_too_much("CRAM-MD5"));
    if (challenge.empty()) {
      return fail(ErrorCode::protocol, "the server's challenge for CRAM-MD5 is empty");
    }
    STERNA_TRY(const WipedString mac, hmac(Hash::md5, credentials_.secret.reveal(), challenge));
    return Secret(fmt::format("{} {}", credentials_.user, to_hex(mac)));
  }

 private:
  Credentials credentials_;
  bool said_ = false;
};

}  // namespace

std::unique_ptr<SaslExchange> start_cram_md5(Credentials credentials) {
  return std::make_unique<CramMd5>(std::move(credentials));
}

}  // namespace sterna::auth
