// SPDX-License-Identifier: Apache-2.0
// Questions to a web server of a few lines, over TLS with an authority of the test's own.
#include "sterna/net/https.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "certificates.h"
#include "peer.h"
#include "sterna/coro/scope.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;
using test::Connection;
using test::Peer;
using ::testing::HasSubstr;
using ::testing::Not;

class HttpsTest : public ::testing::Test {
 protected:
  HttpsTest() {
    for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
      ::unsetenv(name);
    std::ofstream(directory_ / "ca.pem") << authority_.certificate_pem();
  }

  io::HttpRequest request(const Peer& peer) {
    io::HttpRequest request;
    request.url = "https://127.0.0.1:" + std::to_string(peer.port()) + "/token?query=canary";
    request.form = Secret(std::string("secret=canary"));
    request.ca_file = directory_ / "ca.pem";
    return request;
  }

  // What the server says once it has read the request.
  Peer peer(std::string says) {
    return Peer([this, says](Connection& connection) {
      if (!connection.start_tls(server_)) return;
      head_ = connection.receive_until("secret=canary");
      connection.send(says);
      connection.end_tls();
    });
  }
  Result<io::HttpAnswer> ask(io::HttpRequest request) {
    Loop loop;
    const auto http = make_http(loop);
    return loop.run(http->send(std::move(request)));
  }

  sterna::test::TempDir directory_;
  test::Identity authority_ = test::make_authority();
  test::Identity server_ =
      test::issue({.common_name = "127.0.0.1", .alternative_names = "IP:127.0.0.1"}, &authority_);
  std::string head_;
};

TEST_F(HttpsTest, PostsAFormAndGivesBackTheAnswer) {
  Peer server = peer(
      "HTTP/1.1 400 No\r\nContent-Type: application/json\r\nRetry-After: 7\r\n"
      "Content-Length: 2\r\n\r\n{}");
  const auto answer = ask(request(server));
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_EQ(answer->retry_after, 7s);
  EXPECT_EQ(answer->body, "{}");
  server.join();
  EXPECT_THAT(head_, HasSubstr("POST /token?query=canary HTTP/1.1\r\n"));
  EXPECT_THAT(head_, HasSubstr("Content-Type: application/x-www-form-urlencoded\r\n"));
  EXPECT_THAT(head_, HasSubstr("\r\n\r\nsecret=canary"));
}

TEST_F(HttpsTest, GoesWhereItIsSentToByNobody) {
  Peer server =
      peer("HTTP/1.1 307 Go\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n");
  const auto answer = ask(request(server));
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(answer->redirect, "https://elsewhere.example/");
}

TEST_F(HttpsTest, ConnectsElsewhereAndWantsTheSameCertificate) {
  server_ = test::issue({.common_name = "x", .alternative_names = "DNS:web.example"}, &authority_);
  for (const std::string name : {"web.example", "other.example"}) {
    Peer server([this](Connection& connection) {
      if (!connection.start_tls(server_)) return;
      head_ = connection.receive_until("\r\n\r\n");
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      connection.end_tls();
    });
    io::HttpRequest elsewhere = request(server);
    elsewhere.form.reset();
    elsewhere.url = "https://" + name + "/";
    elsewhere.accept = "text/xml";
    elsewhere.connect_to = {name + ":443:127.0.0.1:" + std::to_string(server.port())};
    const auto answer = ask(std::move(elsewhere));
    if (name == "web.example") {
      ASSERT_TRUE(answer) << answer.error().describe();
      server.join();
      EXPECT_THAT(head_, HasSubstr("Accept: text/xml\r\n"));
    } else {
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().code(), ErrorCode::certificate);
    }
  }
}

TEST_F(HttpsTest, TrustsNobodyWhomNobodyNamed) {
  Peer server = peer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  io::HttpRequest untrusting = request(server);
  untrusting.ca_file.clear();
  const auto answer = ask(std::move(untrusting));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::certificate);
  EXPECT_THAT(answer.error().hint(), HasSubstr("SSL_CERT_FILE"));
  EXPECT_THAT(answer.error().describe(), Not(HasSubstr("canary")));
}

TEST_F(HttpsTest, TrustsTheFileOfTheEnvironment) {
  Peer server = peer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  io::HttpRequest trusting = request(server);
  ::setenv("SSL_CERT_FILE", trusting.ca_file.c_str(), 1);
  trusting.ca_file.clear();
  const auto answer = ask(std::move(trusting));
  ::unsetenv("SSL_CERT_FILE");
  EXPECT_TRUE(answer) << answer.error().describe();
}

TEST_F(HttpsTest, SaysWhichFileOfAuthoritiesCannotBeRead) {
  Peer server = peer("");
  io::HttpRequest lost = request(server);
  lost.ca_file = directory_ / "none.pem";
  const auto answer = ask(std::move(lost));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::certificate);
  EXPECT_THAT(answer.error().message(), HasSubstr("oauth.ca_file"));
}

TEST_F(HttpsTest, RefusesACertificateOfAnotherHost) {
  server_ = test::issue({}, &authority_);
  Peer server = peer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto answer = ask(request(server));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::certificate);
}

TEST_F(HttpsTest, TakesNoMoreThanItAskedFor) {
  const std::string body(300 * 1024, 'x');
  for (const std::string& head :
       {"Content-Length: " + std::to_string(body.size()), std::string("Connection: close")}) {
    Peer server = peer("HTTP/1.1 200 OK\r\n" + head + "\r\n\r\n" + body);
    const auto answer = ask(request(server));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::too_big);
  }
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 200; ++i) headers += "X-Noise: " + std::string(1000, 'x') + "\r\n";
  Peer server = peer(headers + "\r\n");
  EXPECT_EQ(ask(request(server)).error().code(), ErrorCode::too_big);
}

TEST_F(HttpsTest, WaitsNoLongerThanItSaid) {
  Peer server([this](Connection& connection) {
    connection.start_tls(server_);
    connection.wait_for_end();
  });
  io::HttpRequest slow = request(server);
  slow.limit = 300ms;
  const auto answer = ask(std::move(slow));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::timeout);
  EXPECT_THAT(answer.error().message(), HasSubstr("https://127.0.0.1:"));
  EXPECT_THAT(answer.error().message(), Not(HasSubstr("canary")));
}

TEST_F(HttpsTest, CanBeCalledOff) {
  Peer server([this](Connection& connection) {
    connection.start_tls(server_);
    connection.wait_for_end();
  });
  Loop loop;
  const auto http = make_http(loop);
  const auto call_off = [&]() -> coro::Task<Status> {
    coro::Scope scope = co_await coro::make_scope();
    const auto ask = [&]() -> coro::Task<void> {
      const auto answer = co_await http->send(request(server));
      EXPECT_FALSE(answer);
    };
    scope.spawn(ask());
    STERNA_CO_CHECK(co_await loop.clock().sleep(200ms));
    co_await scope.close();
    co_return Status{};
  };
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(loop.run(call_off()));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

TEST_F(HttpsTest, NamesTroublesOfTheNetwork) {
  io::HttpRequest nobody;
  nobody.url = "https://127.0.0.1:" + std::to_string(test::unused_port()) + "/";
  EXPECT_EQ(ask(nobody).error().code(), ErrorCode::connect);
  nobody.url = "https://no-such-host.invalid/";
  EXPECT_EQ(ask(nobody).error().code(), ErrorCode::resolve);
  nobody.url = "http://127.0.0.1/";
  EXPECT_EQ(ask(nobody).error().code(), ErrorCode::config);
  nobody.url = "file:///etc/passwd";
  EXPECT_EQ(ask(nobody).error().code(), ErrorCode::config);
}

TEST_F(HttpsTest, GoesThroughTheProxyOfTheEnvironment) {
  std::string asked;
  Peer proxy([&asked](Connection& connection) {
    asked = connection.receive_until("\r\n\r\n");
    connection.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
  });
  const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
  ::setenv("https_proxy", address.c_str(), 1);
  io::HttpRequest away;
  away.url = "https://login.example/token";
  const auto answer = ask(std::move(away));
  ::unsetenv("https_proxy");
  EXPECT_FALSE(answer);
  proxy.join();
  EXPECT_THAT(asked, HasSubstr("CONNECT login.example:443 HTTP/1.1"));
}

// Neither `https_proxy` nor `no_proxy` leads around it.
TEST_F(HttpsTest, GoesThroughTheProxyOfTheRequest) {
  using namespace std::string_literals;
  const std::string login = "\x01\x08" + "ann@work"s + "\x05" + "p:%41"s;
  const std::string wanted = "\x05\x01\x00\x03\x0d"s + "login.example" + "\x01\xbb";
  std::string told;
  std::string asked;
  Peer proxy([&](Connection& connection) {
    const std::string greeting = connection.receive_exactly(2);
    if (greeting.size() < 2) return;
    connection.receive_exactly(static_cast<unsigned char>(greeting[1]));
    connection.send("\x05\x02");
    told = connection.receive_exactly(login.size());
    connection.send("\x01\x00"s);
    asked = connection.receive_exactly(wanted.size());
    connection.send("\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"s);
    connection.wait_for_end();
  });
  ::setenv("https_proxy", "http://127.0.0.1:1", 1);
  ::setenv("no_proxy", "*", 1);
  io::HttpRequest away;
  away.url = "https://login.example/token";
  away.proxy = {
      .host = "127.0.0.1", .port = proxy.port(), .user = "ann@work", .password = Secret("p:%41")};
  const auto answer = ask(std::move(away));
  ::unsetenv("https_proxy");
  ::unsetenv("no_proxy");
  proxy.join();
  EXPECT_EQ(told, login);
  EXPECT_EQ(asked, wanted);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::connect);
  EXPECT_THAT(answer.error().describe(),
              HasSubstr("proxy 127.0.0.1:" + std::to_string(proxy.port()) +
                        ": https://login.example/token: "));
  EXPECT_THAT(answer.error().describe(), Not(HasSubstr("p:%41")));
  EXPECT_THAT(answer.error().hint(), HasSubstr("`proxy`"));
}

// As towards IMAP's server: it is the user who mends that.
TEST_F(HttpsTest, SaysThatTheProxyRefusesItsUser) {
  using namespace std::string_literals;
  struct {
    std::string answer;     // to the greeting
    std::size_t login = 0;  // octets that follow it
    std::string refusal;
  } const cases[] = {{"\x05\x02"s, 12, "\x01\x01"s}, {"\x05\xff"s, 0, ""s}};
  for (const auto& one : cases) {
    Peer proxy([&one](Connection& connection) {
      const std::string greeting = connection.receive_exactly(2);
      if (greeting.size() < 2) return;
      connection.receive_exactly(static_cast<unsigned char>(greeting[1]));
      connection.send(one.answer);
      if (one.login > 0) connection.receive_exactly(one.login);
      connection.send(one.refusal);
      connection.wait_for_end();
    });
    io::HttpRequest away;
    away.url = "https://login.example/token";
    away.proxy = {
        .host = "127.0.0.1", .port = proxy.port(), .user = "ann", .password = Secret("wr0ng!")};
    const auto answer = ask(std::move(away));
    proxy.join();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::login) << answer.error().describe();
    EXPECT_EQ(answer.error().disposition(), Disposition::needs_user);
    EXPECT_THAT(answer.error().hint(), HasSubstr("user and password in `proxy`"));
    EXPECT_THAT(answer.error().describe(), HasSubstr("proxy 127.0.0.1:"));
    EXPECT_THAT(answer.error().describe(), Not(HasSubstr("wr0ng")));
  }
}

TEST_F(HttpsTest, SaysThatTheProxyOfTheEnvironmentRefusesItsUser) {
  Peer proxy([](Connection& connection) {
    connection.receive_until("\r\n\r\n");
    connection.send(
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
  });
  const std::string address = "http://ann:wr0ng@127.0.0.1:" + std::to_string(proxy.port());
  ::setenv("https_proxy", address.c_str(), 1);
  io::HttpRequest away;
  away.url = "https://login.example/token";
  const auto answer = ask(std::move(away));
  ::unsetenv("https_proxy");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::login) << answer.error().describe();
  EXPECT_EQ(answer.error().disposition(), Disposition::needs_user);
  EXPECT_THAT(answer.error().hint(), HasSubstr("the environment"));
}

TEST_F(HttpsTest, NamesTheProxyThatIsNotThere) {
  io::HttpRequest away;
  away.url = "https://login.example/token";
  away.proxy = {.host = "127.0.0.1", .port = test::unused_port(), .user = {}, .password = {}};
  const std::string place = "proxy 127.0.0.1:" + std::to_string(away.proxy.port);
  const auto answer = ask(std::move(away));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::connect);
  EXPECT_THAT(answer.error().describe(), HasSubstr(place));
}

}  // namespace
}  // namespace sterna::net
