// SPDX-License-Identifier: Apache-2.0
#include "sterna/oauth/tokens.h"

#include <algorithm>

#include "sterna/base/digest.h"

namespace sterna::oauth {
namespace {

// A login takes a while, and clocks differ. Of a short life it is a part.
constexpr std::int64_t kMarginMaxMs = 60'000;
constexpr std::int64_t kMarginShare = 4;
constexpr std::int64_t kClockStepMs = 300'000;

std::int64_t margin_ms(const Tokens& tokens) {
  return std::min(kMarginMaxMs, (tokens.expires_ms - tokens.issued_ms) / kMarginShare);
}

void take_access(Tokens& tokens, const Grant& grant, std::int64_t now_ms) {
  tokens.access = grant.access;
  tokens.issued_ms = now_ms;
  tokens.expires_ms = now_ms + std::chrono::milliseconds(grant.lifetime).count();
  if (!grant.scope.empty()) tokens.scope = grant.scope;
}

}  // namespace

Tokens tokens_of(const Grant& grant, const Client& client, std::string user, std::int64_t now_ms) {
  Tokens tokens;
  tokens.scope = client.scope;
  take_access(tokens, grant, now_ms);
  tokens.refresh = grant.refresh.value_or(Secret());
  tokens.client_id = client.id;
  tokens.token_url = client.token_url;
  tokens.user = std::move(user);
  return tokens;
}

Tokens renewed_by(const Grant& grant, const Tokens& before, const Secret& used,
                  std::int64_t now_ms) {
  Tokens tokens = before;
  take_access(tokens, grant, now_ms);
  tokens.refresh = grant.refresh.value_or(used);
  const bool rotated = tokens.refresh != used;
  tokens.previous_refresh = rotated ? used : Secret();
  return tokens;
}

bool is_valid(const Tokens& tokens, std::int64_t now_ms) {
  return now_ms + margin_ms(tokens) < tokens.expires_ms &&
         now_ms + kClockStepMs >= tokens.issued_ms;
}

std::int64_t due_ms(const Tokens& tokens) {
  constexpr std::int64_t kEarliestPercent = 70;
  constexpr std::int64_t kSpread = 11;  // up to 80 percent
  const auto chance = static_cast<std::int64_t>(hash64(tokens.access.reveal()) % kSpread);
  return tokens.issued_ms +
         (tokens.expires_ms - tokens.issued_ms) / 100 * (kEarliestPercent + chance);
}

bool is_due(const Tokens& tokens, std::int64_t now_ms) {
  return now_ms >= due_ms(tokens) || !is_valid(tokens, now_ms);
}

bool belongs_to(const Tokens& tokens, const Client& client) {
  return tokens.client_id == client.id && tokens.token_url == client.token_url;
}

}  // namespace sterna::oauth
