// SPDX-License-Identifier: Apache-2.0
// Known answers for PLAIN (the example of RFC 4616 section 4, without its authorization identity)
// and LOGIN.
#include "sterna/auth/sasl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::auth {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::Not;

std::unique_ptr<SaslExchange> begin(Mechanism mechanism, std::string user, std::string password) {
  auto sasl = start_sasl(mechanism, {std::move(user), Secret(std::move(password))});
  EXPECT_TRUE(sasl) << sasl.error().describe();
  return std::move(*sasl);
}

TEST(SaslPlain, IsNulUserNulPassword) {
  const auto sasl = begin(Mechanism::plain, "tim", "tanstaaftanstaaf");
  EXPECT_EQ(sasl_name(Mechanism::plain), "PLAIN");
  EXPECT_TRUE(sasl->speaks_first());
  const auto response = sasl->respond("");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->reveal(), "\0tim\0tanstaaftanstaaf"s);
}

TEST(SaslPlain, CarriesAnyOctetButNul) {
  const auto sasl = begin(Mechanism::plain, "ann@example.org", "p\xc3\xa4ss \"\\\r\n\xff");
  const auto response = sasl->respond("");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->reveal(), "\0ann@example.org\0p\xc3\xa4ss \"\\\r\n\xff"s);
}

TEST(SaslPlain, HasNoSecondAnswer) {
  const auto sasl = begin(Mechanism::plain, "tim", "secret");
  ASSERT_TRUE(sasl->respond(""));
  const auto again = sasl->respond("");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), ErrorCode::protocol);
  EXPECT_THAT(again.error().describe(), Not(HasSubstr("secret")));
}

TEST(SaslLogin, AnswersTwoPromptsInOrder) {
  const auto sasl = begin(Mechanism::login, "tim", "tanstaaf");
  EXPECT_EQ(sasl_name(Mechanism::login), "LOGIN");
  EXPECT_FALSE(sasl->speaks_first());
  const auto user = sasl->respond("Username:");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->reveal(), "tim");
  const auto password = sasl->respond("Password:");
  ASSERT_TRUE(password);
  EXPECT_EQ(password->reveal(), "tanstaaf");
}

TEST(SaslLogin, DoesNotDependOnThePrompts) {
  const auto sasl = begin(Mechanism::login, "tim", "tanstaaf");
  EXPECT_EQ(sasl->respond("User Name\0"s)->reveal(), "tim");
  EXPECT_EQ(sasl->respond("")->reveal(), "tanstaaf");
}

TEST(SaslLogin, RefusesAThirdPrompt) {
  const auto sasl = begin(Mechanism::login, "tim", "tanstaaf");
  ASSERT_TRUE(sasl->respond("Username:"));
  ASSERT_TRUE(sasl->respond("Password:"));
  const auto third = sasl->respond("Password:");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code(), ErrorCode::protocol);
}

TEST(SaslCredentials, EmptyOrWithNulAreRefusedWithoutShowingThem) {
  struct {
    std::string user;
    std::string password;
    std::string_view says;
  } const cases[] = {
      {"", "hunter2", "user name is empty"},
      {"tim\0root"s, "hunter2", "user name holds a NUL"},
      {"tim", "", "password is empty"},
      {"tim", "hunter\0two"s, "password holds a NUL"},
  };
  for (const auto& c : cases) {
    const auto sasl = start_sasl(Mechanism::plain, {c.user, Secret(c.password)});
    ASSERT_FALSE(sasl) << c.says;
    EXPECT_EQ(sasl.error().code(), ErrorCode::secret);
    EXPECT_THAT(sasl.error().describe(), HasSubstr(c.says));
    EXPECT_THAT(sasl.error().describe(), Not(HasSubstr("hunter")));
    EXPECT_FALSE(check_login_credentials({c.user, Secret(c.password)}));
  }
  EXPECT_TRUE(check_login_credentials({"tim", Secret("hunter2")}));
}

}  // namespace
}  // namespace sterna::auth
