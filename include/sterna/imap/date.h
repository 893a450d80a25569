// SPDX-License-Identifier: Apache-2.0
// IMAP's date-time, as INTERNALDATE and APPEND have it (RFC 3501 section 9, "date-time").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sterna::imap {

// 31-Dec-9999 23:59:59 UTC; what is later or before 1970 is clamped, for no file system agrees on
// it.
inline constexpr std::int64_t kDateMax = 253'402'300'799;

// "17-Jul-1996 02:44:25 -0700", without quotes, to seconds since 1970. Tolerated: a day of one
// digit, padded or not, a missing zone (UTC), spaces around. nullopt if there is no such date.
std::optional<std::int64_t> parse_date(std::string_view text);

// What the header of a message says in its first Date field ("Wed, 17 Jul 1996 02:44:25 -0700",
// RFC 5322 section 3.3), folded or not; `octets` begin with the header. A zone by name counts as
// UTC. nullopt if there is no such date.
std::optional<std::int64_t> date_of_header(std::string_view octets);

// "17-Jul-1996 09:44:25 +0000": always UTC, always 26 octets; clamped likewise.
std::string print_date(std::int64_t seconds);

}  // namespace sterna::imap
