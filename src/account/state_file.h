// SPDX-License-Identifier: Apache-2.0
// Small files of an account's state beside its base: they are read and written while somebody else
// has the base. Each is replaced by rename, so a reader sees one content or the other.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/account/settings.h"
#include "sterna/base/result.h"

namespace sterna::account {

std::string state_file_path(const Settings& settings, std::string_view name);
// The first `octets_max` of it; none where there is no such file.
Result<std::optional<std::string>> read_state_file(const Settings& settings, std::string_view name,
                                                   std::size_t octets_max);
// Durable on return, as is its removal. The directory is made where it is missing.
Status replace_state_file(const Settings& settings, std::string_view name, std::string_view text);
// Also where there is none.
Status remove_state_file(const Settings& settings, std::string_view name);

}  // namespace sterna::account
