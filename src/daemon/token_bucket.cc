// SPDX-License-Identifier: Apache-2.0
#include "token_bucket.h"

#include <algorithm>

namespace sterna::daemon {

using std::chrono::nanoseconds;

TokenBucket::TokenBucket(unsigned capacity, unsigned per_second)
    : every_(nanoseconds(std::chrono::seconds(1)) / per_second), burst_(every_ * (capacity - 1)) {}

nanoseconds TokenBucket::take(nanoseconds now) {
  const nanoseconds at = std::max(next_, now - burst_);
  next_ = at + every_;
  return std::max(at - now, nanoseconds::zero());
}

}  // namespace sterna::daemon
