// SPDX-License-Identifier: Apache-2.0
// with_deadline: the one way to time out. The operation races a timer; when the timer wins, the
// operation is asked to stop, is awaited to its end, and the outcome is ErrorCode::timeout.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "sterna/base/result.h"
#include "sterna/coro/scope.h"
#include "sterna/coro/task.h"
#include "sterna/io/clock.h"

namespace sterna::io {

namespace detail {

struct Watchdog {
  explicit Watchdog(coro::CancelState& parent) : cancel(parent) {}
  coro::CancelState cancel;  // of the operation
  bool barked = false;
};

coro::Task<void> watch(Clock& clock, std::chrono::milliseconds limit, Watchdog& dog);
Error deadline_passed(const std::string& what, std::chrono::milliseconds limit);

}  // namespace detail

// `what` names the operation in the error ("no answer to login within 30 s"). An operation that
// ends well although it was asked to stop has its own outcome; a request from above is
// ErrorCode::cancelled as usual.
template <class T>
coro::Task<Result<T>> with_deadline(Clock& clock, std::chrono::milliseconds limit,
                                    coro::Task<Result<T>> operation, std::string what = {}) {
  coro::Context context = co_await coro::current();
  detail::Watchdog dog(*context.cancel);
  coro::Scope timer(context);
  timer.spawn(detail::watch(clock, limit, dog));
  Result<T> outcome = co_await std::move(operation).under(dog.cancel);
  co_await timer.close();
  if (!outcome && outcome.error().is_cancelled() && dog.barked && !context.cancel->requested())
    co_return fail(detail::deadline_passed(what, limit));
  co_return outcome;
}

// Waits for an event, at most so long: ErrorCode::timeout.
coro::Task<Status> wait_for(Clock& clock, std::chrono::milliseconds limit, coro::Event& event);

// Sets the event after so long, unless it is cancelled before; to be spawned beside what waits.
coro::Task<void> set_after(Clock& clock, std::chrono::milliseconds after, coro::Event& event);

}  // namespace sterna::io
