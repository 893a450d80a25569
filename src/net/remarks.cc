// SPDX-License-Identifier: Apache-2.0
#include "remarks.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "sterna/base/assert.h"

namespace sterna::net {
namespace {

constexpr std::size_t kKeptMax = 4096;
// Who never stops talking does not keep the loop.
constexpr int kRemarksAtOnce = 16;

}  // namespace

Remarks::Remarks(Loop::Core& core, UniqueFd fd) : fd_(std::move(fd)), handle_(new Handle{}) {
  handle_->owner = this;
  handle_->poll.data = handle_;
  STERNA_ASSERT(uv_poll_init(core.uv(), &handle_->poll, fd_.get()) == 0);
  STERNA_ASSERT(uv_poll_start(&handle_->poll, UV_READABLE, on_readable) == 0);
  // What is said alone keeps no loop alive.
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle_->poll));
}

std::string Remarks::take() {
  if (handle_) read_some();
  return std::exchange(text_, {});
}

void Remarks::on_readable(uv_poll_t* poll, int /*status*/, int /*events*/) {
  static_cast<Handle*>(poll->data)->owner->read_some();
}

void Remarks::read_some() {
  std::array<char, 4096> chunk{};
  for (int i = 0; i < kRemarksAtOnce; ++i) {
    const ssize_t count = ::read(fd_.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return end();
    text_.append(chunk.data(), static_cast<std::size_t>(count));
    if (text_.size() > kKeptMax) text_.erase(0, text_.size() - kKeptMax);
  }
}

void Remarks::end() {
  if (!handle_) return;
  Handle* const handle = std::exchange(handle_, nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle->poll),
           [](uv_handle_t* closed) { delete static_cast<Handle*>(closed->data); });
  fd_.reset();
}

}  // namespace sterna::net
