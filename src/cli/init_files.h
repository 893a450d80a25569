// SPDX-License-Identifier: Apache-2.0
// What sterna init writes: files that nobody else can read and that were not there before. And the
// configuration as it would be, to be tried before anything is written.
#pragma once

#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/config/config.h"
#include "sterna/config/place.h"

namespace sterna::cli {

// Makes the directories above it (0700), then the file (0600), whole and flushed. ErrorCode::exists
// if it is there.
Status write_new_file(const std::string& path, std::string_view text);

// Makes a file that is there anew, in one step. The same otherwise.
Status replace_file(const std::string& path, std::string_view text);

// That the configuration of the system is read no more once one is written at `path`; "" where
// there is nothing to say.
std::string superseded_text(const config::ConfigPlace& place, const std::string& path);

// The configuration of `place` with `text` as one more file, which would be at `path`. Problems are
// told as of that path.
Result<config::Config> load_with(const config::LoadOptions& options,
                                 const config::ConfigPlace& place, const std::string& path,
                                 std::string_view text);

}  // namespace sterna::cli
