// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/loopback_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "sterna/base/unique_fd.h"
#include "tests/support/leave_out.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

UniqueFd connect_to(std::uint16_t port, int family = AF_INET) {
  UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_loopback;
  const auto* address = family == AF_INET ? reinterpret_cast<const sockaddr*>(&v4)
                                          : reinterpret_cast<const sockaddr*>(&v6);
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), address, family == AF_INET ? sizeof v4 : sizeof v6) != 0) return {};
  return socket;
}

std::string ask(std::uint16_t port, const std::string& text, int family = AF_INET) {
  const UniqueFd socket = connect_to(port, family);
  if (!socket) return "no connection";
  ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
  std::string answer;
  char chunk[4096];
  for (ssize_t count = 0; (count = ::read(socket.get(), chunk, sizeof chunk)) > 0;)
    answer.append(chunk, static_cast<std::size_t>(count));
  return answer;
}

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

LoopbackServer::Page visit(const std::string& target) {
  if (target == "/?last") return {.status = 200, .text = "that <was> & is all", .last = true};
  return {};
}

// What `browser` hears while a server answers, until the last page.
void serve(const std::function<void(std::uint16_t port)>& browser) {
  Loop loop;
  auto server = LoopbackServer::listen(loop, 0);
  ASSERT_TRUE(server) << server.error().describe();
  std::thread thread([&browser, port = (*server)->port()] { browser(port); });
  const Status done = loop.run((*server)->serve(visit, 20s));
  thread.join();
  EXPECT_TRUE(done);
}

TEST(LoopbackServer, AnswersUntilTheLastPage) {
  serve([](std::uint16_t port) {
    EXPECT_THAT(ask(port, get("/favicon.ico")), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(ask(port, "POST /?last HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(ask(port, "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 404"));
    const std::string last = ask(port, get("/?last"));
    EXPECT_THAT(last, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(last, HasSubstr("that &lt;was&gt; &amp; is all"));
    EXPECT_THAT(last, HasSubstr("Cache-Control: no-store"));
    EXPECT_THAT(last, HasSubstr("Referrer-Policy: no-referrer"));
    EXPECT_THAT(last, Not(HasSubstr("<script")));
  });
}

TEST(LoopbackServer, IsNotHeldUpByConnectionsThatSayNothing) {
  serve([](std::uint16_t port) {
    std::vector<UniqueFd> silent;
    for (int i = 0; i < 5; ++i) silent.push_back(connect_to(port));
    EXPECT_THAT(ask(port, get("/?last")), StartsWith("HTTP/1.1 200"));
  });
}

TEST(LoopbackServer, GivesUpARequestWithoutEnd) {
  serve([](std::uint16_t port) {
    EXPECT_EQ(ask(port, "GET /" + std::string(200 * 1024, 'a')), "");
    ask(port, get("/?last"));
  });
}

TEST(LoopbackServer, ListensOnBothFamilies) {
  Loop loop;
  if (const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM, 0)); !probe)
    STERNA_LEAVE_OUT("there is no IPv6 here");
  serve([](std::uint16_t port) {
    EXPECT_THAT(ask(port, get("/?last"), AF_INET6), StartsWith("HTTP/1.1 200"));
  });
}

TEST(LoopbackServer, SaysThatThePortIsTaken) {
  Loop loop;
  const auto one = LoopbackServer::listen(loop, 0);
  ASSERT_TRUE(one);
  const auto other = LoopbackServer::listen(loop, (*one)->port());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), ErrorCode::exists);
  EXPECT_THAT(other.error().message(), HasSubstr(std::to_string((*one)->port())));
}

TEST(LoopbackServer, CanBeCalledOff) {
  Loop loop;
  const auto server = LoopbackServer::listen(loop, 0);
  const Status done = loop.run((*server)->serve(visit, 50ms));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), ErrorCode::timeout);
}

}  // namespace
}  // namespace sterna::net
