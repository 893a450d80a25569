// SPDX-License-Identifier: Apache-2.0
#include "resolver.h"

#include <fmt/format.h>
#include <netdb.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/coro/sync.h"

namespace sterna::net {
namespace {

constexpr std::size_t kAddressesMax = 16;

std::vector<Address> addresses_of(const addrinfo* list) {
  std::vector<Address> addresses;
  for (const addrinfo* info = list; info && addresses.size() < kAddressesMax;
       info = info->ai_next) {
    if (info->ai_family != AF_INET && info->ai_family != AF_INET6) continue;
    Address address;
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.length = info->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

addrinfo stream_hints(int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  return hints;
}

std::vector<Address> literal(const std::string& host, const std::string& service) {
  const addrinfo hints = stream_hints(AI_NUMERICHOST);
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), service.c_str(), &hints, &list) != 0) return {};
  std::vector<Address> addresses = addresses_of(list);
  ::freeaddrinfo(list);
  return addresses;
}

bool is_localhost(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name = ascii_lower(host);
  return name == "localhost" || name.ends_with(".localhost");
}

std::vector<Address> answer_at_once(const std::string& host, const std::string& service) {
  if (!is_localhost(host)) return literal(host, service);
  std::vector<Address> both = literal("::1", service);
  for (const Address& address : literal("127.0.0.1", service)) both.push_back(address);
  return both;
}

// Rung on another thread, heard on the loop's.
class Bell {
 public:
  explicit Bell(Loop::Core& core) : handle_(new uv_async_t) {
    auto rung = [](uv_async_t* handle) { static_cast<coro::Event*>(handle->data)->set(); };
    STERNA_ASSERT(uv_async_init(core.uv(), handle_, rung) == 0);
    handle_->data = &heard_;
  }
  ~Bell() {
    uv_close(reinterpret_cast<uv_handle_t*>(handle_),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); });
  }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  void ring() { uv_async_send(handle_); }
  coro::Event& heard() { return heard_; }

 private:
  uv_async_t* handle_;  // libuv has it until the callback of its close
  coro::Event heard_;
};

using Answer = Result<std::vector<Address>>;

// What the asking thread and the coroutine share, for whichever of the two is last.
class Meeting {
 public:
  explicit Meeting(Bell& bell) : bell_(&bell) {}

  // On the asking thread.
  void answer(Answer answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
    if (bell_) bell_->ring();
  }
  // On the loop's thread: the answer if there is one. The bell is not touched afterwards.
  std::optional<Answer> leave() {
    const std::scoped_lock lock(mutex_);
    bell_ = nullptr;
    return std::move(answer_);
  }

 private:
  std::mutex mutex_;
  Bell* bell_;
  std::optional<Answer> answer_;
};

Error unresolved(const std::string& host, std::string_view why) {
  return Error(ErrorCode::resolve, fmt::format("no address for {}: {}", printable(host), why));
}

// Not waited for, not even at the end of the process.
Status on_another_thread(const std::string& host, std::function<void()> work) {
  try {
    std::thread(std::move(work)).detach();
    return {};
  } catch (const std::system_error& error) {
    return fail(unresolved(host, error.code().message()));
  }
}

}  // namespace

std::string Address::text() const {
  std::array<char, NI_MAXHOST> name{};
  if (::getnameinfo(get(), length, name.data(), name.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return "?";
  return name.data();
}

Result<std::vector<Address>> ask_system(const std::string& host, const std::string& service) {
  const addrinfo hints = stream_hints(0);
  addrinfo* list = nullptr;
  const int status = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &list);
  if (status == EAI_SYSTEM) return fail(unresolved(host, std::generic_category().message(errno)));
  if (status != 0) return fail(unresolved(host, ::gai_strerror(status)));
  std::vector<Address> addresses = addresses_of(list);
  ::freeaddrinfo(list);
  if (addresses.empty()) return fail(unresolved(host, "neither IPv4 nor IPv6"));
  return addresses;
}

coro::Task<Result<std::vector<Address>>> resolve(Loop::Core& core, std::string host,
                                                 std::uint16_t port, Lookup lookup) {
  const std::string service = std::to_string(port);
  std::vector<Address> known = answer_at_once(host, service);
  if (!known.empty()) co_return known;

  Bell bell(core);
  auto meeting = std::make_shared<Meeting>(bell);
  Status started = on_another_thread(
      host, [meeting, lookup, host, service] { meeting->answer(lookup(host, service)); });
  if (!started) co_return fail(std::move(started).error());
  Status waited = co_await bell.heard().wait();
  std::optional<Answer> answer = meeting->leave();
  if (answer) co_return *std::move(answer);
  STERNA_ASSERT(!waited);
  co_return fail(std::move(waited).error());
}

std::vector<Address> interleave(std::vector<Address> addresses) {
  if (addresses.empty()) return addresses;
  std::vector<Address> first;
  std::vector<Address> second;
  for (const Address& address : addresses)
    (address.family() == addresses.front().family() ? first : second).push_back(address);
  std::vector<Address> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

}  // namespace sterna::net
