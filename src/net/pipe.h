// SPDX-License-Identifier: Apache-2.0
// Pipe: what a child writes and we read.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sterna/base/result.h"
#include "sterna/base/unique_fd.h"

namespace sterna::net {

struct Pipe {
  UniqueFd ours;    // to read, non-blocking
  UniqueFd theirs;  // to write
};

inline Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Error::from_errno(errno, "pipe"));
  Pipe pipe{.ours = UniqueFd(ends[0]), .theirs = UniqueFd(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return fail(Error::from_errno(errno, "pipe"));
  return pipe;
}

}  // namespace sterna::net
