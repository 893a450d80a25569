// SPDX-License-Identifier: Apache-2.0
#include "resolver.h"

#include <fmt/format.h>
#include <netdb.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>

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

// Owned by the coroutine and by libuv; who is last frees it.
struct Lookup {
  uv_getaddrinfo_t request{};
  coro::Event done;
  int status = 0;
  std::vector<Address> addresses;
  bool abandoned = false;

  void finish(int result, addrinfo* list) {
    if (list) addresses = addresses_of(list);
    uv_freeaddrinfo(list);
    status = result;
    if (abandoned)
      delete this;
    else
      done.set();
  }
};

void looked_up(uv_getaddrinfo_t* request, int status, addrinfo* list) {
  static_cast<Lookup*>(request->data)->finish(status, list);
}

Error unresolved(const std::string& host, std::string_view why) {
  return Error(ErrorCode::resolve, fmt::format("no address for {}: {}", printable(host), why));
}

}  // namespace

std::string Address::text() const {
  std::array<char, NI_MAXHOST> name{};
  if (::getnameinfo(get(), length, name.data(), name.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return "?";
  return name.data();
}

coro::Task<Result<std::vector<Address>>> resolve(Loop::Core& core, std::string host,
                                                 std::uint16_t port) {
  const std::string service = std::to_string(port);
  std::vector<Address> known = answer_at_once(host, service);
  if (!known.empty()) co_return known;

  auto lookup = std::make_unique<Lookup>();
  lookup->request.data = lookup.get();
  const addrinfo hints = stream_hints(0);
  const int started =
      uv_getaddrinfo(core.uv(), &lookup->request, looked_up, host.c_str(), service.c_str(), &hints);
  if (started != 0) co_return fail(unresolved(host, uv_strerror(started)));
  Status waited = co_await lookup->done.wait();
  if (!waited) {
    lookup->abandoned = true;
    uv_cancel(reinterpret_cast<uv_req_t*>(&lookup.release()->request));
    co_return fail(std::move(waited).error());
  }
  if (lookup->status != 0) co_return fail(unresolved(host, uv_strerror(lookup->status)));
  if (lookup->addresses.empty()) co_return fail(unresolved(host, "neither IPv4 nor IPv6"));
  co_return std::move(lookup->addresses);
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
