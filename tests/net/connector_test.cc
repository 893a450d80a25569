// SPDX-License-Identifier: Apache-2.0
#include "net/connector.h"

#include <gtest/gtest.h>

#include "net/resolver.h"
#include "peer.h"
#include "sterna/coro/scope.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;

std::vector<Address> addresses(Loop& loop, std::vector<std::string> literals, std::uint16_t port) {
  std::vector<Address> all;
  for (const std::string& text : literals) {
    Result<std::vector<Address>> one = loop.run(resolve(loop.core(), text, port));
    EXPECT_TRUE(one) << text;
    if (one) all.insert(all.end(), one->begin(), one->end());
  }
  return all;
}

std::vector<std::string> texts(const std::vector<Address>& list) {
  std::vector<std::string> all;
  for (const Address& address : list) all.push_back(address.text());
  return all;
}

TEST(Resolver, AnswersLiteralsAndLocalhostAtOnce) {
  Loop loop;
  EXPECT_EQ(texts(addresses(loop, {"192.0.2.1"}, 993)), std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(texts(addresses(loop, {"2001:db8::1"}, 993)), std::vector<std::string>{"2001:db8::1"});
  const std::vector<std::string> local = {"::1", "127.0.0.1"};
  EXPECT_EQ(texts(addresses(loop, {"localhost"}, 993)), local);
  EXPECT_EQ(texts(addresses(loop, {"LocalHost."}, 993)), local);
}

TEST(Resolver, SaysWhichNameHasNoAddress) {
  Loop loop;
  // No query can carry a label of 70 letters, so nobody is asked.
  const std::string name = std::string(70, 'a') + ".example.org";
  Result<std::vector<Address>> none = loop.run(resolve(loop.core(), name, 993));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::resolve);
  EXPECT_NE(none.error().message().find(name), std::string::npos);
}

TEST(Interleave, AlternatesBetweenTheFamilies) {
  Loop loop;
  auto mixed = interleave(addresses(loop, {"::1", "::2", "::3", "192.0.2.1", "192.0.2.2"}, 1));
  EXPECT_EQ(texts(mixed),
            (std::vector<std::string>{"::1", "192.0.2.1", "::2", "192.0.2.2", "::3"}));
}

TEST(Connector, ConnectsToTheOneThatListens) {
  test::Peer peer([](test::Connection& connection) { connection.send("hello"); });
  Loop loop;
  auto connected = loop.run(connect_any(loop.core(), addresses(loop, {"127.0.0.1"}, peer.port())));
  EXPECT_TRUE(connected);
}

TEST(Connector, GoesOnAtOnceWhenAnAddressRefuses) {
  test::Peer peer([](test::Connection&) {}, "127.0.0.1");
  Loop loop;
  const auto before = loop.clock().monotonic();
  auto connected =
      loop.run(connect_any(loop.core(), addresses(loop, {"127.0.0.9", "127.0.0.1"}, peer.port())));
  EXPECT_TRUE(connected);
  EXPECT_LT(loop.clock().monotonic() - before, kAttemptDelay);
}

TEST(Connector, TriesTheNextBesideOneThatIsSilent) {
  test::Peer peer([](test::Connection& connection) { connection.wait_for_end(); }, "127.0.0.2");
  test::SilentListener silent("127.0.0.1", peer.port());
  Loop loop;
  const auto before = loop.clock().monotonic();
  auto connected =
      loop.run(connect_any(loop.core(), addresses(loop, {"127.0.0.1", "127.0.0.2"}, peer.port())));
  EXPECT_TRUE(connected);
  EXPECT_GE(loop.clock().monotonic() - before, kAttemptDelay);
  EXPECT_LT(loop.clock().monotonic() - before, 10s);
}

TEST(Connector, NamesEveryAddressThatFailed) {
  const std::uint16_t port = test::unused_port();
  Loop loop;
  auto none = loop.run(connect_any(loop.core(), addresses(loop, {"127.0.0.1", "127.0.0.2"}, port)));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::connect);
  EXPECT_EQ(none.error().message(), "127.0.0.1: Connection refused; 127.0.0.2: Connection refused");
}

using Connected = Result<std::unique_ptr<Descriptor>>;

coro::Task<void> keep_outcome(coro::Task<Connected> task, std::optional<ErrorCode>& code) {
  Connected outcome = co_await std::move(task);
  if (!outcome) code = outcome.error().code();
}

coro::Task<void> cancel_connect(Loop& loop, std::vector<Address> to,
                                std::optional<ErrorCode>& code) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(keep_outcome(connect_any(loop.core(), to), code));
  static_cast<void>(co_await loop.clock().sleep(10ms));
  co_await scope.close();
}

TEST(Connector, StopsWhenCancelled) {
  test::SilentListener silent;
  Loop loop;
  std::optional<ErrorCode> code;
  loop.run(cancel_connect(loop, addresses(loop, {"127.0.0.1"}, silent.port()), code));
  EXPECT_EQ(code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace sterna::net
