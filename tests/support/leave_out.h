// SPDX-License-Identifier: Apache-2.0
// What a test does that lacks a tool or a right. Where everything must be there, as in CI
// (STERNA_NO_SKIP), what is left out is a failure. Tests that cannot be on some builds are skipped
// by their own word (docs/testing.md has them by name).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

namespace sterna::test {

inline bool may_leave_out() {
  const char* all = std::getenv("STERNA_NO_SKIP");
  return !all || *all == '\0';
}

}  // namespace sterna::test

// Returns from the function that it stands in, as FAIL() and GTEST_SKIP() do.
#define STERNA_LEAVE_OUT(reason)                                     \
  do {                                                               \
    if (!::sterna::test::may_leave_out())                            \
      FAIL() << "left out, and STERNA_NO_SKIP is set: " << (reason); \
    GTEST_SKIP() << (reason);                                        \
  } while (false)
