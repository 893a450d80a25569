// SPDX-License-Identifier: Apache-2.0
// Event, Semaphore, Queue: what coroutines of one thread wait for in one another.
//
// Every wait is cancellable: it ends with ErrorCode::cancelled and has then taken nothing. A waiter
// that was served before the request keeps what it was given. Waiters are served in order of
// arrival. All of them must be gone before the object dies (asserted).
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
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

// Counts units. acquire() takes one, release() gives one back, to the first who waits.
class Semaphore {
 public:
  class [[nodiscard]] Acquire : public Waiter {
   public:
    explicit Acquire(Semaphore& semaphore) : semaphore_(semaphore) {}
    bool await_ready() const noexcept { return false; }
    template <AwaitingPromise P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      const Context& context = awaiting.promise().context();
      if (!may_wait(context) || semaphore_.try_acquire()) return false;
      wait_in(semaphore_.waiters_, awaiting, context);
      return true;
    }
    Status await_resume() const { return outcome(); }

   protected:
    Semaphore& semaphore_;
  };

  // A unit that is given back when it dies.
  class Permit {
   public:
    Permit() = default;
    explicit Permit(Semaphore& semaphore) : semaphore_(&semaphore) {}
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
    Semaphore* semaphore_ = nullptr;
  };

  class [[nodiscard]] Hold : public Acquire {
   public:
    using Acquire::Acquire;
    Result<Permit> await_resume() const {
      Status status = outcome();
      if (!status) return fail(std::move(status).error());
      return Permit(semaphore_);
    }
  };

  explicit Semaphore(std::size_t units) : available_(units) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore();

  Acquire acquire() { return Acquire(*this); }  // co_await: Status
  Hold hold() { return Hold(*this); }           // co_await: Result<Permit>
  bool try_acquire();
  void release();
  std::size_t available() const { return available_; }

 private:
  std::size_t available_;
  List<Waiter> waiters_;
};

// A bounded channel. push() waits while it is full, pop() while it is empty.
template <class T>
class Queue {
 public:
  class [[nodiscard]] Push : public Waiter {
   public:
    Push(Queue& queue, T value) : queue_(queue), value_(std::move(value)) {}
    bool await_ready() const noexcept { return false; }
    template <AwaitingPromise P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      const Context& context = awaiting.promise().context();
      if (!may_wait(context) || queue_.accept(*this)) return false;
      wait_in(queue_.pushers_, awaiting, context);
      return true;
    }
    Status await_resume() const {
      if (refused_) return fail(ErrorCode::disconnected, "the queue is closed");
      return outcome();
    }

   private:
    friend class Queue;
    Queue& queue_;
    T value_;
    bool refused_ = false;
  };

  class [[nodiscard]] Pop : public Waiter {
   public:
    explicit Pop(Queue& queue) : queue_(queue) {}
    bool await_ready() const noexcept { return false; }
    template <AwaitingPromise P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      const Context& context = awaiting.promise().context();
      if (!may_wait(context) || queue_.provide(*this)) return false;
      wait_in(queue_.poppers_, awaiting, context);
      return true;
    }
    Result<std::optional<T>> await_resume() {
      Status status = outcome();
      if (!status) return fail(std::move(status).error());
      return std::move(value_);
    }

   private:
    friend class Queue;
    Queue& queue_;
    std::optional<T> value_;
  };

  explicit Queue(std::size_t capacity) : capacity_(capacity) { STERNA_ASSERT(capacity > 0); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() { STERNA_ASSERT(pushers_.empty() && poppers_.empty()); }

  // co_await: Status; ErrorCode::disconnected if the queue is closed. The value is lost on failure.
  Push push(T value) { return Push(*this, std::move(value)); }
  // co_await: Result<std::optional<T>>; nullopt when the queue is closed and everything was taken.
  Pop pop() { return Pop(*this); }
  // Refuses what is pushed from now on, also by those that wait to push; what is inside can be
  // popped.
  void close();
  bool closed() const { return closed_; }
  std::size_t size() const { return values_.size(); }

 private:
  // Takes the value of `push`, or refuses it; false if it must wait.
  bool accept(Push& push);
  // Serves `pop`; false if it must wait.
  bool provide(Pop& pop);

  std::size_t capacity_;
  bool closed_ = false;
  std::deque<T> values_;
  List<Waiter> pushers_;
  List<Waiter> poppers_;
};

template <class T>
bool Queue<T>::accept(Push& push) {
  if (closed_) {
    push.refused_ = true;
    return true;
  }
  if (auto* pop = static_cast<Pop*>(poppers_.front())) {
    pop->value_ = std::move(push.value_);
    pop->wake();
    return true;
  }
  if (values_.size() == capacity_) return false;
  values_.push_back(std::move(push.value_));
  return true;
}

template <class T>
bool Queue<T>::provide(Pop& pop) {
  if (values_.empty()) return closed_;
  pop.value_ = std::move(values_.front());
  values_.pop_front();
  if (auto* push = static_cast<Push*>(pushers_.front())) {
    values_.push_back(std::move(push->value_));
    push->wake();
  }
  return true;
}

template <class T>
void Queue<T>::close() {
  closed_ = true;
  while (auto* push = static_cast<Push*>(pushers_.front())) {
    push->refused_ = true;
    push->wake();
  }
  while (Waiter* pop = poppers_.front()) pop->wake();
}

}  // namespace sterna::coro
