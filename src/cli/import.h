// SPDX-License-Identifier: Apache-2.0
// sterna import: a command of those who have no configuration yet.
#pragma once

#include "arguments.h"
#include "console.h"
#include "exit_status.h"

namespace sterna::cli {

Exit import_configuration(Console& console, const ImportArguments& arguments);

}  // namespace sterna::cli
