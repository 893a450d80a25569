// SPDX-License-Identifier: Apache-2.0
#include "net/connector.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <latch>
#include <optional>
#include <vector>

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

// A system whose resolver is silent until it is let go.
class SilentResolver {
 public:
  Lookup lookup() {
    return [this](const std::string&, const std::string&) -> Result<std::vector<Address>> {
      asked_.count_down();
      let_go_.wait();
      return fail(ErrorCode::resolve, "too late");
    };
  }
  void wait_until_asked() { asked_.wait(); }
  void let_go() { let_go_.count_down(); }

 private:
  std::latch asked_{1};
  std::latch let_go_{1};
};

using Resolved = Result<std::vector<Address>>;

coro::Task<void> keep_resolved(coro::Task<Resolved> task, std::optional<ErrorCode>& code) {
  Resolved outcome = co_await std::move(task);
  if (!outcome) code = outcome.error().code();
}

coro::Task<void> cancel_lookup(Loop& loop, SilentResolver& silent, std::optional<ErrorCode>& code) {
  coro::Scope scope = co_await coro::make_scope();
  auto resolving = resolve(loop.core(), "mail.example.org", 993, silent.lookup());
  scope.spawn(keep_resolved(std::move(resolving), code));
  co_await loop.worker().run([&silent] { silent.wait_until_asked(); });
  co_await scope.close();
}

TEST(Resolver, IsNotWaitedForByALoopThatEnds) {
  // The answer comes when nobody is there to hear it: the thread may outlive this test.
  static SilentResolver silent;
  std::optional<ErrorCode> code;
  {
    Loop loop;
    loop.run(cancel_lookup(loop, silent, code));
  }  // hangs here, were it waited for
  EXPECT_EQ(code, ErrorCode::cancelled);
  silent.let_go();
}

TEST(Resolver, IsNotWaitedForBeyondADeadline) {
  static SilentResolver silent;
  {
    Loop loop;
    Resolved late =
        loop.run(resolve_within(loop.core(), 5ms, "mail.example.org", 993, silent.lookup()));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), ErrorCode::resolve);
    EXPECT_EQ(late.error().message(),
              "no address for mail.example.org: the system's resolver did not answer within 5 ms");
  }
  silent.let_go();
}

// A resolver that takes every thread there is, and answers none until it is let go.
class CrowdedResolver {
 public:
  Lookup lookup() {
    return [this](const std::string&, const std::string&) -> Resolved {
      ++asked_;
      const int now = ++running_;
      for (int seen = peak_; seen < now && !peak_.compare_exchange_weak(seen, now);) continue;
      if (asked_ <= kThreads) taken_.count_down();
      let_go_.wait();
      --running_;
      return fail(ErrorCode::resolve, "none");
    };
  }
  void wait_until_all_are_taken() { taken_.wait(); }
  void let_go() { let_go_.count_down(); }
  int asked() const { return asked_; }
  int peak() const { return peak_; }

 private:
  static constexpr int kThreads = kLookupThreadsMax;
  std::atomic<int> asked_ = 0;
  std::atomic<int> running_ = 0;
  std::atomic<int> peak_ = 0;
  std::latch taken_{kThreads};
  std::latch let_go_{1};
};

// What other tests left behind is in the way until its threads have ended.
coro::Task<void> ask_many(Loop& loop, CrowdedResolver& crowd, std::size_t lookups,
                          std::vector<std::optional<ErrorCode>>& codes) {
  codes.resize(lookups);
  coro::Scope scope = co_await coro::make_scope();
  for (std::optional<ErrorCode>& code : codes) {
    auto resolving = resolve(loop.core(), "mail.example.org", 993, crowd.lookup());
    scope.spawn(keep_resolved(std::move(resolving), code));
  }
  co_await loop.worker().run([&crowd] { crowd.wait_until_all_are_taken(); });
  crowd.let_go();
  co_await scope.join();
}

TEST(Resolver, AsksForSoManyNamesAtATimeAndForTheOthersAfterwards) {
  static CrowdedResolver crowd;
  constexpr std::size_t kLookups = kLookupThreadsMax + 5;
  std::vector<std::optional<ErrorCode>> codes;
  Loop loop;
  loop.run(ask_many(loop, crowd, kLookups, codes));
  EXPECT_EQ(codes, std::vector<std::optional<ErrorCode>>(kLookups, ErrorCode::resolve));
  EXPECT_EQ(crowd.asked(), static_cast<int>(kLookups));
  EXPECT_EQ(crowd.peak(), static_cast<int>(kLookupThreadsMax));
}

coro::Task<void> give_up_while_waiting(Loop& loop, CrowdedResolver& crowd,
                                       std::atomic<int>& asked_in_vain, Resolved& last) {
  std::vector<std::optional<ErrorCode>> codes(kLookupThreadsMax);
  coro::Scope crowded = co_await coro::make_scope();
  for (std::optional<ErrorCode>& code : codes) {
    auto resolving = resolve(loop.core(), "mail.example.org", 993, crowd.lookup());
    crowded.spawn(keep_resolved(std::move(resolving), code));
  }
  co_await loop.worker().run([&crowd] { crowd.wait_until_all_are_taken(); });
  const Lookup counts = [&asked_in_vain](const std::string&, const std::string&) -> Resolved {
    ++asked_in_vain;
    return fail(ErrorCode::resolve, "none");
  };
  for (int i = 0; i < 10; ++i) {
    auto resolving = resolve_within(loop.core(), 1ms, "mail.example.org", 993, counts);
    last = co_await std::move(resolving);
  }
  crowd.let_go();
  co_await crowded.join();
}

TEST(Resolver, WhoWaitsForAThreadAndGivesUpIsNotAskedFor) {
  static CrowdedResolver crowd;
  static std::atomic<int> asked_in_vain = 0;
  Resolved last;
  {
    Loop loop;
    loop.run(give_up_while_waiting(loop, crowd, asked_in_vain, last));
  }
  ASSERT_FALSE(last);
  EXPECT_TRUE(last.error().is(ErrorCode::resolve));
  EXPECT_EQ(asked_in_vain, 0);
}

TEST(Resolver, GivesWhatItsThreadWasAnswered) {
  Loop loop;
  const std::vector<Address> known = addresses(loop, {"192.0.2.1", "::1"}, 993);
  for (int round = 0; round < 100; ++round) {
    Resolved answer =
        loop.run(resolve(loop.core(), "mail.example.org", 993,
                         [&known](const std::string&, const std::string& service) -> Resolved {
                           if (service != "993") return fail(ErrorCode::internal, service);
                           return known;
                         }));
    ASSERT_TRUE(answer);
    EXPECT_EQ(texts(*answer), texts(known));
  }
}

TEST(Interleave, AlternatesBetweenTheFamilies) {
  Loop loop;
  auto mixed = interleave(addresses(loop, {"::1", "::2", "::3", "192.0.2.1", "192.0.2.2"}, 1));
  EXPECT_EQ(texts(mixed),
            (std::vector<std::string>{"::1", "192.0.2.1", "::2", "192.0.2.2", "::3"}));
}

TEST(Interleave, ManyOfOneFamilyDoNotCrowdTheOtherOut) {
  Loop loop;
  std::vector<std::string> texts_in;
  for (int i = 1; i <= 20; ++i) texts_in.push_back("2001:db8::" + std::to_string(i));
  texts_in.insert(texts_in.end(), {"192.0.2.1", "192.0.2.2"});
  const std::vector<std::string> mixed = texts(interleave(addresses(loop, texts_in, 1)));
  ASSERT_EQ(mixed.size(), kAddressesMax);
  EXPECT_EQ(mixed[1], "192.0.2.1");
  EXPECT_EQ(mixed[3], "192.0.2.2");
}

TEST(Connector, ConnectsToTheOneThatListens) {
  test::Peer peer([](test::Connection& connection) { connection.send("hello"); });
  Loop loop;
  auto connected = loop.run(connect_any(loop.core(), addresses(loop, {"127.0.0.1"}, peer.port())));
  EXPECT_TRUE(connected);
}

int option_of(const Descriptor& connected, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(::getsockopt(connected.fd(), level, name, &value, &length), 0);
  return value;
}

TEST(Connector, APeerThatVanishedIsNoticed) {
  test::Peer peer([](test::Connection& connection) { connection.wait_for_end(); });
  Loop loop;
  auto connected = loop.run(connect_any(loop.core(), addresses(loop, {"127.0.0.1"}, peer.port())));
  ASSERT_TRUE(connected);
  const Descriptor& line = **connected;
  EXPECT_EQ(option_of(line, SOL_SOCKET, SO_KEEPALIVE), 1);
  const int silent_s =
      option_of(line, IPPROTO_TCP, TCP_KEEPIDLE) +
      option_of(line, IPPROTO_TCP, TCP_KEEPINTVL) * option_of(line, IPPROTO_TCP, TCP_KEEPCNT);
  EXPECT_LE(silent_s, 120) << "under IDLE";
  EXPECT_LE(option_of(line, IPPROTO_TCP, TCP_USER_TIMEOUT), 120'000) << "of what was sent";
  EXPECT_GT(option_of(line, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
  EXPECT_EQ(option_of(line, IPPROTO_TCP, TCP_NODELAY), 1);
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
