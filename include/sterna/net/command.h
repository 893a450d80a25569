// SPDX-License-Identifier: Apache-2.0
// run_command: a program whose output is the answer, such as a password manager's.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"
#include "sterna/net/loop.h"

namespace sterna::net {

inline constexpr std::size_t kCommandOutputMax = 64 * 1024;

// Runs argv[0], found in PATH, in a session of its own with /dev/null as its input, and gives back
// what it wrote to its output, at most kCommandOutputMax octets. ErrorCode::secret if it cannot be
// started, ends with another status than 0 or by a signal, or writes too much; the error names the
// program and quotes its standard error, never its output. ErrorCode::timeout at the deadline, and
// ErrorCode::cancelled; then the whole process group was killed and the child reaped.
coro::Task<Result<std::string>> run_command(Loop& loop, std::vector<std::string> argv,
                                            std::chrono::milliseconds deadline);

}  // namespace sterna::net
