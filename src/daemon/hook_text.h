// SPDX-License-Identifier: Apache-2.0
// What a hook is told, as text: its environment, and the JSON on its input.
#pragma once

#include <string>
#include <vector>

#include "sterna/daemon/hooks.h"

namespace sterna::daemon {

// "NAME=value": what is in ours and no business of the service manager's, and the facts.
std::vector<std::string> hook_environment(HookEvent event, const std::string& account,
                                          const HookFacts& facts);

// An array in one line, ended. Octets that are not UTF-8 become \udcXX, as Python's surrogateescape
// reads them.
std::string changes_json(const std::vector<account::FileChange>& changes);

}  // namespace sterna::daemon
