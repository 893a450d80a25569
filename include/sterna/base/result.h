// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or the Error that the world answered with. Nothing throws across a room.
//
//   STERNA_TRY(auto file, open(path));       in a function that returns a Result
//   STERNA_CO_TRY(auto line, co_await ...);  in a coroutine whose task yields a Result
//   STERNA_CHECK(write(...)); STERNA_CO_CHECK(co_await ...);   for Result<void>
#pragma once

#include <expected>
#include <utility>

#include "sterna/base/error.h"

namespace sterna {

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

using Status = Result<void>;

inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}

// The error of a failed result with one more line of context, ready to be returned.
template <class T>
std::unexpected<Error> fail_in(Result<T>&& failed, std::string context) {
  return std::unexpected<Error>(std::move(failed).error().with_context(std::move(context)));
}

}  // namespace sterna

#define STERNA_CONCAT_(a, b) a##b
#define STERNA_CONCAT(a, b) STERNA_CONCAT_(a, b)

#define STERNA_TRY_(name, decl, expr, ret)                     \
  auto name = (expr);                                          \
  if (!name) ret ::std::unexpected(::std::move(name).error()); \
  decl = ::std::move(*name)
#define STERNA_TRY(decl, expr) STERNA_TRY_(STERNA_CONCAT(try_, __COUNTER__), decl, expr, return)
#define STERNA_CO_TRY(decl, expr) \
  STERNA_TRY_(STERNA_CONCAT(try_, __COUNTER__), decl, expr, co_return)

#define STERNA_CHECK(expr)                                                                    \
  do {                                                                                        \
    if (auto check_ = (expr); !check_) return ::std::unexpected(::std::move(check_).error()); \
  } while (false)
#define STERNA_CO_CHECK(expr)                                                                    \
  do {                                                                                           \
    if (auto check_ = (expr); !check_) co_return ::std::unexpected(::std::move(check_).error()); \
  } while (false)
