// SPDX-License-Identifier: Apache-2.0
// What two programs compare that may have read two configurations: whether they mean the same
// account by a name, and by the same settings.
#pragma once

#include <string>

#include "sterna/config/config.h"

namespace sterna::config {

// Whether two paths name one directory; links are followed as far as it exists. Blocking.
bool same_directory(const std::string& one, const std::string& other);

// Of all that the account is set to, in hexadecimal digits, for programs of one version. Of a
// secret, and of a command, which may hold one, it says no more than that there is one.
std::string settings_digest(const AccountConfig& account);

}  // namespace sterna::config
