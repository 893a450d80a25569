// SPDX-License-Identifier: Apache-2.0
// The file that sterna init keeps a typed password in, and what is left to the user where nothing
// is to be written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "init_draft.h"
#include "sterna/base/error.h"
#include "sterna/config/config.h"
#include "sterna/config/place.h"

namespace sterna::cli {

// Of the account of this name, beside the configuration.
std::string password_path(const config::ConfigPlace& place, const std::string& account);

enum class PasswordFileState : std::uint8_t {
  absent,
  left_over,  // of an account that is no more; it may be replaced if a person agrees
  taken,      // of whom is not known
};
// `accounts`: all of the configuration at this place.
PasswordFileState look_at_password_file(const config::ConfigPlace& place, const std::string& path,
                                        const std::vector<config::AccountConfig>& accounts);

Error password_file_is_there(const std::string& path);

// Where a typed password belongs that `--print` did not keep, and what puts it there.
std::string keep_by_hand_text(const Draft& draft, bool file_is_there);

}  // namespace sterna::cli
