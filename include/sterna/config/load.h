// SPDX-License-Identifier: Apache-2.0
// Reads the configuration: finds the files, parses TOML, merges [defaults] and presets, checks all
// of it.
//
// Files: LoadOptions::file, else $STERNA_CONFIG, alone; else $XDG_CONFIG_HOME/sterna or, where
// nothing is there, /etc/sterna, if all there may be read: config.toml and every config.d/*.toml
// beside it. All problems are gathered, so that one run shows them all; no problem ever quotes a
// secret. Blocking; meant for the start of a program.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/config/config.h"

namespace sterna::config {

struct Problem {
  std::string file;   // as opened; empty where no file is to blame
  unsigned line = 0;  // from 1; 0: the file as a whole
  unsigned column = 0;
  std::string message;  // "unknown key `pasword`"
  std::string hint;     // "did you mean `password`?", or empty

  // "file:line:column: message; hint"
  std::string describe() const;
  bool operator==(const Problem&) const = default;
};

struct LoadOptions {
  std::optional<std::string> file;  // -c FILE
  // The environment; an unset variable is nullopt. Default: the process's own.
  std::function<std::optional<std::string>(std::string_view name)> env;
  std::string home;  // default: $HOME, else the user database
  std::string system_directory = "/etc/sterna";
};

// Success: at least one account, everything legal. Failure: at least one problem, in the order of
// the files and lines.
std::expected<Config, std::vector<Problem>> load_or_problems(const LoadOptions& options);

// The same, with the problems as one Error of code config: a line each.
Result<Config> load(const LoadOptions& options);

}  // namespace sterna::config
