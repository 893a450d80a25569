// SPDX-License-Identifier: Apache-2.0
// SeededRandom: all chance of a simulated run. The same seed gives the same run on every machine,
// so no distribution of the standard library is used, whose results are not fixed.
#pragma once

#include <cstdint>
#include <vector>

#include "sterna/base/assert.h"
#include "sterna/io/random.h"

namespace sterna::simulation {

class SeededRandom : public io::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  // SplitMix64.
  std::uint64_t next() override {
    std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15U);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
  }
  std::uint64_t below(std::uint64_t limit) {
    STERNA_ASSERT(limit > 0);
    return next() % limit;
  }
  // Both inclusive.
  std::uint64_t between(std::uint64_t first, std::uint64_t last) {
    return first + below(last - first + 1);
  }
  bool chance(unsigned percent) { return below(100) < percent; }

  template <class T>
  const T& pick(const std::vector<T>& from) {
    STERNA_ASSERT(!from.empty());
    return from[below(from.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace sterna::simulation
