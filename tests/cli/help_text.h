// SPDX-License-Identifier: Apache-2.0
// The options that --help names, and files of the source tree, for tests that compare the two.
#pragma once

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "cli/arguments.h"

namespace sterna::cli::test {

// "-n" and "--lines" of the lines that describe options.
inline std::set<std::string> options_in(const std::string& help) {
  static const std::regex line("^  (-[^ ,]+(, -[^ ,]+)*)", std::regex::multiline);
  static const std::regex option("-[-a-z]+");
  std::set<std::string> found;
  for (std::sregex_iterator it(help.begin(), help.end(), line), end; it != end; ++it) {
    const std::string names = (*it)[1];
    for (std::sregex_iterator name(names.begin(), names.end(), option); name != end; ++name)
      found.insert(name->str());
  }
  return found;
}

inline std::set<std::string> all_options() {
  std::set<std::string> options = options_in(help_text(""));
  for (std::string_view command : command_names()) options.merge(options_in(help_text(command)));
  return options;
}

inline std::string source_file(const std::string& path) {
  std::ifstream file(std::string(STERNA_SOURCE_DIR "/") + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace sterna::cli::test
