// SPDX-License-Identifier: Apache-2.0
// run_program: a program that is told something and answers by what it does, such as a hook.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"
#include "sterna/net/loop.h"

namespace sterna::net {

struct Program {
  std::vector<std::string> argv;         // argv[0] is found in PATH
  std::vector<std::string> environment;  // "NAME=value": all of it
  // On its standard input, which is a file: whether it reads it or not, nobody waits.
  std::string input;
  std::chrono::milliseconds deadline{};
  // Each line that it writes to its output or its error, as it comes; foreign text. Of a line at
  // most kProgramLineMax octets, and of lines at most kProgramLinesMax and a last one that says how
  // many were left out.
  std::function<void(const std::string& line)> on_line;
};

inline constexpr std::size_t kProgramLineMax = 1000;
inline constexpr std::size_t kProgramLinesMax = 200;
// What is asked to end has so long for it.
inline constexpr std::chrono::milliseconds kProgramGrace{2000};

// Runs it to its end, in a session of its own. Well only if it ends with status 0; what it left in
// the background goes on. The errors name the program: those of fork and exec where it cannot be
// started, ErrorCode::io where it ends otherwise, ErrorCode::timeout, ErrorCode::cancelled. With
// the last two its process group was asked to end, and what was left of it after kProgramGrace, or
// after the program itself, was killed.
coro::Task<Status> run_program(Loop& loop, Program program);

}  // namespace sterna::net
