// SPDX-License-Identifier: Apache-2.0
// Runner: the loop of a command, its services, and what Ctrl-C does to it.
//
// While a task runs, the first SIGINT or SIGTERM asks it to stop: it ends in order, with what was
// done recorded. The second one ends the process at once, which is safe at any instruction, too.
// Before the first task, as at a question, they end the process as ever.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "sterna/account/settings.h"
#include "sterna/net/loop.h"

namespace sterna::cli {

class Runner {
 public:
  net::Loop& loop() { return loop_; }
  account::Services services();
  bool interrupted() const { return interrupted_; }

  template <class T>
  T run(coro::Task<T> task) {
    heed_signals();
    return loop_.run(std::move(task));
  }
  void run(coro::Task<void> task) {
    heed_signals();
    loop_.run(std::move(task));
  }

 private:
  void heed_signals();

  net::Loop loop_;
  bool interrupted_ = false;
};

namespace detail {

template <class T>
coro::Task<void> keep(coro::Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}

}  // namespace detail

// All of them at once; their results in the same order.
template <class T>
coro::Task<std::vector<T>> gather(std::vector<coro::Task<T>> tasks) {
  std::vector<std::optional<T>> results(tasks.size());
  coro::Scope scope = co_await coro::make_scope();
  for (std::size_t i = 0; i < tasks.size(); ++i)
    scope.spawn(detail::keep(std::move(tasks[i]), results[i]));
  co_await scope.join();
  std::vector<T> values;
  values.reserve(results.size());
  for (std::optional<T>& result : results) values.push_back(std::move(*result));
  co_return values;
}

}  // namespace sterna::cli
