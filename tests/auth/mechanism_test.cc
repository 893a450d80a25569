// SPDX-License-Identifier: Apache-2.0
// Which login is chosen: the whole table of offers, wishes and links.
#include "sterna/auth/mechanism.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using enum Mechanism;

constexpr auto kAuto = Preference::automatic;
constexpr auto kPlain = Preference::plain;
constexpr auto kLogin = Preference::login;
constexpr auto kCram = Preference::cram_md5;
constexpr auto kScram1 = Preference::scram_sha_1;
constexpr auto kScram256 = Preference::scram_sha_256;
constexpr auto kOauth = Preference::oauth;
constexpr auto kExternal = Preference::external;
const std::vector<std::string> kEverything = {"PLAIN",
                                              "LOGIN",
                                              "CRAM-MD5",
                                              "DIGEST-MD5",
                                              "SCRAM-SHA-1",
                                              "SCRAM-SHA-256",
                                              "SCRAM-SHA-256-PLUS",
                                              "SCRAM-SHA-1-PLUS",
                                              "EXTERNAL",
                                              "GSSAPI",
                                              "XOAUTH2",
                                              "OAUTHBEARER"};

struct Case {
  const char* name;
  std::vector<std::string> offered;
  bool login_disabled;
  Preference preference;
  std::vector<Mechanism> expected;              // under TLS that can be bound to
  std::vector<Mechanism> on_an_open_link = {};  // that is allowed
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

std::vector<Mechanism> chosen(const Case& c, Link link, Binding binding) {
  const auto result = choose_mechanisms({c.offered, c.login_disabled}, c.preference, link, binding);
  if (result) return *result;
  EXPECT_EQ(result.error().disposition(), Disposition::needs_user);
  EXPECT_EQ(result.error().code(), c.preference == kExternal && link != Link::encrypted
                                       ? ErrorCode::tls
                                       : ErrorCode::login);
  return {};
}

class ChooseMechanisms : public ::testing::TestWithParam<Case> {};

TEST_P(ChooseMechanisms, OverAnEncryptedLink) {
  EXPECT_EQ(chosen(GetParam(), Link::encrypted, Binding::possible), GetParam().expected);
}

TEST_P(ChooseMechanisms, OverAnOpenLinkThatIsAllowed) {
  EXPECT_EQ(chosen(GetParam(), Link::plaintext_allowed, Binding::impossible),
            GetParam().on_an_open_link);
}

TEST_P(ChooseMechanisms, NeverOverAnotherOpenOne) {
  const Case& c = GetParam();
  const auto result = choose_mechanisms({c.offered, c.login_disabled}, c.preference,
                                        Link::plaintext, Binding::impossible);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::tls);
  EXPECT_EQ(result.error().disposition(), Disposition::needs_user);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChooseMechanisms,
    ::testing::Values(
        Case{"AutoTakesTheBest",
             kEverything,
             false,
             kAuto,
             {scram_sha_256_plus, scram_sha_256, plain},
             {scram_sha_256}},
        Case{"AutoTakesTheWeakerHashWhereThereIsNoOther",
             {"SCRAM-SHA-1", "PLAIN"},
             true,
             kAuto,
             {scram_sha_1, plain},
             {scram_sha_1}},
        Case{"AutoPrefersTheHashToTheBinding",
             {"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"},
             true,
             kAuto,
             {scram_sha_256},
             {scram_sha_256}},
        Case{"AutoTakesABoundOneAlone", {"SCRAM-SHA-1-PLUS"}, true, kAuto, {scram_sha_1_plus}, {}},
        Case{"AutoPrefersPlain", {"LOGIN", "PLAIN"}, false, kAuto, {plain}, {plain}},
        Case{"NamesInAnyCase",
             {"plain", "Scram-Sha-1"},
             true,
             kAuto,
             {scram_sha_1, plain},
             {scram_sha_1}},
        Case{"AutoFallsToTheCommand", {}, false, kAuto, {login_command}, {login_command}},
        Case{"AutoTakesTheCommandBeforeSaslLogin",
             {"LOGIN"},
             false,
             kAuto,
             {login_command},
             {login_command}},
        Case{"AutoTakesSaslLoginLast", {"LOGIN"}, true, kAuto, {login}, {login}},
        Case{"AutoTakesCramMd5OnAnOpenLinkOnly",
             {"CRAM-MD5", "PLAIN"},
             false,
             kAuto,
             {plain},
             {cram_md5}},
        Case{"AutoTakesNoCramMd5UnderTls", {"CRAM-MD5"}, true, kAuto, {}, {cram_md5}},
        Case{"AutoShowsNoCertificateUnasked", {"EXTERNAL"}, true, kAuto, {}, {}},
        Case{"AutoWithNothingInCommon", {"XOAUTH2", "GSSAPI"}, true, kAuto, {}, {}},
        Case{"PlainAlone", kEverything, false, kPlain, {plain}, {plain}},
        Case{"PlainNotOffered", {"LOGIN"}, false, kPlain, {}, {}},
        Case{"LoginIsTheCommand", kEverything, false, kLogin, {login_command}, {login_command}},
        Case{"LoginIsSaslWhereDisabled", {"PLAIN", "LOGIN"}, true, kLogin, {login}, {login}},
        Case{"LoginNotToBeHad", {"PLAIN"}, true, kLogin, {}, {}},
        Case{"CramMd5Asked", kEverything, false, kCram, {cram_md5}, {cram_md5}},
        Case{"ScramNeverFallsToThePassword",
             kEverything,
             false,
             kScram256,
             {scram_sha_256_plus, scram_sha_256},
             {scram_sha_256}},
        Case{"Scram1Asked",
             kEverything,
             false,
             kScram1,
             {scram_sha_1_plus, scram_sha_1},
             {scram_sha_1}},
        Case{"ScramNotOffered", {"PLAIN", "SCRAM-SHA-1"}, false, kScram256, {}, {}},
        Case{"ExternalAsked", kEverything, false, kExternal, {external}, {}},
        Case{
            "OauthPrefersTheOneWithAnRfc", kEverything, true, kOauth, {oauthbearer}, {oauthbearer}},
        Case{"OauthTakesTheOther", {"PLAIN", "xoauth2"}, false, kOauth, {xoauth2}, {xoauth2}},
        Case{"OauthShowsNoTokenAsAPassword", {"PLAIN", "LOGIN"}, false, kOauth, {}, {}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ChooseMechanismsBinding, NoneIsTriedWhereTheConnectionHasNone) {
  const auto result =
      choose_mechanisms({kEverything, false}, kScram256, Link::encrypted, Binding::impossible);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, std::vector{scram_sha_256});
}

TEST(ChooseMechanismsBinding, AnOfferOfAnyIsSeen) {
  EXPECT_TRUE(offers_binding({{"PLAIN", "scram-sha-1-plus"}, false}));
  EXPECT_TRUE(offers_binding({{"SCRAM-SHA-512-PLUS"}, false}));
  EXPECT_FALSE(offers_binding({{"SCRAM-SHA-1", "PLAIN"}, false}));
}

TEST(ChooseMechanismsError, SaysWhatTheServerOffers) {
  const auto result = choose_mechanisms({{"XOAUTH2", "EVIL\x1b[2J"}, true}, kAuto, Link::encrypted,
                                        Binding::possible);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), HasSubstr("AUTH=XOAUTH2"));
  EXPECT_THAT(result.error().message(), HasSubstr("LOGINDISABLED"));
  EXPECT_THAT(result.error().message(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(result.error().hint(), HasSubstr("OAuth"));
}

TEST(ChooseMechanismsError, SaysWhatTheUserWanted) {
  const auto result =
      choose_mechanisms({{"LOGIN"}, false}, kPlain, Link::encrypted, Binding::possible);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), HasSubstr("wanted is auth = \"plain\""));
  EXPECT_THAT(result.error().hint(), HasSubstr("auth = \"auto\""));
}

TEST(ChooseMechanismsError, NamesTheWayThatIsLeft) {
  const auto hint = [](std::string offered) {
    const auto result =
        choose_mechanisms({{std::move(offered)}, true}, kAuto, Link::encrypted, Binding::possible);
    return result ? std::string() : result.error().hint();
  };
  EXPECT_THAT(hint("CRAM-MD5"), HasSubstr("auth = \"cram-md5\""));
  EXPECT_THAT(hint("EXTERNAL"), HasSubstr("tls.client_cert"));
}

}  // namespace
}  // namespace sterna::auth
