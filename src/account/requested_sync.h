// SPDX-License-Identifier: Apache-2.0
// RequestedSync: what somebody asked an account that lives for, and the answer he waits for.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "life.h"
#include "sterna/account/sync.h"
#include "sterna/coro/sync.h"

namespace sterna::account {

// A sync that somebody waits for, who may have gone meanwhile.
struct RequestedSync final : Progress {
  std::vector<MailboxName> mailboxes;
  Progress* to = nullptr;
  AccountReport before;  // of the tries that were cut short
  AccountReport report;
  coro::Event done;

  // It is tried again: what this try did stays done.
  void keep(const AccountReport& tried) {
    add(before.counts, tried.counts);
    before.anything_done = before.anything_done || tried.anything_done;
    before.seconds += tried.seconds;
  }
  void answer(AccountReport last) {
    add(last.counts, before.counts);
    last.anything_done = last.anything_done || before.anything_done;
    last.seconds += before.seconds;
    report = std::move(last);
    done.set();
  }

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
