// SPDX-License-Identifier: Apache-2.0
// Random: chance, as the engine sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sterna::io {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
  // 2*octets lower-case hexadecimal digits.
  std::string hex(std::size_t octets);
};

}  // namespace sterna::io
