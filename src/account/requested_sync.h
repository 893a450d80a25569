// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "sterna/account/sync.h"
#include "sterna/coro/sync.h"

namespace sterna::account {

// A sync that somebody waits for, who may have gone meanwhile.
struct RequestedSync final : Progress {
  std::vector<MailboxName> mailboxes;
  Progress* to = nullptr;
  AccountReport report;
  coro::Event done;

  void expect(std::uint64_t messages, std::uint64_t octets) override {
    if (to) to->expect(messages, octets);
  }
  void transferred(std::uint64_t messages, std::uint64_t octets) override {
    if (to) to->transferred(messages, octets);
  }
  void phase(std::string_view account, std::string_view what) override {
    if (to) to->phase(account, what);
  }
};

}  // namespace sterna::account
