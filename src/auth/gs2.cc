// SPDX-License-Identifier: Apache-2.0
#include "gs2.h"

#include <fmt/format.h>

namespace sterna::auth {

std::string gs2_name(std::string_view name) {
  std::string escaped;
  for (const char c : name) {
    if (c == '=') {
      escaped += "=3D";
    } else if (c == ',') {
      escaped += "=2C";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string gs2_header(std::string_view flag, std::string_view authorization_identity) {
  if (authorization_identity.empty()) return fmt::format("{},,", flag);
  return fmt::format("{},a={},", flag, gs2_name(authorization_identity));
}

}  // namespace sterna::auth
