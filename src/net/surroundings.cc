// SPDX-License-Identifier: Apache-2.0
#include "surroundings.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <set>
#include <string>

#include "descriptor.h"

namespace sterna::net {
namespace {

// Two readings of two clocks are not of one instant.
constexpr std::chrono::milliseconds kSleepMin{500};
constexpr std::size_t kNewsOctets = 32 * 1024;

std::chrono::nanoseconds now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Which messages of rtnetlink(7) are news. IPv6 addresses are announced again with every router
// advertisement, and links with every scan of a wireless card: those are none.
class NetworkNews {
 public:
  bool take(const nlmsghdr& header, const char* payload, std::size_t length) {
    switch (header.nlmsg_type) {
      case RTM_NEWADDR:
      case RTM_DELADDR: {
        ifaddrmsg address{};
        if (length < sizeof(address)) return true;
        std::memcpy(&address, payload, sizeof(address));
        const std::string key = key_of(address, payload, length);
        return header.nlmsg_type == RTM_NEWADDR ? addresses_.insert(key).second
                                                : (addresses_.erase(key), true);
      }
      case RTM_NEWLINK:
      case RTM_DELLINK: {
        ifinfomsg link{};
        if (length < sizeof(link)) return true;
        std::memcpy(&link, payload, sizeof(link));
        return header.nlmsg_type == RTM_DELLINK || link.ifi_change != 0;
      }
      case RTM_NEWROUTE:
      case RTM_DELROUTE: {
        rtmsg route{};
        if (length < sizeof(route)) return true;
        std::memcpy(&route, payload, sizeof(route));
        return route.rtm_dst_len == 0 && route.rtm_type == RTN_UNICAST;
      }
      default:
        return false;
    }
  }

 private:
  // Interface, prefix and octets of the address.
  static std::string key_of(const ifaddrmsg& address, const char* payload, std::size_t length) {
    std::string key =
        std::to_string(address.ifa_index) + '/' + std::to_string(int{address.ifa_prefixlen}) + '/';
    for (std::size_t at = NLMSG_ALIGN(sizeof(ifaddrmsg)); at + sizeof(rtattr) <= length;) {
      rtattr attribute{};
      std::memcpy(&attribute, payload + at, sizeof(attribute));
      if (attribute.rta_len < sizeof(attribute) || at + attribute.rta_len > length) break;
      if (attribute.rta_type == IFA_ADDRESS) {
        key.append(payload + at + sizeof(attribute), attribute.rta_len - sizeof(attribute));
      }
      at += RTA_ALIGN(attribute.rta_len);
    }
    return key;
  }

  std::set<std::string> addresses_;
};

// The kernel cancels such a timer when it sets its clock, and that is what it does after a sleep.
Status arm(int timer) {
  itimerspec never{};
  never.it_value.tv_sec = 9'000'000'000;  // in the year 2255
  const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  // ECANCELED: the clock was set since the last time, and the timer is armed.
  if (::timerfd_settime(timer, flags, &never, nullptr) == 0 || errno == ECANCELED) return {};
  return fail(Error::from_errno(errno, "timerfd_settime"));
}

UniqueFd open_netlink() {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (socket.get() < 0) return socket;
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),  // NOLINT
                           sizeof(address));
  if (bound != 0) socket.reset();
  return socket;
}

class KernelSurroundings : public io::Surroundings {
 public:
  KernelSurroundings(Loop& loop, UniqueFd timer, UniqueFd netlink, UniqueFd both,
                     std::function<std::chrono::nanoseconds()> slept)
      : timer_(std::move(timer)),
        netlink_(std::move(netlink)),
        both_(loop.core(), std::move(both)),
        slept_(std::move(slept)),
        slept_before_(slept_()) {}

  coro::Task<Result<io::Disturbance>> next() override {
    while (true) {
      io::Disturbance met;
      met.network_changed = hear_network();
      STERNA_CO_TRY(met.slept, hear_clock());
      if (!met.empty()) co_return met;
      STERNA_CO_CHECK(co_await both_.wait(Direction::read));
    }
  }

 private:
  Result<std::chrono::nanoseconds> hear_clock() {
    std::uint64_t expirations = 0;
    if (::read(timer_.get(), &expirations, sizeof(expirations)) < 0 && errno == ECANCELED) {
      STERNA_CHECK(arm(timer_.get()));
    }
    // Somebody who set the clock did not send the machine to sleep.
    const std::chrono::nanoseconds slept = slept_();
    const std::chrono::nanoseconds more = slept - slept_before_;
    if (more < kSleepMin) return std::chrono::nanoseconds{0};
    slept_before_ = slept;
    return more;
  }

  bool hear_network() {
    if (netlink_.get() < 0) return false;
    bool changed = false;
    alignas(nlmsghdr) std::array<char, kNewsOctets> buffer;
    while (true) {
      const ssize_t count = ::recv(netlink_.get(), buffer.data(), buffer.size(), MSG_TRUNC);
      if (count < 0 && errno == EINTR) continue;
      // ENOBUFS: more happened than the kernel could keep.
      if (count < 0) return changed || errno == ENOBUFS;
      if (static_cast<std::size_t>(count) > buffer.size()) return true;
      changed = take({buffer.data(), static_cast<std::size_t>(count)}) || changed;
    }
  }

  bool take(std::string_view messages) {
    bool changed = false;
    while (messages.size() >= sizeof(nlmsghdr)) {
      nlmsghdr header{};
      std::memcpy(&header, messages.data(), sizeof(header));
      if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > messages.size()) return true;
      constexpr std::size_t kHeader = NLMSG_ALIGN(sizeof(nlmsghdr));
      const std::string_view payload =
          messages.substr(0, header.nlmsg_len)
              .substr(std::min<std::size_t>(kHeader, header.nlmsg_len));
      changed = news_.take(header, payload.data(), payload.size()) || changed;
      messages.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), messages.size()));
    }
    return changed;
  }

  UniqueFd timer_;
  UniqueFd netlink_;  // -1 where it may not be had
  Descriptor both_;   // an epoll(7) of the two, and of what a test tells
  std::function<std::chrono::nanoseconds()> slept_;
  std::chrono::nanoseconds slept_before_;
  NetworkNews news_;
};

Status join(int both, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(both, EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return fail(Error::from_errno(errno, "epoll_ctl"));
}

#ifdef STERNA_STEPS
// The boot clock of a test: each octet that it puts into the fifo is an hour that was slept.
Result<std::unique_ptr<io::Surroundings>> open_surroundings_of_test(Loop& loop, const char* fifo) {
  // For both, or it could be read for ever once its writer has gone.
  const auto told = std::make_shared<UniqueFd>(::open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!*told) return fail(Error::from_errno(errno, "STERNA_SLEPT"));
  auto slept = [told, hours = std::chrono::hours(0)]() mutable -> std::chrono::nanoseconds {
    std::array<char, 64> octets{};
    const ssize_t count = ::read(told->get(), octets.data(), octets.size());
    if (count > 0) hours += std::chrono::hours(count);
    return time_slept() + hours;
  };
  return open_surroundings(loop, std::move(slept), told->get());
}
#endif

}  // namespace

std::chrono::nanoseconds time_slept() {
  return now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC);
}

Result<std::unique_ptr<io::Surroundings>> open_surroundings(
    Loop& loop, std::function<std::chrono::nanoseconds()> slept, int told) {
  UniqueFd timer(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (timer.get() < 0) return fail(Error::from_errno(errno, "timerfd_create"));
  STERNA_CHECK(arm(timer.get()));
  UniqueFd netlink = open_netlink();
  UniqueFd both(::epoll_create1(EPOLL_CLOEXEC));
  if (both.get() < 0) return fail(Error::from_errno(errno, "epoll_create1"));
  STERNA_CHECK(join(both.get(), timer.get()));
  if (netlink.get() >= 0) STERNA_CHECK(join(both.get(), netlink.get()));
  if (told >= 0) STERNA_CHECK(join(both.get(), told));
  return std::make_unique<KernelSurroundings>(loop, std::move(timer), std::move(netlink),
                                              std::move(both), std::move(slept));
}

Result<std::unique_ptr<io::Surroundings>> open_surroundings(Loop& loop) {
#ifdef STERNA_STEPS
  if (const char* fifo = std::getenv("STERNA_SLEPT")) return open_surroundings_of_test(loop, fifo);
#endif
  return open_surroundings(loop, time_slept);
}

}  // namespace sterna::net
