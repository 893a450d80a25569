// SPDX-License-Identifier: Apache-2.0
// Remarks: what a child says on its standard error, read as it comes, so that it never waits for
// us; of more than nobody has asked for, the last.
#pragma once

#include <uv.h>

#include <string>

#include "core.h"
#include "sterna/base/unique_fd.h"

namespace sterna::net {

class Remarks {
 public:
  // `fd` does not block.
  Remarks(Loop::Core& core, UniqueFd fd);
  Remarks(const Remarks&) = delete;
  Remarks& operator=(const Remarks&) = delete;
  ~Remarks() { end(); }

  // What was said since the last time.
  std::string take();

 private:
  struct Handle {
    uv_poll_t poll;
    Remarks* owner;
  };
  static void on_readable(uv_poll_t* poll, int status, int events);
  void read_some();
  void end();

  UniqueFd fd_;
  Handle* handle_ = nullptr;  // until the child closes its end
  std::string text_;
};

}  // namespace sterna::net
