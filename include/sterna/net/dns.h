// SPDX-License-Identifier: Apache-2.0
// io::Dns over the resolver of the C library.
#pragma once

#include <memory>
#include <string>

#include "sterna/base/result.h"
#include "sterna/io/dns.h"
#include "sterna/net/loop.h"

namespace sterna::net {

inline constexpr std::size_t kDnsRecordsMax = 64;  // of one answer; the rest is left out

// For the loop's thread. Asks the name servers of the system, or, where it is not "", `server`
// alone: "ADDRESS:PORT", IPv4; ErrorCode::usage where it is no such thing. Each question has a
// thread of its own, for whose end nobody waits.
Result<std::unique_ptr<io::Dns>> make_dns(Loop& loop, const std::string& server = {});

}  // namespace sterna::net
