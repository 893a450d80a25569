// SPDX-License-Identifier: Apache-2.0
#include "descriptor.h"

#include "sterna/base/assert.h"

namespace sterna::net {
namespace {

constexpr int bit(Direction direction) {
  return direction == Direction::read ? UV_READABLE : UV_WRITABLE;
}

}  // namespace

Descriptor::Descriptor(Loop::Core& core, UniqueFd fd) : fd_(std::move(fd)), poll_(new Poll{}) {
  STERNA_ASSERT(uv_poll_init(core.uv(), &poll_->handle, fd_.get()) == 0);
  poll_->owner = this;
  poll_->handle.data = poll_;
}

coro::Task<Status> Descriptor::wait(Direction direction) {
  if (!closed()) {
    coro::Event& reported = event(direction);
    STERNA_ASSERT(!reported.awaited());
    reported.reset();
    poll_for(polling_ | bit(direction));
    STERNA_CO_CHECK(co_await reported.wait());
  }
  if (closed()) co_return fail(ErrorCode::disconnected, "the connection was closed");
  co_return {};
}

void Descriptor::ready(int status, int reported) {
  if (status < 0) {
    // libuv has stopped polling. The error concerns both directions; the next read or write meets
    // it.
    polling_ = 0;
    reported = UV_READABLE | UV_WRITABLE;
  }
  int wanted = 0;
  for (Direction direction : {Direction::read, Direction::write}) {
    if (!event(direction).awaited()) continue;
    if (status >= 0) wanted |= bit(direction);
    if (reported & bit(direction)) event(direction).set();
  }
  poll_for(wanted);
}

void Descriptor::poll_for(int wanted) {
  if (wanted == polling_) return;
  polling_ = wanted;
  if (wanted == 0) {
    uv_poll_stop(&poll_->handle);
    return;
  }
  auto report = [](uv_poll_t* handle, int status, int reported) {
    static_cast<Poll*>(handle->data)->owner->ready(status, reported);
  };
  STERNA_ASSERT(uv_poll_start(&poll_->handle, wanted, report) == 0);
}

void Descriptor::close() {
  if (closed()) return;
  uv_poll_stop(&poll_->handle);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_->handle),
           [](uv_handle_t* handle) { delete static_cast<Poll*>(handle->data); });
  poll_ = nullptr;
  fd_.reset();
  for (coro::Event& waiting : events_) waiting.set();
}

}  // namespace sterna::net
