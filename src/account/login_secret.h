// SPDX-License-Identifier: Apache-2.0
// LoginSecret: what an account's logins show to the server, asked for when the first of them needs
// it, and kept until forget(). A token is asked for anew before each login, since its source knows
// how long it lasts.
#pragma once

#include <cstddef>
#include <optional>
#include <set>

#include "counted.h"
#include "sterna/account/settings.h"

namespace sterna::account {

// What the server refused before it had seen anything made of the secret.
using UnfitMechanisms = std::set<auth::Mechanism>;

class LoginSecret {
 public:
  explicit LoginSecret(const Settings& settings) : settings_(settings) {}

  // Empty where nothing is to be shown: Preference::external.
  coro::Task<Result<Secret>> get();
  // Whether there may be another one where the server refuses this.
  bool is_renewable() const { return static_cast<bool>(settings_.renewed_token); }
  // Another one than the last, which was refused. Precondition: is_renewable().
  coro::Task<Result<Secret>> renew();
  void forget() { last_.reset(); }
  // Its source is at work; a person may have to answer it.
  bool is_asked_for() const { return asked_ > 0; }

  UnfitMechanisms unfit;

 private:
  const Settings& settings_;
  std::optional<Secret> last_;
  std::size_t asked_ = 0;
};

}  // namespace sterna::account
