// SPDX-License-Identifier: Apache-2.0
// TokenBucket: so many at once, then so many a second. Pure: whoever takes a token says what time
// it is, and waits for himself.
#pragma once

#include <chrono>

namespace sterna::daemon {

class TokenBucket {
 public:
  TokenBucket(unsigned capacity, unsigned per_second);

  // How long to wait before using the token that this takes.
  std::chrono::nanoseconds take(std::chrono::nanoseconds now);

 private:
  std::chrono::nanoseconds every_;
  std::chrono::nanoseconds burst_;  // that much may be owed to whoever was idle
  std::chrono::nanoseconds next_{std::chrono::nanoseconds::min()};  // when a token is free again
};

}  // namespace sterna::daemon
