// SPDX-License-Identifier: Apache-2.0
// The machine's sleep and its network, in a network namespace of the test's own.
#include "net/surroundings.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <thread>

#include "sterna/base/unique_fd.h"
#include "sterna/io/deadline.h"
#include "tests/support/leave_out.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;

// The loopback interface of this thread's network.
void set_loopback_up(bool up) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  ASSERT_EQ(::ioctl(socket.get(), SIOCGIFFLAGS, &request), 0);
  const int flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
  request.ifr_flags = static_cast<short>(flags);
  ASSERT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &request), 0);
}

// Gives it an address, or what it has already once more, as a router does again and again.
void announce_address(const char* text) {
  struct {
    nlmsghdr header;
    ifaddrmsg address;
    rtattr attribute;
    in_addr octets;
    rtattr local;
    in_addr local_octets;
  } message{};
  message.header.nlmsg_len = sizeof(message);
  message.header.nlmsg_type = RTM_NEWADDR;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK;
  message.address.ifa_family = AF_INET;
  message.address.ifa_prefixlen = 24;
  message.address.ifa_index = if_nametoindex("lo");
  message.attribute = {sizeof(rtattr) + sizeof(in_addr), IFA_ADDRESS};
  message.local = {sizeof(rtattr) + sizeof(in_addr), IFA_LOCAL};
  ASSERT_EQ(::inet_pton(AF_INET, text, &message.octets), 1);
  message.local_octets = message.octets;
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  ASSERT_EQ(::send(socket.get(), &message, sizeof(message), 0),
            static_cast<ssize_t>(sizeof(message)));
  struct {
    nlmsghdr header;
    nlmsgerr error;
    char rest[256];
  } answer{};
  ASSERT_GT(::recv(socket.get(), &answer, sizeof(answer), 0), 0);
  ASSERT_EQ(answer.error.error, 0) << std::strerror(-answer.error.error);
}

// To what it says already: the kernel does then what it does after a sleep. By hand alone
// (STERNA_SET_CLOCK=1), because it disturbs whoever keeps that clock.
void set_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  EXPECT_EQ(::clock_settime(CLOCK_REALTIME, &now), 0);
}

class SurroundingsTest : public testing::Test {
 protected:
  // In a thread of its own, which alone moves to the new network.
  void in_own_network(const std::function<void()>& body) {
    bool moved = false;
    std::thread([&] {
      moved = ::unshare(CLONE_NEWNET) == 0;
      if (moved) body();
    }).join();
    if (!moved) STERNA_LEAVE_OUT("needs the right to make a network namespace");
  }

  static io::Disturbance next(Loop& loop, io::Surroundings& surroundings) {
    auto met = loop.run(io::with_deadline(loop.clock(), 100ms, surroundings.next()));
    EXPECT_TRUE(met || met.error().is(ErrorCode::timeout)) << met.error().describe();
    return met ? *met : io::Disturbance{};
  }
  // All that was told of what happened until now.
  static void calm(Loop& loop, io::Surroundings& surroundings) {
    while (!next(loop, surroundings).empty()) {
    }
  }

  void sleep(std::chrono::nanoseconds duration) { slept_ = slept_.load() + duration; }

  std::atomic<std::chrono::nanoseconds> slept_{3h};
  std::function<std::chrono::nanoseconds()> slept() {
    return [this] { return slept_.load(); };
  }
};

TEST_F(SurroundingsTest, NothingHappensInAQuietPlace) {
  in_own_network([&] {
    Loop loop;
    const auto surroundings = open_surroundings(loop);
    ASSERT_TRUE(surroundings);
    EXPECT_TRUE(next(loop, **surroundings).empty());
  });
}

TEST_F(SurroundingsTest, TellsOfLinksAndAddressesThatComeAndGo) {
  in_own_network([&] {
    Loop loop;
    const auto surroundings = open_surroundings(loop);
    ASSERT_TRUE(surroundings);
    set_loopback_up(true);
    EXPECT_TRUE(next(loop, **surroundings).network_changed);
    calm(loop, **surroundings);
    announce_address("10.1.2.3");
    EXPECT_TRUE(next(loop, **surroundings).network_changed) << "a new address";
    calm(loop, **surroundings);
    announce_address("10.1.2.3");
    EXPECT_FALSE(next(loop, **surroundings).network_changed) << "the same one once more";
    announce_address("10.1.2.4");
    EXPECT_TRUE(next(loop, **surroundings).network_changed) << "another one";
    calm(loop, **surroundings);
    set_loopback_up(false);
    EXPECT_TRUE(next(loop, **surroundings).network_changed);
  });
}

TEST_F(SurroundingsTest, TellsHowLongTheMachineSlept) {
  in_own_network([&] {
    Loop loop;
    const auto surroundings = open_surroundings(loop, slept());
    ASSERT_TRUE(surroundings);
    sleep(100ms);
    EXPECT_EQ(next(loop, **surroundings).slept, 0s) << "clocks are not read at one instant";
    sleep(10s);
    EXPECT_EQ(next(loop, **surroundings).slept, 10s + 100ms);
    EXPECT_EQ(next(loop, **surroundings).slept, 0s) << "told once";
    if (!std::getenv("STERNA_SET_CLOCK")) return;
    std::thread sleeper([this] {
      std::this_thread::sleep_for(30ms);
      sleep(1min);
      set_clock();
    });
    EXPECT_EQ(next(loop, **surroundings).slept, 1min) << "woken by the kernel";
    sleeper.join();
  });
}

#ifdef STERNA_STEPS
TEST_F(SurroundingsTest, ATestTellsOfASleepThroughAFifo) {
  in_own_network([&] {
    const test::TempDir dir;
    const std::string fifo = dir / "slept";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    ::setenv("STERNA_SLEPT", fifo.c_str(), 1);
    Loop loop;
    const auto surroundings = open_surroundings(loop);
    ::unsetenv("STERNA_SLEPT");
    ASSERT_TRUE(surroundings);
    EXPECT_TRUE(next(loop, **surroundings).empty());
    const UniqueFd writer(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    ASSERT_EQ(::write(writer.get(), "..", 2), 2);
    EXPECT_EQ(std::chrono::round<std::chrono::hours>(next(loop, **surroundings).slept), 2h);
    EXPECT_TRUE(next(loop, **surroundings).empty()) << "told once";
  });
}
#endif

TEST(TimeSlept, IsWhatTheBootClockIsAhead) {
  EXPECT_GE(time_slept(), -1ms);
  EXPECT_LT(time_slept() + 1s, std::chrono::hours(24 * 3650));
}

}  // namespace
}  // namespace sterna::net
