// SPDX-License-Identifier: Apache-2.0
#include "base_name.h"

#include <bit>

#include "sterna/base/digest.h"

namespace sterna::store {

std::string_view stripped(std::string_view base_name) {
  const std::string_view part = base_name.substr(0, base_name.find(','));
  return part.empty() ? base_name : part;
}

std::optional<std::int64_t> base_hash(std::string_view base_name) {
  if (base_name.empty()) return std::nullopt;
  return std::bit_cast<std::int64_t>(hash64(stripped(base_name)));
}

std::string_view base_name_of_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  for (const std::string_view info : {":2,", ":1,", ":"}) {
    const std::size_t at = name.rfind(info);
    if (at != std::string_view::npos) return name.substr(0, at);
  }
  return name;
}

}  // namespace sterna::store
