// SPDX-License-Identifier: Apache-2.0
// Dns: what the DNS says of a domain beside addresses. No implementation lives here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"

namespace sterna::io {

// Names are without the dot at the end; that of the root is "".
struct SrvRecord {  // RFC 2782
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;  // "": decidedly not offered

  bool operator==(const SrvRecord&) const = default;
};
struct MxRecord {  // RFC 5321 section 5
  std::uint16_t preference = 0;
  std::string host;  // "": takes no mail (RFC 7505)

  bool operator==(const MxRecord&) const = default;
};

class Dns {
 public:
  virtual ~Dns() = default;
  // As they come, a bounded number of them; none where there is no such name or no such record.
  // ErrorCode::resolve where nobody knows, ErrorCode::cancelled. Nothing of it is authenticated.
  virtual coro::Task<Result<std::vector<SrvRecord>>> srv(std::string name) = 0;
  virtual coro::Task<Result<std::vector<MxRecord>>> mx(std::string name) = 0;
};

}  // namespace sterna::io
