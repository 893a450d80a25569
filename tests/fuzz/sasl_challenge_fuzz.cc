// SPDX-License-Identifier: Apache-2.0
// What a server may say amid a login: whatever it is, each answer is bounded, and only who proved
// that the password is known to it is believed. The first octet chooses the mechanism; a line is a
// challenge.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "sterna/auth/sasl.h"
#include "sterna/base/assert.h"

namespace {

using namespace sterna;

constexpr auth::Mechanism kMechanisms[] = {
    auth::Mechanism::plain,         auth::Mechanism::login,
    auth::Mechanism::cram_md5,      auth::Mechanism::scram_sha_1,
    auth::Mechanism::scram_sha_256, auth::Mechanism::scram_sha_256_plus,
    auth::Mechanism::xoauth2,       auth::Mechanism::oauthbearer,
};

bool proves_itself(auth::Mechanism mechanism) {
  return mechanism == auth::Mechanism::scram_sha_1 || mechanism == auth::Mechanism::scram_sha_256 ||
         mechanism == auth::Mechanism::scram_sha_256_plus;
}

// What is asked for within the limits may take a second; no input is the better for it.
bool is_slow(std::string_view challenge) {
  const std::size_t at = challenge.find("i=");
  if (at == std::string_view::npos) return false;
  std::size_t digits = at + 2;
  while (digits < challenge.size() && std::isdigit(static_cast<unsigned char>(challenge[digits])))
    ++digits;
  return digits - at > 6;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auth::Mechanism mechanism = kMechanisms[data[0] % std::size(kMechanisms)];
  std::string_view left(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto exchange = auth::start_sasl(mechanism, {.user = "user",
                                               .secret = Secret(std::string("pencil")),
                                               .nonce = "fyko+d2lbbFgONRv9qkxdawL",
                                               .binding = {"tls-exporter", std::string(32, 'x')},
                                               .binding_offered = true});
  STERNA_ASSERT(exchange.has_value());
  if ((*exchange)->speaks_first()) STERNA_ASSERT((*exchange)->respond("").has_value());
  for (int challenges = 0; challenges < 8 && !left.empty(); ++challenges) {
    const std::string_view challenge = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(challenge.size() + 1, left.size()));
    if (is_slow(challenge)) return 0;
    const bool proved = (*exchange)->accept().has_value();
    const Result<Secret> answer = (*exchange)->respond(challenge);
    if (!answer) {
      STERNA_ASSERT(!answer.error().message().empty());
      STERNA_ASSERT(!proves_itself(mechanism) || proved || !(*exchange)->accept());
      return 0;
    }
    STERNA_ASSERT(answer->reveal().size() < 64 * 1024 + 2 * size);
  }
  for (const char c : (*exchange)->complaint()) STERNA_ASSERT(static_cast<unsigned char>(c) >= ' ');
  return 0;
}
