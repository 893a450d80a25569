// SPDX-License-Identifier: Apache-2.0
#include "sterna/discover/autoconfig.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::discover {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Address kAnn{"ann", "example.org"};

std::string server(std::string_view inside, std::string_view type = "imap") {
  return fmt::format("<incomingServer type=\"{}\">{}</incomingServer>", type, inside);
}
std::string document(std::string_view servers, std::string_view beside = "") {
  return fmt::format(
      "<?xml version=\"1.0\"?><clientConfig version=\"1.1\"><emailProvider id=\"example.org\">"
      "<domain>example.org</domain>{}</emailProvider>{}</clientConfig>",
      servers, beside);
}
const std::string kGood =
    "<hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType>"
    "<username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication>";

TEST(Autoconfig, ReadsHostPortModeUserAndLogin) {
  const auto found = parse_autoconfig(document(server(kGood)), kAnn);
  ASSERT_TRUE(found) << found.error().describe();
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().host, "imap.example.org");
  EXPECT_EQ(found->front().port, 993);
  EXPECT_EQ(found->front().mode, io::TlsMode::implicit);
  EXPECT_EQ(found->front().user, "ann@example.org");
  EXPECT_THAT(found->front().logins, ElementsAre(Login::password));
}

TEST(Autoconfig, PlaceholdersAreFilledOnceAndEverywhere) {
  const Address odd{"%EMAILDOMAIN%", "example.org"};
  const auto found =
      parse_autoconfig(document(server("<hostname> Mail.%EMAILDOMAIN%\n</hostname><port>143</port>"
                                       "<socketType>STARTTLS</socketType>"
                                       "<username>%EMAILLOCALPART%.%EMAILDOMAIN%</username>"
                                       "<authentication>password-encrypted</authentication>")),
                       odd);
  ASSERT_TRUE(found) << found.error().describe();
  EXPECT_EQ(found->front().host, "mail.example.org");
  EXPECT_EQ(found->front().mode, io::TlsMode::starttls);
  EXPECT_EQ(found->front().user, "%EMAILDOMAIN%.example.org");
}

TEST(Autoconfig, TakesWhatItCanUseInTheOrderOfTheDocument) {
  const auto found =
      parse_autoconfig(document(server(kGood, "pop3") +
                                    server("<hostname>a.example.org</hostname><port>143</port>"
                                           "<socketType>plain</socketType><username>u</username>"
                                           "<authentication>password-cleartext</authentication>") +
                                    server("<hostname>b.example.org</hostname><port>993</port>"
                                           "<socketType>SSL</socketType><username>u</username>"
                                           "<authentication>GSSAPI</authentication>") +
                                    server("<hostname>c.example.org</hostname><port>993</port>"
                                           "<socketType>SSL</socketType><username>u</username>"
                                           "<authentication>GSSAPI</authentication>"
                                           "<authentication>OAuth2</authentication>"
                                           "<authentication>password-cleartext</authentication>") +
                                    server(kGood),
                                "<oAuth2><issuer>login.example.org</issuer></oAuth2>"),
                       kAnn);
  ASSERT_TRUE(found) << found.error().describe();
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].host, "c.example.org");
  EXPECT_THAT((*found)[0].logins, ElementsAre(Login::oauth, Login::password));
  EXPECT_EQ((*found)[0].oauth_issuer, "login.example.org");
  EXPECT_EQ((*found)[1].host, "imap.example.org");
}

TEST(Autoconfig, SaysWhatWasOfferedWhereNothingCanBeUsed) {
  const auto found =
      parse_autoconfig(document(server("<hostname>a.example.org</hostname><port>143</port>"
                                       "<socketType>plain</socketType><username>u</username>"
                                       "<authentication>password-cleartext</authentication>")),
                       kAnn);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), ErrorCode::not_found);
  EXPECT_THAT(found.error().message(), HasSubstr("a.example.org:143 (plain; password-cleartext)"));
  const auto none = parse_autoconfig(document(server(kGood, "pop3")), kAnn);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message(), HasSubstr("no IMAP server is named"));
}

TEST(Autoconfig, RefusesHostsPortsAndUsersThatAreNone) {
  for (const std::string_view host :
       {"", "a b", "-a.example.org", "a..b", "imap.example.org/x", "h:1", "b\u00fccher.example"}) {
    const auto found = parse_autoconfig(
        document(server(fmt::format("<hostname>{}</hostname><port>993</port>"
                                    "<socketType>SSL</socketType><username>u</username>"
                                    "<authentication>password-cleartext</authentication>",
                                    host))),
        kAnn);
    EXPECT_FALSE(found) << host;
  }
  for (const std::string_view port : {"", "0", "65536", "-1", "imap", "993 "}) {
    const auto found = parse_autoconfig(
        document(server(fmt::format("<hostname>h.example</hostname><port>{}</port>"
                                    "<socketType>SSL</socketType><username>u</username>"
                                    "<authentication>password-cleartext</authentication>",
                                    port))),
        kAnn);
    EXPECT_EQ(found.has_value(), port == "993 ") << port;
  }
  const auto control =
      parse_autoconfig(document(server("<hostname>h.example</hostname><port>993</port>"
                                       "<socketType>SSL</socketType><username>u&#10;v</username>"
                                       "<authentication>password-cleartext</authentication>")),
                       kAnn);
  EXPECT_FALSE(control);
}

TEST(Autoconfig, RefusesADocumentTypeAndSoEveryEntity) {
  const auto found = parse_autoconfig(
      "<?xml version=\"1.0\"?><!DOCTYPE c [<!ENTITY a \"b\"><!ENTITY x SYSTEM \"/etc/passwd\">]>"
      "<clientConfig>&a;&x;</clientConfig>",
      kAnn);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), ErrorCode::protocol);
  EXPECT_THAT(found.error().message(), HasSubstr("document type"));
}

TEST(Autoconfig, IsBounded) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "<a>";
  const auto nested = parse_autoconfig(deep, kAnn);
  ASSERT_FALSE(nested);
  EXPECT_THAT(nested.error().message(), HasSubstr("too deeply"));

  const auto large = parse_autoconfig(std::string(kAutoconfigOctetsMax + 1, ' '), kAnn);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), ErrorCode::too_big);

  std::string many;
  for (int i = 0; i < 100; ++i) many += server(kGood);
  const auto found = parse_autoconfig(document(many), kAnn);
  ASSERT_TRUE(found) << found.error().describe();
  EXPECT_EQ(found->size(), kAutoconfigServersMax);

  const auto name = parse_autoconfig(
      document(server(fmt::format("<hostname>h.example</hostname><port>993</port>"
                                  "<socketType>SSL</socketType><username>{}</username>"
                                  "<authentication>password-cleartext</authentication>",
                                  std::string(5000, 'u')))),
      kAnn);
  ASSERT_TRUE(name) << name.error().describe();
  EXPECT_EQ(name->front().user, "") << "the address, then";
}

TEST(Autoconfig, WhatIsNoSuchDocumentIsSaidToBeNone) {
  for (const std::string_view text :
       {"", "not XML", "<html><body>404</body></html>", "<clientConfig>", "<clientConfig></x>"}) {
    const auto found = parse_autoconfig(text, kAnn);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code(), ErrorCode::protocol) << text;
  }
}

TEST(Address, IsCheckedBeforeAnybodyIsAsked) {
  const auto ann = parse_address("ann@Example.ORG.");
  ASSERT_TRUE(ann) << ann.error().describe();
  EXPECT_EQ(ann->local, "ann");
  EXPECT_EQ(ann->domain, "example.org");
  EXPECT_EQ(ann->text(), "ann@example.org");
  for (const std::string_view wrong : {"", "ann", "@example.org", "ann@", "ann@localhost",
                                       "ann@exa mple.org", "ann@a..b", "ann@example.org/x"}) {
    EXPECT_FALSE(parse_address(wrong)) << wrong;
  }
  const auto foreign = parse_address("ann@b\u00fccher.example");
  ASSERT_FALSE(foreign);
  EXPECT_THAT(foreign.error().hint(), HasSubstr("xn--"));
}

}  // namespace
}  // namespace sterna::discover
