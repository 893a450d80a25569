// SPDX-License-Identifier: Apache-2.0
#include "sterna/oauth/tokens.h"

#include <gtest/gtest.h>

#include <set>

namespace sterna::oauth {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kNow = 1'800'000'000'000;

Secret secret(std::string text) {
  return Secret(std::move(text));
}

Client client() {
  Client client;
  client.id = "id";
  client.token_url = "https://login.example/token";
  client.scope = "asked";
  return client;
}

Grant grant(std::string access, std::optional<std::string> refresh, seconds lifetime) {
  Grant grant;
  grant.access = secret(std::move(access));
  if (refresh) grant.refresh = secret(std::move(*refresh));
  grant.lifetime = lifetime;
  return grant;
}

Tokens tokens(seconds lifetime = seconds(1000), std::string access = "a1") {
  return tokens_of(grant(std::move(access), "r1", lifetime), client(), "ann", kNow);
}

TEST(Tokens, AreThoseOfTheGrant) {
  const Tokens one = tokens();
  EXPECT_EQ(one.access.reveal(), "a1");
  EXPECT_EQ(one.refresh.reveal(), "r1");
  EXPECT_EQ(one.expires_ms, kNow + 1'000'000);
  EXPECT_EQ(one.scope, "asked");
  EXPECT_TRUE(belongs_to(one, client()));
}

TEST(Tokens, GoToNoOtherEndpointOrClient) {
  Client other = client();
  other.token_url = "https://evil.example/token";
  EXPECT_FALSE(belongs_to(tokens(), other));
  other = client();
  other.id = "another";
  EXPECT_FALSE(belongs_to(tokens(), other));
}

TEST(Renewal, KeepsThePreviousRefreshTokenUntilTheNewOneWorked) {
  const Tokens second = renewed_by(grant("a2", "r2", seconds(10)), tokens(), secret("r1"), kNow);
  EXPECT_EQ(second.refresh.reveal(), "r2");
  EXPECT_EQ(second.previous_refresh.reveal(), "r1");
  // r2 worked, and r1 is of no use any more.
  const Tokens third = renewed_by(grant("a3", "r3", seconds(10)), second, secret("r2"), kNow);
  EXPECT_EQ(third.refresh.reveal(), "r3");
  EXPECT_EQ(third.previous_refresh.reveal(), "r2");
  const Tokens fourth = renewed_by(grant("a4", {}, seconds(10)), third, secret("r3"), kNow);
  EXPECT_EQ(fourth.refresh.reveal(), "r3");
  EXPECT_TRUE(fourth.previous_refresh.empty());
}

TEST(Renewal, WithThePreviousOneGoesOnFromThere) {
  const Tokens second = renewed_by(grant("a2", "r2", seconds(10)), tokens(), secret("r1"), kNow);
  const Tokens third = renewed_by(grant("a3", {}, seconds(10)), second, secret("r1"), kNow);
  EXPECT_EQ(third.refresh.reveal(), "r1");
}

TEST(Validity, EndsAMinuteEarlyOrAQuarterOfAShortLife) {
  EXPECT_TRUE(is_valid(tokens(), kNow));
  EXPECT_TRUE(is_valid(tokens(), kNow + 939'000));
  EXPECT_FALSE(is_valid(tokens(), kNow + 940'000));
  EXPECT_TRUE(is_valid(tokens(seconds(40)), kNow + 29'000));
  EXPECT_FALSE(is_valid(tokens(seconds(40)), kNow + 30'000));
}

TEST(Due, IsAroundThreeQuartersOfTheLife) {
  std::set<std::int64_t> moments;
  for (int i = 0; i < 200; ++i) {
    const Tokens one = tokens(seconds(1000), "token" + std::to_string(i));
    EXPECT_GE(due_ms(one), kNow + 700'000);
    EXPECT_LE(due_ms(one), kNow + 800'000);
    EXPECT_EQ(due_ms(one), due_ms(one));
    moments.insert(due_ms(one));
  }
  EXPECT_GT(moments.size(), 5U);
}

TEST(Due, ComesWithTheTimeAndWithAClockThatWasSetBack) {
  EXPECT_FALSE(is_due(tokens(), kNow));
  EXPECT_TRUE(is_due(tokens(), kNow + 800'000));
  EXPECT_TRUE(is_due(tokens(), kNow - 3'600'000));
  EXPECT_FALSE(is_due(tokens(seconds(30)), kNow));
  EXPECT_TRUE(is_due(tokens(seconds(30)), kNow + 24'000));
}

}  // namespace
}  // namespace sterna::oauth
