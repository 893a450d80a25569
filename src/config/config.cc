// SPDX-License-Identifier: Apache-2.0
#include "sterna/config/config.h"

#include <algorithm>

#include "sterna/base/loopback.h"

namespace sterna::config {

const AccountConfig* Config::account(std::string_view name) const {
  const auto it = std::ranges::find(accounts, name, &AccountConfig::name);
  return it == accounts.end() ? nullptr : &*it;
}

bool stays_on_this_machine(const AccountConfig& account) {
  return is_loopback_host(account.host) && account.proxy.host.empty();
}

}  // namespace sterna::config
