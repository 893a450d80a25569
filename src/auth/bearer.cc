// SPDX-License-Identifier: Apache-2.0
// OAUTHBEARER (RFC 7628) and XOAUTH2, which came before it: an access token, and a server that
// says in a challenge why it refuses. That challenge wants an answer, or the tagged NO never comes.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "exchanges.h"
#include "gs2.h"
#include "sterna/base/bytes.h"

namespace sterna::auth {
namespace {

constexpr char kSeparator = '\x01';
constexpr std::size_t kComplaintMax = 300;

class Bearer final : public SaslExchange {
 public:
  Bearer(std::string_view name, Secret message, std::string_view regret)
      : name_(name), message_(std::move(message)), regret_(regret) {}

  bool speaks_first() const override { return true; }

  Result<Secret> respond(std::string_view challenge) override {
    switch (steps_++) {
      case 0:
        return std::exchange(message_, Secret());
      case 1:
        complaint_ = printable(challenge, kComplaintMax);
        return Secret(std::string(regret_));
      default:
        return fail(asks_too_much(name_));
    }
  }

  // Whoever sent an error does not take it back (RFC 7628 section 3.2.3).
  Status accept() const override {
    if (steps_ < 2) return {};
    return fail(
        ErrorCode::protocol,
        fmt::format("the server refused the token, and says OK all the same: {}", complaint_));
  }

  std::string complaint() const override { return complaint_; }

 private:
  std::string_view name_;
  Secret message_;
  std::string_view regret_;  // the answer to an error
  std::string complaint_;
  unsigned steps_ = 0;
};

// The separator ends each of the pairs.
Status check_token(const Credentials& credentials) {
  const auto is_foreign = [](char c) { return c <= ' ' || c > '~'; };
  if (std::ranges::any_of(credentials.secret.reveal(), is_foreign)) {
    return fail(Error(ErrorCode::secret,
                      "what should be an access token holds blanks or other "
                      "characters that no token has (RFC 6750 section 2.1)"));
  }
  if (credentials.user.contains(kSeparator)) {
    return fail(ErrorCode::secret, "the user name holds a control character");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<SaslExchange>> start_oauthbearer(Credentials credentials) {
  STERNA_CHECK(check_token(credentials));
  const std::string_view token = credentials.secret.reveal();
  std::string message;
  message.reserve(token.size() + 3 * credentials.user.size() + credentials.host.size() + 64);
  message += gs2_header("n", credentials.user);
  message += kSeparator;
  if (!credentials.host.empty()) message += fmt::format("host={}{}", credentials.host, kSeparator);
  if (credentials.port != 0) message += fmt::format("port={}{}", credentials.port, kSeparator);
  message += "auth=Bearer ";
  message += token;
  message += kSeparator;
  message += kSeparator;
  return std::make_unique<Bearer>("OAUTHBEARER", Secret(std::move(message)), "\x01");
}

Result<std::unique_ptr<SaslExchange>> start_xoauth2(Credentials credentials) {
  STERNA_CHECK(check_token(credentials));
  const std::string_view token = credentials.secret.reveal();
  std::string message;
  message.reserve(token.size() + credentials.user.size() + 32);
  message += "user=";
  message += credentials.user;
  message += kSeparator;
  message += "auth=Bearer ";
  message += token;
  message += kSeparator;
  message += kSeparator;
  return std::make_unique<Bearer>("XOAUTH2", Secret(std::move(message)), "");
}

}  // namespace sterna::auth
