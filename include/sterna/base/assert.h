// SPDX-License-Identifier: Apache-2.0
// STERNA_ASSERT: for our own mistakes, always on, never on bytes from the network, the disk or the
// user. It prints the expression and its place on stderr and aborts.
#pragma once

namespace sterna {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}  // namespace sterna

#define STERNA_ASSERT(condition)                       \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::sterna::assertion_failed(#condition, __FILE__, __LINE__))
