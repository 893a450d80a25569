// SPDX-License-Identifier: Apache-2.0
// both(): two coroutines at once, where the work of one waits for something else than that of the
// other.
#pragma once

#include <optional>
#include <utility>

#include "sterna/coro/scope.h"

namespace sterna::coro {

// Ends when both have ended, with what they returned. `first` is the one that matters: if it fails,
// `second` is asked to stop. Both results must tell by operator bool whether they are good.
template <class A, class B>
Task<std::pair<A, B>> both(Task<A> first, Task<B> second) {
  Scope scope = co_await make_scope();
  std::optional<B> beside;
  const auto keep = [](Task<B> task, std::optional<B>& result) -> Task<void> {
    result.emplace(co_await std::move(task));
  };
  scope.spawn(keep(std::move(second), beside));
  A result = co_await std::move(first);
  if (!result) scope.cancel();
  co_await scope.join();
  co_return std::pair<A, B>(std::move(result), std::move(*beside));
}

}  // namespace sterna::coro
