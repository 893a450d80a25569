// SPDX-License-Identifier: Apache-2.0
// Syncs several accounts at once, shows their progress, and says how each ended as it ends.
#pragma once

#include <vector>

#include "commands.h"
#include "json.h"
#include "runner.h"

namespace sterna::cli {

struct SyncJob {
  const config::AccountConfig* account = nullptr;
  account::SyncRequest request;
};

struct SyncResult {
  std::vector<SyncedAccount> accounts;
  Exit exit = Exit::done;
};

// Prints everything but JSON. A daemon that runs is asked to do it, but for a dry run; an account
// that is paused counts as done.
SyncResult sync_accounts(const Context& context, Runner& runner, std::vector<SyncJob> jobs);

}  // namespace sterna::cli
