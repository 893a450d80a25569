// SPDX-License-Identifier: Apache-2.0
// Times in messages for people.
#pragma once

#include <cstdint>
#include <string>

namespace sterna::account {

// Of the wall clock in milliseconds, as people here write it: "2026-11-28 14:05".
std::string local_minute(std::int64_t at_ms);

}  // namespace sterna::account
