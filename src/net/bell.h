// SPDX-License-Identifier: Apache-2.0
// Bell: rung on another thread, heard on the loop's.
#pragma once

#include <uv.h>

#include "core.h"
#include "sterna/base/assert.h"
#include "sterna/coro/sync.h"

namespace sterna::net {

class Bell {
 public:
  explicit Bell(Loop::Core& core) : handle_(new uv_async_t) {
    auto rung = [](uv_async_t* handle) { static_cast<coro::Event*>(handle->data)->set(); };
    STERNA_ASSERT(uv_async_init(core.uv(), handle_, rung) == 0);
    handle_->data = &heard_;
  }
  ~Bell() {
    uv_close(reinterpret_cast<uv_handle_t*>(handle_),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); });
  }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  void ring() { uv_async_send(handle_); }
  coro::Event& heard() { return heard_; }

 private:
  uv_async_t* handle_;  // libuv has it until the callback of its close
  coro::Event heard_;
};

}  // namespace sterna::net
