// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace sterna {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "sterna: assertion failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace sterna
