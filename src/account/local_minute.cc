// SPDX-License-Identifier: Apache-2.0
#include "local_minute.h"

#include <ctime>

namespace sterna::account {

std::string local_minute(std::int64_t at_ms) {
  const std::time_t seconds = at_ms / 1000;
  std::tm time{};
  ::localtime_r(&seconds, &time);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &time)};
}

}  // namespace sterna::account
