// SPDX-License-Identifier: Apache-2.0
// Event and Semaphore: what coroutines of one thread wait for in one another.
//
// Every wait is cancellable: it ends with ErrorCode::cancelled and has then taken nothing. A waiter
// that was served before the request keeps what it was given. Waiters are served in order of
// arrival. All of them must be gone before the object dies (asserted).
#pragma once

#include <cstddef>
#include <utility>

#include "sterna/base/result.h"
#include "sterna/coro/waiter.h"

namespace sterna::coro {

// A flag that can be waited for. Stays set until reset().
class Event {
 public:
  class [[nodiscard]] Wait : public Waiter {
   public:
    Wait(Event& event, OnCancel policy) : Waiter(policy), event_(event) {}
    bool await_ready() const noexcept { return false; }
    template <AwaitingPromise P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      const Context& context = awaiting.promise().context();
      if (!may_wait(context) || event_.set_) return false;
      wait_in(event_.waiters_, awaiting, context);
      return true;
    }
    Status await_resume() const { return outcome(); }

   private:
    Event& event_;
  };

  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event();

  // Wakes all that wait now, whether or not reset() follows before they run.
  void set();
  void reset() { set_ = false; }
  bool is_set() const { return set_; }
  bool awaited() const { return !waiters_.empty(); }

  // co_await event.wait(): Status.
  Wait wait() { return Wait(*this, OnCancel::stop); }
  // Not interrupted by cancellation: for what will surely come, such as the end of a job on the
  // pool.
  Wait wait_regardless() { return Wait(*this, OnCancel::go_on); }

 private:
  bool set_ = false;
  List<Waiter> waiters_;
};

// Counts units. hold() takes one; a permit that dies gives it back, to the first who waits.
class Semaphore {
 public:
  class Hold;

  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      release();
      semaphore_ = std::exchange(other.semaphore_, nullptr);
      return *this;
    }
    ~Permit() { release(); }
    void release() {
      if (semaphore_) std::exchange(semaphore_, nullptr)->release();
    }

   private:
    friend class Hold;
    explicit Permit(Semaphore& semaphore) : semaphore_(&semaphore) {}

    Semaphore* semaphore_ = nullptr;
  };

  class [[nodiscard]] Hold : public Waiter {
   public:
    explicit Hold(Semaphore& semaphore) : semaphore_(semaphore) {}
    bool await_ready() const noexcept { return false; }
    template <AwaitingPromise P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      const Context& context = awaiting.promise().context();
      if (!may_wait(context) || semaphore_.take()) return false;
      wait_in(semaphore_.waiters_, awaiting, context);
      return true;
    }
    Result<Permit> await_resume() const {
      Status status = outcome();
      if (!status) return fail(std::move(status).error());
      return Permit(semaphore_);
    }

   private:
    Semaphore& semaphore_;
  };

  explicit Semaphore(std::size_t units) : available_(units) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore();

  Hold hold() { return Hold(*this); }  // co_await: Result<Permit>
  std::size_t available() const { return available_; }

 private:
  bool take();  // false if there is no unit
  void release();

  std::size_t available_;
  List<Waiter> waiters_;
};

}  // namespace sterna::coro
