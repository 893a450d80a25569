// SPDX-License-Identifier: Apache-2.0
#include "resolver.h"

#include <fmt/format.h>
#include <netdb.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "handover.h"
#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/coro/sync.h"
#include "sterna/io/deadline.h"

namespace sterna::net {
namespace {

std::vector<Address> addresses_of(const addrinfo* list) {
  std::vector<Address> addresses;
  for (const addrinfo* info = list; info; info = info->ai_next) {
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

using Answer = Result<std::vector<Address>>;

Error unresolved(const std::string& host, std::string_view why) {
  return Error(ErrorCode::resolve, fmt::format("no address for {}: {}", printable(host), why));
}

// One question, and the way of its answer.
class Inquiry {
 public:
  Inquiry(Bell& bell, std::string host, std::string service, Lookup lookup)
      : host_(std::move(host)),
        service_(std::move(service)),
        lookup_(std::move(lookup)),
        answer_(bell) {}

  const std::string& host() const { return host_; }
  // On the asking thread.
  void ask() { answer_.give(lookup_(host_, service_)); }
  Handover<Answer>& answer() { return answer_; }

 private:
  const std::string host_;
  const std::string service_;
  const Lookup lookup_;
  Handover<Answer> answer_;
};

// The threads that ask. None is waited for, not even at the end of the process: each keeps this
// alive as long as it needs it.
class LookupThreads : public std::enable_shared_from_this<LookupThreads> {
 public:
  Status add(std::shared_ptr<Inquiry> inquiry) {
    const std::scoped_lock lock(mutex_);
    if (threads_ >= kLookupThreadsMax) {
      std::erase_if(waiting_, [](const auto& other) { return !other->answer().is_wanted(); });
      waiting_.push_back(std::move(inquiry));
      return {};
    }
    try {
      std::thread([self = shared_from_this(), inquiry] { self->work(inquiry); }).detach();
      ++threads_;
      return {};
    } catch (const std::system_error& error) {
      return fail(unresolved(inquiry->host(), error.code().message()));
    }
  }

 private:
  void work(std::shared_ptr<Inquiry> inquiry) {
    for (; inquiry; inquiry = next()) inquiry->ask();
  }

  // Of those that waited for a thread; nullptr where this one is not needed any more.
  std::shared_ptr<Inquiry> next() {
    const std::scoped_lock lock(mutex_);
    while (!waiting_.empty()) {
      std::shared_ptr<Inquiry> inquiry = std::move(waiting_.front());
      waiting_.pop_front();
      if (inquiry->answer().is_wanted()) return inquiry;
    }
    --threads_;
    return nullptr;
  }

  std::mutex mutex_;
  std::size_t threads_ = 0;
  std::deque<std::shared_ptr<Inquiry>> waiting_;
};

LookupThreads& lookup_threads() {
  static const auto threads = std::make_shared<LookupThreads>();
  return *threads;
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
  auto inquiry = std::make_shared<Inquiry>(bell, host, service, std::move(lookup));
  STERNA_CO_CHECK(lookup_threads().add(inquiry));
  Status waited = co_await bell.heard().wait();
  std::optional<Answer> answer = inquiry->answer().leave();
  if (answer) co_return *std::move(answer);
  STERNA_ASSERT(!waited);
  co_return fail(std::move(waited).error());
}

coro::Task<Result<std::vector<Address>>> resolve_within(Loop::Core& core,
                                                        std::chrono::milliseconds limit,
                                                        std::string host, std::uint16_t port,
                                                        Lookup lookup) {
  auto resolving = resolve(core, host, port, std::move(lookup));
  Answer answer = co_await io::with_deadline(*core.clock, limit, std::move(resolving),
                                             "the system's resolver did not answer");
  if (answer || !answer.error().is(ErrorCode::timeout)) co_return answer;
  co_return fail(unresolved(host, answer.error().message()));
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
  if (mixed.size() > kAddressesMax) mixed.resize(kAddressesMax);
  return mixed;
}

}  // namespace sterna::net
