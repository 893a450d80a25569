// SPDX-License-Identifier: Apache-2.0
// Another user, for a test that root runs.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

namespace sterna::test {

// For as long as it lives, the kernel takes us for somebody else. Only root can be that.
class SomebodyElse {
 public:
  SomebodyElse() : is_(::geteuid() == 0 && ::seteuid(kNobody) == 0) {}
  ~SomebodyElse() {
    if (is_) EXPECT_EQ(::seteuid(0), 0);
  }
  SomebodyElse(const SomebodyElse&) = delete;
  SomebodyElse& operator=(const SomebodyElse&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  bool is_;
};

}  // namespace sterna::test
