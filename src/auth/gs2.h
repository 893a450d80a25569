// SPDX-License-Identifier: Apache-2.0
// What the mechanisms of the GS2 family begin with (RFC 5801 section 4).
#pragma once

#include <string>
#include <string_view>

namespace sterna::auth {

// "n,a=ann=2Cexample," for the flag "n"; without an authorization identity "n,,". In a name "=" and
// "," are written "=3D" and "=2C".
std::string gs2_header(std::string_view flag, std::string_view authorization_identity);
std::string gs2_name(std::string_view name);

}  // namespace sterna::auth
