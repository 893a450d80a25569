// SPDX-License-Identifier: Apache-2.0
// OAUTHBEARER by the examples of RFC 7628 section 4, XOAUTH2 by Google's description of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sterna/auth/sasl.h"
#include "sterna/base/bytes.h"

namespace sterna::auth {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kToken = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

std::unique_ptr<SaslExchange> begin(Mechanism mechanism, Credentials credentials) {
  auto sasl = start_sasl(mechanism, std::move(credentials));
  EXPECT_TRUE(sasl) << sasl.error().describe();
  return std::move(*sasl);
}

TEST(OauthBearer, FirstMessageOfRfc7628) {
  const auto sasl = begin(Mechanism::oauthbearer, {.user = "user@example.com",
                                                   .secret = Secret(kToken),
                                                   .host = "server.example.com",
                                                   .port = 143});
  EXPECT_EQ(sasl_name(Mechanism::oauthbearer), "OAUTHBEARER");
  EXPECT_TRUE(sasl->speaks_first());
  const auto first = sasl->respond("");
  ASSERT_TRUE(first);
  EXPECT_EQ(
      base64_encode(first->reveal()),
      "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVy"
      "IHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB");
  EXPECT_TRUE(sasl->accept());
}

TEST(OauthBearer, CommaAndEqualsSignInTheNameAreEscaped) {
  const auto sasl = begin(Mechanism::oauthbearer, {"a,b=c", Secret("t")});
  EXPECT_EQ(sasl->respond("")->reveal(),
            "n,a=a=2Cb=3Dc,\x01"
            "auth=Bearer t\x01\x01"s);
}

TEST(OauthBearer, AnErrorIsAnsweredByControlAAndKept) {
  const auto sasl = begin(Mechanism::oauthbearer, {"ann", Secret(kToken)});
  ASSERT_TRUE(sasl->respond(""));
  const auto regret =
      sasl->respond("{\"status\":\"invalid_token\",\"scope\":\"example_scope\"}\x1b");
  ASSERT_TRUE(regret);
  EXPECT_EQ(base64_encode(regret->reveal()), "AQ==");
  EXPECT_THAT(sasl->complaint(), HasSubstr("invalid_token"));
  EXPECT_THAT(sasl->complaint(), Not(HasSubstr("\x1b")));
  const auto third = sasl->respond("");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code(), ErrorCode::protocol);
}

TEST(OauthBearer, NoOkAfterAnError) {
  const auto sasl = begin(Mechanism::oauthbearer, {"ann", Secret(kToken)});
  ASSERT_TRUE(sasl->respond(""));
  ASSERT_TRUE(sasl->respond("{}"));
  EXPECT_FALSE(sasl->accept());
}

TEST(Xoauth2, FirstMessage) {
  const auto sasl =
      begin(Mechanism::xoauth2,
            {.user = "someuser@example.com", .secret = Secret(kToken), .host = "host", .port = 1});
  EXPECT_EQ(sasl_name(Mechanism::xoauth2), "XOAUTH2");
  EXPECT_TRUE(sasl->speaks_first());
  EXPECT_EQ(
      base64_encode(sasl->respond("")->reveal()),
      "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB2RjlkZnQ0cW1UYzJOdmIzUmxja0JoYkhSaGRt"
      "bHpkR0V1WTI5dENnPT0BAQ==");
}

TEST(Xoauth2, AnErrorIsAnsweredByNothing) {
  const auto sasl = begin(Mechanism::xoauth2, {"ann", Secret(kToken)});
  ASSERT_TRUE(sasl->respond(""));
  const auto regret =
      sasl->respond(R"({"status":"401","schemes":"bearer","scope":"https://mail.google.com/"})");
  ASSERT_TRUE(regret);
  EXPECT_TRUE(regret->empty());
  EXPECT_THAT(sasl->complaint(), HasSubstr("401"));
  EXPECT_FALSE(sasl->respond(""));
}

TEST(Token, WhatCannotBeOneIsRefusedWithoutShowingIt) {
  for (const std::string& token : {"Error: not logged in"s,
                                   "abc\x01"
                                   "auth=Bearer x"s,
                                   "a\nb"s}) {
    for (const Mechanism mechanism : {Mechanism::oauthbearer, Mechanism::xoauth2}) {
      const auto sasl = start_sasl(mechanism, {"ann", Secret(token)});
      ASSERT_FALSE(sasl);
      EXPECT_EQ(sasl.error().code(), ErrorCode::secret);
      EXPECT_THAT(sasl.error().describe(), Not(HasSubstr("Bearer")));
      EXPECT_THAT(sasl.error().describe(), Not(HasSubstr("logged")));
    }
  }
}

}  // namespace
}  // namespace sterna::auth
