// SPDX-License-Identifier: Apache-2.0
// DayOctets: how much went through within a day, counted by the hour.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sterna::account {

// Hours are those of Unix time, by a clock that may be wrong for a while: what lies up to a day
// ahead counts as well, what is further away was counted by another time.
class DayOctets {
 public:
  // "HOUR:OCTETS HOUR:OCTETS"; what cannot be read counts nothing.
  static DayOctets parse(std::string_view text);
  std::string to_string() const;

  // What is further away goes, unless the clock is not sure.
  void add(std::int64_t hour, std::uint64_t octets, bool is_sure = true);
  // Never less than in the day up to this hour.
  std::uint64_t around(std::int64_t hour) const;
  // The first hour from `hour` on with at most `octets`.
  std::int64_t first_with(std::uint64_t octets, std::int64_t hour) const;

 private:
  std::map<std::int64_t, std::uint64_t> hours_;
};

}  // namespace sterna::account
