// SPDX-License-Identifier: Apache-2.0
// Times and durations as the command line writes them. Times are milliseconds since the epoch, UTC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sterna::cli {

// "2026-01-01T09:00:12.345Z" (RFC 3339), for machines. Milliseconds are left out where they are 0.
std::string rfc3339(std::int64_t at_ms);

// What a user types: so long before `now_ms` ("90s" "5m" "2h" "3d" "2w"), or a moment in the local
// time zone ("2026-01-01", "2026-01-01 09:00", "2026-01-01T09:00:12"), in UTC with a Z behind it. A
// day, a minute and a second last. nullopt for anything else.
struct Moment {
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
};
std::optional<Moment> parse_moment(const std::string& text, std::int64_t now_ms);

// "90s" "5m" "2h" "3d" "2w"; at least a second.
std::optional<std::chrono::seconds> parse_duration(const std::string& text);

// "2026-01-01 09:00:12" in the local time zone, for people.
std::string local_time(std::int64_t at_ms);

// "just now", "5 min ago", "3 h ago", "2 days ago"; "in the future" where a clock was set back.
std::string ago(std::int64_t at_ms, std::int64_t now_ms);

// "0.8 s", "12 s", "3 min 05 s", "2 h 10 min"
std::string duration_text(double seconds);

}  // namespace sterna::cli
