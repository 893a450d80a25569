// SPDX-License-Identifier: Apache-2.0
// The options of sterna init, of which there are many: one for each question.
#pragma once

#include <string>
#include <utility>

#include "arguments.h"

namespace CLI {
class App;
}

namespace sterna::cli {

// `into` lives as long as `command`.
void add_init_options(CLI::App& command, InitArguments& into);

// What is wrong with them, and what helps; "" where nothing is.
std::pair<std::string, std::string> problem_of(const InitArguments& init);

}  // namespace sterna::cli
