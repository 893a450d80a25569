// SPDX-License-Identifier: Apache-2.0
// What `status` shows, gathered from the disk and from the daemon.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "json.h"
#include "runner.h"
#include "sterna/daemon/client.h"

namespace sterna::cli {

// By name; none without a daemon.
using Lives = std::optional<std::map<std::string, account::Life>>;

struct StatusView {
  std::vector<StatusRow> rows;
  std::vector<Outcome> outcomes;
};
StatusView look_at_accounts(const Context& context, Runner& runner, const Lives& lives);

// Shows it as it changes, until it is interrupted or nobody reads it any more.
Exit watch_accounts(const Context& context, Runner& runner, StatusForm form);

}  // namespace sterna::cli
