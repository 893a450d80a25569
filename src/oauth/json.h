// SPDX-License-Identifier: Apache-2.0
// Reading what providers answer, which need not be what was asked for.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sterna::oauth {

// "" where the object has no such member, or it is no string.
inline std::string text_of(const nlohmann::json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace sterna::oauth
