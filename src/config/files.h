// SPDX-License-Identifier: Apache-2.0
// The few things that configuration asks of the file system, each blocking.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sterna/base/result.h"

namespace sterna::config {

struct FileText {
  std::string text;
  mode_t mode = 0;  // of the file that was read
};

// All of a file. Fails with too_big beyond `octets_max`, with the code of errno otherwise.
Result<FileText> read_whole_file(const std::string& path, std::size_t octets_max);
// The same, never waiting: ErrorCode::unsupported for a FIFO, a device, a directory.
Result<FileText> read_regular_file(const std::string& path, std::size_t octets_max);

// The names in a directory that end in ".toml" and do not begin with a dot, in byte order; none
// where the directory is not there.
Result<std::vector<std::string>> toml_names_in(const std::string& directory);

bool file_exists(const std::string& path);

bool is_directory(const std::string& path);

// Whether the group or others may read a file of this mode.
bool readable_by_others(mode_t mode);
// The same for a path; false where nothing is there.
bool file_readable_by_others(const std::string& path);

// The directory that holds `path`, absolute.
std::string directory_of(const std::string& path);

// Links resolved as far as the path exists: two paths that name one place compare equal.
std::string resolved(const std::string& path);

}  // namespace sterna::config
