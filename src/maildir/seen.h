// SPDX-License-Identifier: Apache-2.0
// Whether a name still stands for the file that was seen there (rule 21).
#pragma once

#include <cstdint>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"

namespace sterna::maildir {

Error no_longer_seen(std::string_view name);  // ErrorCode::changed

// What is at that name: no_longer_seen() unless it is a file, and that one.
Result<io::FileStat> stat_if_seen(io::Directory& directory, std::string_view name,
                                  std::uint64_t ino);

}  // namespace sterna::maildir
