// SPDX-License-Identifier: Apache-2.0
#include "sterna/oauth/grant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::oauth {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Client client() {
  Client client;
  client.token_url = "https://login.example/token";
  client.device_url = "https://login.example/device";
  client.revoke_url = "https://login.example/revoke";
  client.scope = "mail offline";
  client.id = "id";
  return client;
}

io::HttpAnswer answer(std::string body, int status = 200) {
  io::HttpAnswer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = WipedString(std::move(body));
  return answer;
}

std::expected<Grant, Refusal> grant_of(std::string body, int status = 200) {
  return read_grant(answer(std::move(body), status), "the endpoint");
}

Refusal::Kind kind_of(std::string body, int status) {
  auto grant = grant_of(std::move(body), status);
  return grant ? Refusal::Kind::no_sense : grant.error().kind;
}

std::string form_of(const io::HttpRequest& request) {
  return std::string(request.form->reveal());
}

TEST(Requests, AreForms) {
  const Authorization authorization{
      .verifier = Secret(std::string("v")), .state = "s", .redirect_uri = "http://127.0.0.1:1"};
  const Secret code(std::string("a/b"));
  const io::HttpRequest request = code_request(client(), authorization, code);
  EXPECT_EQ(request.url, "https://login.example/token");
  EXPECT_EQ(form_of(request),
            "grant_type=authorization_code&code=a%2Fb&redirect_uri=http%3A%2F%2F127.0.0.1%3A1"
            "&code_verifier=v&client_id=id");
  EXPECT_EQ(form_of(refresh_request(client(), Secret(std::string("r&")))),
            "grant_type=refresh_token&refresh_token=r%26&client_id=id");
  EXPECT_EQ(form_of(device_request(client())), "scope=mail%20offline&client_id=id");
  EXPECT_EQ(form_of(revoke_request(client(), Secret(std::string("r")))), "token=r&client_id=id");
  EXPECT_EQ(form_of(poll_request(client(), Secret(std::string("d")))),
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d"
            "&client_id=id");
}

TEST(Requests, CarryTheSecretOfTheClientIfItHasOne) {
  Client confidential = client();
  confidential.secret = Secret(std::string("s+s"));
  EXPECT_THAT(form_of(refresh_request(confidential, Secret(std::string("r")))),
              HasSubstr("&client_secret=s%2Bs"));
}

TEST(Requests, GoByTheProxyOfTheClient) {
  Client behind = client();
  behind.proxy = {
      .host = "proxy.example", .port = 1080, .user = "ann", .password = Secret("canary")};
  const Secret secret("s");
  for (const io::HttpRequest& request :
       {code_request(behind, {}, secret), refresh_request(behind, secret),
        revoke_request(behind, secret), device_request(behind), poll_request(behind, secret)}) {
    EXPECT_EQ(request.proxy.host, "proxy.example") << request.url;
    EXPECT_EQ(request.proxy.port, 1080);
    EXPECT_EQ(request.proxy.user, "ann");
    EXPECT_EQ(request.proxy.password.reveal(), "canary");
  }
  EXPECT_EQ(device_request(client()).proxy.host, "");
}

TEST(Scopes, ThatWereNotGrantedAreMissed) {
  EXPECT_THAT(missing_scopes("https://mail.google.com/", "openid https://www.example/userinfo"),
              ElementsAre("https://mail.google.com/"));
  EXPECT_THAT(missing_scopes("https://a.example/Imap https://a.example/Smtp offline_access",
                             "https://a.example/Smtp"),
              ElementsAre("https://a.example/Imap"));
  EXPECT_THAT(missing_scopes("mail-w", "mail-r"), ElementsAre("mail-w"));
}

TEST(Scopes, AreKnownAgainHoweverTheyAreTold) {
  const std::string asked =
      "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send "
      "offline_access";
  for (const char* granted :
       {"https://outlook.office.com/SMTP.Send https://outlook.office.com/IMAP.AccessAsUser.All",
        "imap.accessasuser.all  smtp.send Mail.Read", "SMTP.Send,IMAP.AccessAsUser.All",
        "https://outlook.office365.com/IMAP.AccessAsUser.All/ SMTP.SEND"}) {
    EXPECT_THAT(missing_scopes(asked, granted), IsEmpty()) << granted;
  }
  EXPECT_THAT(missing_scopes("IMAP.AccessAsUser.All", asked), IsEmpty());
  EXPECT_THAT(missing_scopes("https://mail.google.com/", "https://mail.google.com"), IsEmpty());
}

TEST(Scopes, ThatNobodyTellsAgainAreNotMissed) {
  EXPECT_THAT(missing_scopes("mail offline OpenID profile email", "mail"), IsEmpty());
  EXPECT_THAT(missing_scopes("https://outlook.office.com/.default", "IMAP.AccessAsUser.All"),
              IsEmpty());
  EXPECT_THAT(missing_scopes("mail", ""), IsEmpty());
  EXPECT_THAT(missing_scopes("mail", " "), IsEmpty());
  EXPECT_THAT(missing_scopes("", "mail"), IsEmpty());
}

TEST(Grant, IsRead) {
  const auto grant = grant_of(
      R"({"access_token":"a","token_type":"Bearer","expires_in":3600,"refresh_token":"r",
          "scope":"mail","id_token":"ignored"})");
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->access.reveal(), "a");
  EXPECT_EQ(grant->refresh->reveal(), "r");
  EXPECT_EQ(grant->lifetime, seconds(3600));
  EXPECT_EQ(grant->scope, "mail");
}

TEST(Grant, MayLeaveOutMost) {
  const auto grant = grant_of(R"({"access_token":"a"})");
  ASSERT_TRUE(grant);
  EXPECT_FALSE(grant->refresh);
  EXPECT_EQ(grant->lifetime, kLifetimeAssumed);
}

TEST(Grant, HasALifeWithinReason) {
  const auto lifetime = [](const std::string& number) {
    return grant_of(R"({"access_token":"a","expires_in":)" + number + "}")->lifetime;
  };
  EXPECT_EQ(lifetime("\"3599\""), seconds(3599));
  EXPECT_EQ(lifetime("1e300"), kLifetimeMax);
  EXPECT_EQ(lifetime("99999999999999999999999999"), kLifetimeMax);
  EXPECT_EQ(lifetime("18446744073709551615"), kLifetimeMax);
  EXPECT_EQ(lifetime("-5"), kLifetimeAssumed);
  EXPECT_EQ(lifetime("-1e9"), kLifetimeAssumed);
  EXPECT_EQ(lifetime("12.7"), seconds(12));
  EXPECT_EQ(lifetime("null"), kLifetimeAssumed);
  EXPECT_EQ(lifetime("\"soon\""), kLifetimeAssumed);
  EXPECT_EQ(lifetime("[]"), kLifetimeAssumed);
}

TEST(Grant, IsNoneInAnythingElse) {
  const std::string deep =
      R"({"access_token":"a","x":)" + std::string(1000, '[') + std::string(1000, ']') + "}";
  const std::string huge = R"({"access_token":")" + std::string(kTokenOctetsMax + 1, 'a') + "\"}";
  for (const std::string& body :
       {std::string(), std::string("<html>Sign in</html>"), std::string("[]"), std::string("null"),
        std::string("{}"), std::string(R"({"access_token":5})"),
        std::string(R"({"access_token":""})"), std::string(R"({"access_token":"a b"})"),
        std::string(R"({"access_token":"a\u0001"})"),
        std::string("{\"access_token\":\"a\\u0000\"}"),
        std::string(R"({"access_token":"a","token_type":"mac"})"),
        std::string(R"({"access_token":"a","refresh_token":"r\nr"})"), deep, huge}) {
    const auto grant = grant_of(body);
    ASSERT_FALSE(grant) << body.substr(0, 80);
    EXPECT_EQ(grant.error().kind, Refusal::Kind::no_sense) << body.substr(0, 80);
    EXPECT_EQ(grant.error().error.code(), ErrorCode::protocol);
  }
}

TEST(Refusal, TellsAGoneConsentFromBadTimes) {
  using Kind = Refusal::Kind;
  EXPECT_EQ(kind_of(R"({"error":"invalid_grant"})", 400), Kind::consent_gone);
  EXPECT_EQ(kind_of(R"({"error":"interaction_required"})", 400), Kind::consent_gone);
  EXPECT_EQ(kind_of(R"({"error":"invalid_client"})", 401), Kind::setup);
  EXPECT_EQ(kind_of(R"({"error":"invalid_scope"})", 400), Kind::setup);
  EXPECT_EQ(kind_of(R"({"error":"something_new"})", 400), Kind::setup);
  EXPECT_EQ(kind_of(R"({"error":"temporarily_unavailable"})", 400), Kind::later);
  EXPECT_EQ(kind_of("<html>", 500), Kind::later);
  EXPECT_EQ(kind_of("", 503), Kind::later);
  // Whatever a broken endpoint says of the grant, it is broken.
  EXPECT_EQ(kind_of(R"({"error":"invalid_grant"})", 500), Kind::later);
  EXPECT_EQ(kind_of(R"({"error":"invalid_grant"})", 429), Kind::later);
  EXPECT_EQ(kind_of("", 302), Kind::no_sense);
  EXPECT_EQ(kind_of("<html>", 404), Kind::no_sense);
  EXPECT_EQ(kind_of(R"({"error":"invalid_grant"})", 200), Kind::consent_gone);
}

TEST(Refusal, SaysWhatCameBackAndWhenToComeAgain) {
  io::HttpAnswer busy = answer("", 429);
  busy.retry_after = seconds(90);
  const auto later = read_grant(std::move(busy), "the endpoint of x");
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().retry_after, seconds(90));
  EXPECT_EQ(later.error().error.message(),
            "the endpoint of x answered with status 429: try again in 90 s");
  const auto gone =
      grant_of(R"({"error":"invalid_grant","error_description":"AADSTS70043: \u001bx"})", 400);
  EXPECT_EQ(gone.error().error.message(), "the endpoint says invalid_grant: AADSTS70043: \\x1bx");
  EXPECT_EQ(gone.error().error.code(), ErrorCode::login);
  const auto foreign = grant_of("<html>hunter2</html>");
  EXPECT_THAT(foreign.error().error.message(), HasSubstr("(status 200, application/json)"));
  EXPECT_THAT(foreign.error().error.message(), Not(HasSubstr("hunter2")));
}

TEST(Device, IsRead) {
  const auto device = read_device(
      answer(R"({"device_code":"d","user_code":"AB-CD","verification_uri":"https://x.example/d",
                 "verification_uri_complete":"https://x.example/d?c=AB","expires_in":900,
                 "interval":7})"),
      "the endpoint");
  ASSERT_TRUE(device);
  EXPECT_EQ(device->user_code, "AB-CD");
  EXPECT_EQ(device->url, "https://x.example/d");
  EXPECT_EQ(device->complete_url, "https://x.example/d?c=AB");
  EXPECT_EQ(device->lifetime, seconds(900));
  EXPECT_EQ(device->interval, seconds(7));
}

TEST(Device, HasIntervalsWithinReason) {
  const auto device = [](const std::string& more) {
    return *read_device(answer(R"({"device_code":"d","user_code":"A",
                                   "verification_url":"https://x.example/")" +
                               more + "}"),
                        "the endpoint");
  };
  EXPECT_EQ(device("").interval, kIntervalUsual);
  EXPECT_EQ(device(",\"interval\":-3").interval, kIntervalUsual);
  EXPECT_EQ(device(",\"interval\":0").interval, kIntervalUsual);
  EXPECT_EQ(device(",\"interval\":1e12").interval, kIntervalMax);
  EXPECT_EQ(device(",\"expires_in\":1e12").lifetime, kDeviceLifetimeMax);
  EXPECT_TRUE(device(",\"verification_uri_complete\":\"http://x.example/\"").complete_url.empty());
}

TEST(Device, IsNoneWithoutASafeAddress) {
  for (const char* address : {"http://x.example/", "javascript:alert(1)", "", "https://x y"}) {
    EXPECT_FALSE(read_device(
        answer(std::string(R"({"device_code":"d","user_code":"A","verification_uri":")") + address +
               "\"}"),
        "the endpoint"))
        << address;
  }
}

TEST(NextPoll, FollowsRfc8628) {
  seconds interval(5);
  const auto poll = [&interval](Refusal::Kind kind, seconds retry_after = seconds(0)) {
    return next_poll({.kind = kind, .retry_after = retry_after}, interval);
  };
  EXPECT_EQ(poll(Refusal::Kind::pending), seconds(5));
  EXPECT_EQ(poll(Refusal::Kind::slow_down), seconds(10));
  EXPECT_EQ(poll(Refusal::Kind::pending), seconds(10));
  EXPECT_EQ(poll(Refusal::Kind::later), seconds(20));
  EXPECT_EQ(poll(Refusal::Kind::later, seconds(50)), seconds(50));
  for (int i = 0; i < 9; ++i) poll(Refusal::Kind::slow_down);
  EXPECT_EQ(interval, kIntervalMax);
  EXPECT_FALSE(poll(Refusal::Kind::denied));
  EXPECT_FALSE(poll(Refusal::Kind::expired));
  EXPECT_FALSE(poll(Refusal::Kind::consent_gone));
}

TEST(Refusal, OfADeviceLoginHasItsOwnWords) {
  EXPECT_EQ(kind_of(R"({"error":"authorization_pending"})", 400), Refusal::Kind::pending);
  EXPECT_EQ(kind_of(R"({"error":"slow_down"})", 400), Refusal::Kind::slow_down);
  EXPECT_EQ(kind_of(R"({"error":"access_denied"})", 400), Refusal::Kind::denied);
  EXPECT_EQ(kind_of(R"({"error":"authorization_declined"})", 400), Refusal::Kind::denied);
  EXPECT_EQ(kind_of(R"({"error":"expired_token"})", 400), Refusal::Kind::expired);
}

}  // namespace
}  // namespace sterna::oauth
