// SPDX-License-Identifier: Apache-2.0
// Where a configuration is, and where a further account of it belongs: for who writes one.
#pragma once

#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/config/load.h"

namespace sterna::config {

struct ConfigPlace {
  std::vector<std::string> files;  // what load() would read; none: there is no configuration yet
  // The directory of config.toml and config.d; "" where one file is read alone.
  std::string directory;
  std::string alone;  // that file, which need not exist
  // The system's directory, where what is in it is read now and cannot be added to: it is read no
  // more once anything is in `directory`, the user's own. "": nothing of the kind.
  std::string superseded;

  // The file for a new account of this name, not there yet: ErrorCode::exists if it cannot be,
  // with what to do instead.
  Result<std::string> file_for(const std::string& account) const;
};

// ErrorCode::config where there is no home directory, or a directory cannot be read.
Result<ConfigPlace> find_place(const LoadOptions& options);

}  // namespace sterna::config
