// SPDX-License-Identifier: Apache-2.0
// The program: from the words on the command line to the exit status.
#pragma once

#include <string>
#include <vector>

namespace sterna::cli {

// `arguments` without the program's name. Once a process.
int run(const std::vector<std::string>& arguments);

}  // namespace sterna::cli
