// SPDX-License-Identifier: Apache-2.0
#include "login_secret.h"

#include "sterna/base/assert.h"

namespace sterna::account {

coro::Task<Result<Secret>> LoginSecret::get() {
  if (settings_.auth == auth::Preference::external) co_return Secret();
  const Counted asking(asked_);
  if (!last_) {
    STERNA_CO_TRY(last_, co_await settings_.password());
  }
  co_return *last_;
}

coro::Task<Result<Secret>> LoginSecret::renew() {
  STERNA_ASSERT(is_renewable());
  const Counted asking(asked_);
  Secret refused = last_.value_or(Secret());
  STERNA_CO_TRY(last_, co_await settings_.renewed_token(std::move(refused)));
  co_return *last_;
}

}  // namespace sterna::account
