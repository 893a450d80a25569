// SPDX-License-Identifier: Apache-2.0
// Handover: the answer of a thread that nobody waits for. The thread and the coroutine that asked
// share it, for whichever of the two is last.
#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include "bell.h"

namespace sterna::net {

template <class Answer>
class Handover {
 public:
  explicit Handover(Bell& bell) : bell_(&bell) {}

  // On any thread: whether somebody waits for the answer.
  bool is_wanted() {
    const std::scoped_lock lock(mutex_);
    return bell_ != nullptr;
  }
  // On the asking thread.
  void give(Answer answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
    if (bell_) bell_->ring();
  }
  // On the loop's thread: the answer if there is one. The bell is not touched afterwards.
  std::optional<Answer> leave() {
    const std::scoped_lock lock(mutex_);
    bell_ = nullptr;
    return std::move(answer_);
  }

 private:
  std::mutex mutex_;
  Bell* bell_;
  std::optional<Answer> answer_;
};

}  // namespace sterna::net
