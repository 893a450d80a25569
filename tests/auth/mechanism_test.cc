// SPDX-License-Identifier: Apache-2.0
// Which login is chosen: the whole table of offers, wishes and links.
#include "sterna/auth/mechanism.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  const char* name;
  std::vector<std::string> offered;
  bool login_disabled;
  Preference preference;
  std::optional<Mechanism> expected;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

class ChooseMechanism : public ::testing::TestWithParam<Case> {};

TEST_P(ChooseMechanism, OverAnEncryptedLink) {
  const Case& c = GetParam();
  const auto chosen =
      choose_mechanism({c.offered, c.login_disabled}, c.preference, Link::encrypted);
  if (c.expected) {
    ASSERT_TRUE(chosen) << chosen.error().describe();
    EXPECT_EQ(to_string(*chosen), to_string(*c.expected));
  } else {
    ASSERT_FALSE(chosen);
    EXPECT_EQ(chosen.error().code(), ErrorCode::login);
    EXPECT_EQ(chosen.error().disposition(), Disposition::needs_user);
  }
}

TEST_P(ChooseMechanism, NeverOverAnOpenOne) {
  const Case& c = GetParam();
  const auto chosen =
      choose_mechanism({c.offered, c.login_disabled}, c.preference, Link::plaintext);
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code(), ErrorCode::tls);
  EXPECT_EQ(chosen.error().disposition(), Disposition::needs_user);
}

constexpr auto kAuto = Preference::automatic;
constexpr auto kPlain = Preference::plain;
constexpr auto kLogin = Preference::login;
constexpr auto kOauth = Preference::oauth;

INSTANTIATE_TEST_SUITE_P(
    Table, ChooseMechanism,
    ::testing::Values(
        Case{"AutoPrefersPlain", {"LOGIN", "PLAIN"}, false, kAuto, Mechanism::plain},
        Case{"NamesInAnyCase", {"plain"}, true, kAuto, Mechanism::plain},
        Case{"AutoFallsToTheCommand", {}, false, kAuto, Mechanism::login_command},
        Case{"AutoTakesTheCommandBeforeSaslLogin",
             {"LOGIN"},
             false,
             kAuto,
             Mechanism::login_command},
        Case{"AutoTakesSaslLoginLast", {"LOGIN"}, true, kAuto, Mechanism::login},
        Case{"AutoWithNothingInCommon", {"XOAUTH2", "GSSAPI"}, true, kAuto, std::nullopt},
        Case{"PlainAlone", {"PLAIN", "LOGIN"}, false, kPlain, Mechanism::plain},
        Case{"PlainNotOffered", {"LOGIN"}, false, kPlain, std::nullopt},
        Case{"LoginIsTheCommand", {"PLAIN", "LOGIN"}, false, kLogin, Mechanism::login_command},
        Case{"LoginIsSaslWhereDisabled", {"PLAIN", "LOGIN"}, true, kLogin, Mechanism::login},
        Case{"LoginNotToBeHad", {"PLAIN"}, true, kLogin, std::nullopt},
        Case{"OauthPrefersTheOneWithAnRfc",
             {"PLAIN", "XOAUTH2", "OAUTHBEARER"},
             true,
             kOauth,
             Mechanism::oauthbearer},
        Case{"OauthTakesTheOther", {"PLAIN", "xoauth2"}, false, kOauth, Mechanism::xoauth2},
        Case{"OauthShowsNoTokenAsAPassword", {"PLAIN", "LOGIN"}, false, kOauth, std::nullopt}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ChooseMechanismError, SaysWhatTheServerOffers) {
  const auto chosen = choose_mechanism({{"XOAUTH2", "EVIL\x1b[2J"}, true}, kAuto, Link::encrypted);
  ASSERT_FALSE(chosen);
  EXPECT_THAT(chosen.error().message(), HasSubstr("AUTH=XOAUTH2"));
  EXPECT_THAT(chosen.error().message(), HasSubstr("LOGINDISABLED"));
  EXPECT_THAT(chosen.error().message(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(chosen.error().hint(), HasSubstr("OAuth"));
}

TEST(ChooseMechanismError, SaysWhatTheUserWanted) {
  const auto chosen = choose_mechanism({{"LOGIN"}, false}, kPlain, Link::encrypted);
  ASSERT_FALSE(chosen);
  EXPECT_THAT(chosen.error().message(), HasSubstr("wanted is auth = \"plain\""));
  EXPECT_THAT(chosen.error().hint(), HasSubstr("auth = \"auto\""));
}

TEST(ChooseMechanismLink, PlaintextIsTakenWhereItIsAllowed) {
  const auto chosen = choose_mechanism({{"PLAIN"}, false}, kAuto, Link::plaintext_allowed);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(*chosen, Mechanism::plain);
}

}  // namespace
}  // namespace sterna::auth
