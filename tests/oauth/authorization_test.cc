// SPDX-License-Identifier: Apache-2.0
#include "sterna/oauth/authorization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::oauth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Counting : public io::Random {
 public:
  std::uint64_t next() override { return ++last_ * 0x9e3779b97f4a7c15U; }

 private:
  std::uint64_t last_ = 0;
};

Client client() {
  Client client;
  client.provider = "google";
  client.authorize_url = "https://login.example/auth";
  client.token_url = "https://login.example/token";
  client.scope = "https://mail.example/";
  client.id = "me & you";
  return client;
}

Authorization authorization() {
  Counting random;
  return begin_authorization(random, "http://127.0.0.1:8080");
}

TEST(Pkce, MakesTheChallengeOfRfc7636AppendixB) {
  EXPECT_EQ(challenge_of(Secret(std::string("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(Pkce, HasAVerifierOf43UnreservedCharacters) {
  const Authorization one = authorization();
  EXPECT_EQ(one.verifier.reveal().size(), 43U);
  EXPECT_EQ(one.verifier.reveal().find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_GE(one.state.size(), 22U);
}

TEST(UrlDecoding, TakesAPlusForABlank) {
  EXPECT_EQ(url_decoded("4%2F0A+b%26").value(), "4/0A b&");
  for (const char* wrong : {"%", "%4", "%4g", "a%zz"}) EXPECT_FALSE(url_decoded(wrong)) << wrong;
}

TEST(AuthorizationUrl, SaysWhatIsAskedForAndNeverTheVerifier) {
  Client google = client();
  google.extra = {{"access_type", "offline"}};
  const Authorization one = authorization();
  const std::string url = authorization_url(google, one, "ann@example.org");
  EXPECT_THAT(url,
              HasSubstr("https://login.example/auth?response_type=code&client_id=me%20%26%20you"
                        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080"
                        "&scope=https%3A%2F%2Fmail.example%2F&state=" +
                        one.state));
  EXPECT_THAT(url, HasSubstr("&code_challenge=" + challenge_of(one.verifier)));
  EXPECT_THAT(url, HasSubstr("&code_challenge_method=S256"));
  EXPECT_THAT(url, HasSubstr("&login_hint=ann%40example.org&access_type=offline"));
  EXPECT_THAT(url, Not(HasSubstr(std::string(one.verifier.reveal()))));
}

TEST(AuthorizationUrl, GoesOnWhereTheEndpointHasAQueryOfItsOwn) {
  Client other = client();
  other.authorize_url = "https://login.example/auth?tenant=7";
  EXPECT_THAT(authorization_url(other, authorization(), ""), HasSubstr("?tenant=7&response_type="));
}

TEST(LoopbackRedirect, NamesTheAddressOrTheHost) {
  Client one = client();
  EXPECT_EQ(loopback_redirect(one, 4711), "http://127.0.0.1:4711");
  one.redirects_to_name = true;
  EXPECT_EQ(loopback_redirect(one, 4711), "http://localhost:4711");
}

TEST(SameSecret, ComparesAllOfBoth) {
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", ""));
  EXPECT_FALSE(same_secret("", "abc"));
  EXPECT_FALSE(same_secret("abcabc", "abc"));
}

TEST(Visit, BringsTheCode) {
  const Authorization one = authorization();
  const Visit visit = read_visit("/?state=" + one.state + "&code=4%2F0Ab&scope=x", one);
  ASSERT_EQ(visit.kind, Visit::Kind::answer);
  EXPECT_EQ(visit.code->reveal(), "4/0Ab");
}

TEST(Visit, IsNoneOfOursWithoutAnAnswer) {
  const Authorization one = authorization();
  for (const std::string target :
       {"/", "/favicon.ico", "/?", "/?hello=1", "/other?code=1&state=", "/?code=%zz&state="}) {
    EXPECT_EQ(read_visit(target + one.state, one).kind, Visit::Kind::unrelated) << target;
  }
  EXPECT_EQ(read_visit("/?code=1&code=2&state=" + one.state, one).kind, Visit::Kind::unrelated);
  const std::string huge(64 * 1024, 'a');
  EXPECT_EQ(read_visit("/?code=" + huge + "&state=" + one.state, one).kind, Visit::Kind::unrelated);
}

TEST(Visit, OfAnotherLoginIsForeign) {
  const Authorization one = authorization();
  EXPECT_EQ(read_visit("/?code=1&state=wrong", one).kind, Visit::Kind::foreign);
  EXPECT_EQ(read_visit("/?code=1", one).kind, Visit::Kind::foreign);
  EXPECT_EQ(read_visit("/?error=access_denied", one).kind, Visit::Kind::foreign);
}

TEST(Visit, BringsTheRefusalMadePrintable) {
  const Authorization one = authorization();
  const Visit visit =
      read_visit("/?error=access_denied&error_description=no%1b%5b31m+way&state=" + one.state, one);
  ASSERT_EQ(visit.kind, Visit::Kind::answer);
  ASSERT_FALSE(visit.code);
  EXPECT_EQ(visit.code.error().code(), ErrorCode::login);
  EXPECT_EQ(visit.code.error().message(), "the provider says access_denied: no\\x1b[31m way");
}

TEST(Pasted, IsAnAddressOrACode) {
  const Authorization one = authorization();
  EXPECT_EQ(
      read_pasted(" http://127.0.0.1:1/?code=a%2Fb&state=" + one.state + "#_=_ \n", one)->reveal(),
      "a/b");
  EXPECT_EQ(read_pasted("4/0AbCd-eF\n", one)->reveal(), "4/0AbCd-eF");
}

TEST(Pasted, IsRefusedWithAHint) {
  const Authorization one = authorization();
  for (const char* text :
       {"", "  ", "https://127.0.0.1:1/", "https://login.example/auth?x=1", "two words"}) {
    const auto code = read_pasted(text, one);
    ASSERT_FALSE(code) << text;
    EXPECT_EQ(code.error().code(), ErrorCode::usage) << text;
    EXPECT_FALSE(code.error().hint().empty());
  }
  const auto foreign = read_pasted("http://127.0.0.1:1/?code=a&state=b", one);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code(), ErrorCode::usage);
}

}  // namespace
}  // namespace sterna::oauth
