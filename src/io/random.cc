// SPDX-License-Identifier: Apache-2.0
#include "sterna/io/random.h"

#include "sterna/base/bytes.h"

namespace sterna::io {

std::string Random::hex(std::size_t octets) {
  std::string raw;
  raw.reserve(octets);
  while (raw.size() < octets) {
    std::uint64_t bits = next();
    for (int i = 0; i < 8 && raw.size() < octets; ++i, bits >>= 8)
      raw.push_back(static_cast<char>(bits & 0xff));
  }
  return to_hex(raw);
}

}  // namespace sterna::io
