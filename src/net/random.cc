// SPDX-License-Identifier: Apache-2.0
// io::Random over getrandom(2), a page at a time.
#include <sys/random.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "core.h"
#include "sterna/base/assert.h"

namespace sterna::net {
namespace {

class KernelRandom : public io::Random {
 public:
  std::uint64_t next() override {
    if (used_ == pool_.size()) refill();
    return pool_[used_++];
  }

 private:
  void refill() {
    // Up to 256 octets come whole, whatever signals arrive.
    static_assert(sizeof pool_ <= 256);
    STERNA_ASSERT(::getrandom(pool_.data(), sizeof pool_, 0) == ssize_t{sizeof pool_});
    used_ = 0;
  }

  std::array<std::uint64_t, 32> pool_{};
  std::size_t used_ = pool_.size();
};

}  // namespace

std::unique_ptr<io::Random> make_random() {
  return std::make_unique<KernelRandom>();
}

}  // namespace sterna::net
