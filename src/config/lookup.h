// SPDX-License-Identifier: Apache-2.0
// Which files make the configuration, and where state and sockets go when no key says so: the XDG
// base directory specification, and the directories that systemd hands to a unit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "problems.h"
#include "sterna/config/load.h"

namespace sterna::config {

class Lookup {
 public:
  explicit Lookup(const LoadOptions& options);

  const std::string& home() const { return home_; }
  // The files to read, in that order. Empty, with a problem, where there are none.
  std::vector<std::string> files(Problems& problems) const;
  // The file that is read alone, whether it is there or not; nullopt: the directories are asked.
  std::optional<std::string> alone() const;
  // Where a configuration may be, the user's own before the system's.
  std::vector<std::string> directories() const;
  // What of a configuration is in such a directory.
  std::vector<std::string> files_in(const std::string& directory, Problems& problems) const;
  // What of the system's configuration this user may not read; "" if nothing. Then it is that of
  // somebody else, such as a daemon with a user of its own.
  std::string closed_in_system() const;
  // nullopt without a home directory.
  std::optional<std::string> state_dir() const;
  // `state_dir`: where it is where the system has no directory for it.
  std::string control_socket(const std::string& state_dir) const;

 private:
  std::optional<std::string> variable(std::string_view name) const;  // nullopt also if empty
  // A directory from an XDG variable, else below home; relative ones count as unset, as the
  // specification says.
  std::optional<std::string> xdg(std::string_view name, std::string_view below_home) const;

  const LoadOptions* options_;
  std::string home_;
};

}  // namespace sterna::config
