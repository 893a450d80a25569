// SPDX-License-Identifier: Apache-2.0
// sterna init: a command of those who have no configuration yet, or not for this address.
#pragma once

#include "arguments.h"
#include "console.h"
#include "exit_status.h"

namespace sterna::cli {

Exit init_account(Console& console, const GlobalOptions& options, const InitArguments& arguments);

}  // namespace sterna::cli
