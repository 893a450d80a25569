// SPDX-License-Identifier: Apache-2.0
// Work: what an account does with its server, one thing at a time, or the opening of one more line,
// which can be broken off: by a pause, or where the line turns out to be dead long before a
// deadline would say so.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "heard_dialer.h"
#include "sterna/coro/cancel.h"
#include "sterna/coro/scope.h"
#include "sterna/coro/sync.h"
#include "sterna/io/clock.h"

namespace sterna::account {

class Work {
 public:
  // `lines`: where those that it goes over come from. `octets_out`: how many they took.
  // `owes_answer`: whether it is the server that is waited for now.
  Work(io::Clock& clock, const HeardDialer& lines, std::function<std::uint64_t()> octets_out,
       std::function<bool()> owes_answer)
      : clock_(clock),
        lines_(lines),
        octets_out_(std::move(octets_out)),
        owes_answer_(std::move(owes_answer)) {}

  // The task's outcome; that of a cancelled one, too, where it was broken off.
  template <class T>
  coro::Task<T> run(coro::Task<T> task) {
    const coro::Context context = co_await coro::current();
    coro::CancelState cancel(*context.cancel);
    coro::Scope doubts(context);
    is_dead_ = is_broken_off_ = false;
    doubted_.reset();
    cancel_ = &cancel;
    doubts.spawn(listen_for_life());
    T outcome = co_await std::move(task).under(cancel);
    cancel_ = nullptr;
    co_await doubts.close();
    co_return outcome;
  }

  void stop();
  // Until anything comes from the server, it has so long for each answer that it owes, once it has
  // what it is to answer.
  void doubt(std::chrono::nanoseconds limit);
  // Whether the last one was, by one of the two.
  bool is_broken_off() const { return is_broken_off_; }
  // It was, since its line is dead.
  bool is_dead() const { return is_dead_; }

 private:
  coro::Task<void> listen_for_life();

  io::Clock& clock_;
  const HeardDialer& lines_;
  std::function<std::uint64_t()> octets_out_;
  std::function<bool()> owes_answer_;
  coro::CancelState* cancel_ = nullptr;  // of what is being done
  coro::Event doubted_;
  std::chrono::nanoseconds limit_{};
  bool is_dead_ = false;
  bool is_broken_off_ = false;
};

}  // namespace sterna::account
