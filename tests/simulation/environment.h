// SPDX-License-Identifier: Apache-2.0
// What whoever runs the simulation asks for.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "sterna/base/bytes.h"
#include "sterna/base/log.h"

namespace sterna::simulation {

inline std::optional<std::uint64_t> number_from(const char* name) {
  const char* text = std::getenv(name);
  return text ? parse_number(text) : std::nullopt;
}

// STERNA_SIM_LOG=debug, or "trace" with the wire; nothing is printed without.
inline LogLevel asked_log_level() {
  const char* text = std::getenv("STERNA_SIM_LOG");
  if (!text) return LogLevel::off;
  return std::string_view(text) == "trace" ? LogLevel::trace : LogLevel::debug;
}

}  // namespace sterna::simulation
