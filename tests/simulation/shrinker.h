// SPDX-License-Identifier: Apache-2.0
// shrink(): a script that fails, made as small as it gets while it still fails with a violation of
// the same kind: steps are dropped, in halves and then one by one, then faults and features, then
// numbers are made smaller.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "script.h"

namespace sterna::simulation {

// The kinds of violations that a run of the script ends with; empty if it is well.
using Judge = std::function<std::set<std::string>(const Script&)>;

// Precondition: judge(script) has `kind`. Runs it at most `runs_max` times.
Script shrink(Script script, const std::string& kind, const Judge& judge, unsigned runs_max);

}  // namespace sterna::simulation
