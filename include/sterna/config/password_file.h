// SPDX-License-Identifier: Apache-2.0
// Reads a secret from a file of its own.
#pragma once

#include <string>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"

namespace sterna::config {

// Larger files are no password. What a command may print has a bound of its own: net/command.h.
inline constexpr std::size_t kPasswordOctetsMax = 16 * 1024;

// The first line of the file, without its line end. Fails with code secret where it cannot be read,
// is no regular file, is too large, is empty, or can be read by the group or by others. Blocking.
Result<Secret> read_password_file(const std::string& path);

// The same of a file that is the service manager's, and may be shown to a group of its own.
Result<Secret> read_credential_file(const std::string& path);

// The first line of what a password_command printed, without its line end; code secret if it is
// empty. Wipes its argument.
Result<Secret> first_line_secret(std::string text);

}  // namespace sterna::config
