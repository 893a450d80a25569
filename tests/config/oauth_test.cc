// SPDX-License-Identifier: Apache-2.0
// The table `oauth` of an account.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/oauth_providers.h"
#include "support.h"

namespace sterna::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

AccountConfig account(std::string_view keys, std::string_view oauth) {
  const Home home;
  return account_of(home, std::string("[account.a]\n") + std::string(keys) +
                              "\n[account.a.oauth]\n" + std::string(oauth) + "\n");
}

std::string problems(std::string_view keys, std::string_view oauth) {
  return problems_of(std::string("[account.a]\n") + std::string(keys) + "\n[account.a.oauth]\n" +
                     std::string(oauth) + "\n");
}

TEST(OAuth, OfAPresetNeedsAClientIdAndNoMore) {
  const AccountConfig a =
      account("address = \"ann@gmail.com\"", "client_id = \"id\"\nclient_secret = \"s\"");
  EXPECT_EQ(a.auth, Auth::oauth);
  ASSERT_TRUE(a.oauth);
  EXPECT_EQ(a.oauth->provider, "google");
  EXPECT_EQ(a.oauth->token_url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(a.oauth->scope, "https://mail.google.com/");
  EXPECT_EQ(a.oauth->client_secret, Secret(std::string("s")));
  EXPECT_TRUE(a.oauth->device_url.empty());
  EXPECT_THAT(a.oauth->extra,
              ElementsAre(Pair("access_type", "offline"), Pair("prompt", "consent")));
}

TEST(OAuth, OfMicrosoftHasATenant) {
  constexpr std::string_view kKeys = "address = \"ann@outlook.com\"";
  EXPECT_EQ(account(kKeys, "client_id = \"id\"").oauth->token_url,
            "https://login.microsoftonline.com/common/oauth2/v2.0/token");
  const AccountConfig a = account(kKeys, "client_id = \"id\"\ntenant = \"example.org\"");
  EXPECT_EQ(a.oauth->authorize_url,
            "https://login.microsoftonline.com/example.org/oauth2/v2.0/authorize");
  EXPECT_THAT(a.oauth->device_url, HasSubstr("/example.org/"));
  EXPECT_TRUE(a.oauth->redirects_to_name);
}

constexpr std::string_view kOwn = "user = \"ann\"\nhost = \"mail.example.org\"";

TEST(OAuth, CanBeAnywhereWithEndpointsByHand) {
  const AccountConfig a =
      account(kOwn,
              "authorize_url = \"https://login.example.org/auth\"\n"
              "token_url = \"https://login.example.org:8443/token\"\n"
              "scope = \"mail\"\nclient_id = \"id\"\nport = 8080\nca_file = \"ca.pem\"");
  EXPECT_EQ(a.oauth->provider, "login.example.org");
  EXPECT_EQ(a.oauth->port, 8080);
  EXPECT_THAT(a.oauth->ca_file, HasSubstr("/ca.pem"));
}

TEST(OAuth, TakesAnEndpointOfAProviderFromTheUser) {
  const AccountConfig a = account(kOwn,
                                  "provider = \"google\"\nscope = \"x\"\nclient_id = \"id\"\n"
                                  "device_url = \"https://oauth2.googleapis.com/device/code\"");
  EXPECT_EQ(a.oauth->scope, "x");
  EXPECT_EQ(a.oauth->device_url, "https://oauth2.googleapis.com/device/code");
}

TEST(OAuth, CanBeACommand) {
  const AccountConfig a = account(kOwn, "token_command = \"oama access ann\"");
  EXPECT_EQ(a.auth, Auth::oauth);
  EXPECT_THAT(a.oauth->token_command, ElementsAre("/bin/sh", "-c", "oama access ann"));
}

TEST(OAuth, IsLeftAloneWhereAuthSaysSo) {
  const AccountConfig a = account(
      "user = \"ann\"\nhost = \"mail.example.org\"\nauth = \"plain\"\n"
      "password = \"p\"",
      "provider = \"google\"");
  EXPECT_EQ(a.auth, Auth::plain);
}

TEST(OAuth, DisplacesThePasswordOfTheDefaultsAndTheOtherWayRound) {
  const Home home;
  const AccountConfig own =
      account_of(home,
                 "[defaults]\npassword_command = \"pass\"\n[account.a]\n"
                 "address = \"ann@gmail.com\"\noauth = { client_id = \"i\" }");
  EXPECT_EQ(own.auth, Auth::oauth);
  EXPECT_EQ(own.secret.index(), 0U);
  const AccountConfig other =
      account_of(home,
                 "[defaults]\noauth = { provider = \"google\", client_id = \"i\" }\n[account.a]\n"
                 "address = \"ann@gmail.com\"\npassword_command = \"pass\"");
  EXPECT_EQ(other.auth, Auth::automatic);
  EXPECT_FALSE(other.oauth);
}

TEST(OAuth, OfTheDefaultsHoldsForAll) {
  const Home home;
  const AccountConfig a = account_of(home,
                                     "[defaults]\noauth = { client_id = \"i\" }\n[account.a]\n"
                                     "address = \"ann@gmail.com\"");
  EXPECT_EQ(a.oauth->provider, "google");
}

TEST(OAuth, WithoutAClientIdSaysWhereToGetOne) {
  EXPECT_EQ(problems("address = \"ann@gmail.com\"", "scope = \"x\""),
            "c.toml:1:10: account `a` needs `oauth.client_id`; Sterna ships none; docs/oauth.md "
            "says how to get one of your own\n");
  EXPECT_EQ(problems_of("[account.a]\naddress = \"ann@gmail.com\"\nauth = \"oauth\"\n"),
            "c.toml:1:10: account `a` needs [account.a.oauth] with `client_id`; Sterna ships "
            "none; docs/oauth.md says how to get one of your own\n");
}

TEST(OAuth, NamesTheProviderThatWasMeant) {
  EXPECT_EQ(problems(kOwn, "provider = \"gogle\"\nclient_id = \"i\""),
            "c.toml:5:12: `oauth.provider` knows no `gogle`; did you mean `google`?\n");
  EXPECT_EQ(problems(kOwn, "provider = \"Office365\"\nclient_id = \"i\""),
            "c.toml:5:12: `oauth.provider` knows no `Office365`; did you mean `microsoft`?\n");
  EXPECT_EQ(problems(kOwn, "provider = \"example\"\nclient_id = \"i\""),
            "c.toml:5:12: `oauth.provider` knows no `example`; one of google, microsoft, "
            "fastmail, yahoo; or give authorize_url and token_url\n");
}

TEST(OAuth, NeedsEndpoints) {
  EXPECT_EQ(problems(kOwn, "client_id = \"i\""),
            "c.toml:1:10: account `a` needs `oauth.provider`; one of google, microsoft, fastmail, "
            "yahoo; or authorize_url, token_url and scope\n");
  EXPECT_EQ(problems(kOwn, "client_id = \"i\"\ntoken_url = \"https://x.example/\""),
            "c.toml:1:10: account `a` needs `oauth.authorize_url`; or `oauth.device_url`, for "
            "logins with --device alone\n");
}

TEST(OAuth, TakesNoAddressThatIsNotSafe) {
  for (const char* url : {"http://x.example/", "https://", "https:///x", "https://u:p@x.example/",
                          "https://x.example/#a", "https://x.example/a b", "ftp://x.example/"}) {
    EXPECT_EQ(problems(kOwn, "client_id = \"i\"\nprovider = \"google\"\ntoken_url = \"" +
                                 std::string(url) + "\""),
              "c.toml:7:13: `oauth.token_url` takes an address that begins with https://\n")
        << url;
  }
}

TEST(OAuth, KnowsATenantOfMicrosoftAlone) {
  EXPECT_EQ(problems(kOwn, "provider = \"google\"\nclient_id = \"i\"\ntenant = \"x\""),
            "c.toml:7:10: `oauth.tenant` is nothing that google knows\n");
  EXPECT_THAT(problems(kOwn, "provider = \"microsoft\"\nclient_id = \"i\"\ntenant = \"a/b\""),
              HasSubstr("`oauth.tenant` takes a domain"));
}

TEST(OAuth, IsOneWayToLogIn) {
  EXPECT_EQ(problems("address = \"ann@gmail.com\"\npassword = \"p\"", "client_id = \"i\""),
            "c.toml:3:12: two ways to log in: `password` and the table `oauth`; keep one of "
            "them\n");
  EXPECT_EQ(problems(kOwn, "client_id = \"i\"\ntoken_command = \"x\""),
            "c.toml:6:17: `oauth.token_command` stands instead of a client of your own; keep it, "
            "or `client_id`\n");
}

TEST(OAuth, WithASecretIsClosedToOthers) {
  const Home home;
  LoadOptions options = home.options();
  options.file = home.write("c.toml",
                            "[account.a]\naddress = \"ann@gmail.com\"\n[account.a.oauth]\n"
                            "client_id = \"i\"\nclient_secret = \"s\"\n",
                            0644);
  const auto loaded = load_or_problems(options);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(describe(loaded.error(), home),
              HasSubstr("this file holds a client_secret and can be read by the group or by "
                        "others; chmod 600"));
}

TEST(OAuth, OfEveryProviderIsSafe) {
  for (const OAuthProvider& provider : oauth_providers()) {
    EXPECT_TRUE(provider.authorize_url.starts_with("https://")) << provider.name;
    EXPECT_TRUE(provider.token_url.starts_with("https://")) << provider.name;
    EXPECT_FALSE(provider.scope.empty()) << provider.name;
  }
}

}  // namespace
}  // namespace sterna::config
