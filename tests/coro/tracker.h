// SPDX-License-Identifier: Apache-2.0
// Tracker: counts what lives, and notices what is destroyed twice.
#pragma once

#include "sterna/base/assert.h"

namespace sterna::coro::test {

class Tracker {
 public:
  explicit Tracker(int& alive) : alive_(&alive) { ++*alive_; }
  Tracker(const Tracker& other) : alive_(other.alive_) {
    STERNA_ASSERT(other.self_ == &other);
    ++*alive_;
  }
  Tracker(Tracker&& other) noexcept : Tracker(static_cast<const Tracker&>(other)) {}
  Tracker& operator=(const Tracker&) = delete;
  ~Tracker() {
    STERNA_ASSERT(self_ == this);
    self_ = nullptr;
    --*alive_;
  }

 private:
  int* alive_;
  const Tracker* self_ = this;
};

}  // namespace sterna::coro::test
