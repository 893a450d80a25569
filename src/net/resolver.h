// SPDX-License-Identifier: Apache-2.0
// Names to addresses. Literals and "localhost" (RFC 6761 section 6.3) are answered at once;
// everything else is asked of getaddrinfo, which takes as long as the system's resolver likes and
// cannot be stopped: on threads of their own, so that nobody has to wait for it, neither the jobs
// of the pool nor the end of the process. What nobody waits for any more keeps its thread until it
// is answered, so there are few of them: what comes while all are taken waits for one.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core.h"
#include "sterna/base/result.h"
#include "sterna/coro/task.h"

namespace sterna::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  std::string text() const;  // "192.0.2.1", "2001:db8::1"
};

// Who is asked, on another thread; blocks.
using Lookup = std::function<Result<std::vector<Address>>(const std::string& host,
                                                          const std::string& service)>;
Result<std::vector<Address>> ask_system(const std::string& host, const std::string& service);

// Of the whole process. Glibc asks three silent servers for half a minute before it gives up.
inline constexpr std::size_t kLookupThreadsMax = 16;

// In the order of the system (RFC 6724), at least one; ErrorCode::resolve. When cancelled, the
// lookup goes on with nobody to hear of it, and may do so when the loop is gone.
coro::Task<Result<std::vector<Address>>> resolve(Loop::Core& core, std::string host,
                                                 std::uint16_t port, Lookup lookup = ask_system);
// The same, at most so long: ErrorCode::resolve.
coro::Task<Result<std::vector<Address>>> resolve_within(Loop::Core& core,
                                                        std::chrono::milliseconds limit,
                                                        std::string host, std::uint16_t port,
                                                        Lookup lookup = ask_system);

// So many are tried.
inline constexpr std::size_t kAddressesMax = 16;

// Alternates between the families, beginning with that of the first (RFC 8305 section 4); what is
// beyond kAddressesMax then is left out, so that one family does not crowd the other out.
std::vector<Address> interleave(std::vector<Address> addresses);

}  // namespace sterna::net
