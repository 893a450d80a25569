// SPDX-License-Identifier: Apache-2.0
#include "day_octets.h"

#include <fmt/format.h>

#include <cstdlib>

#include "sterna/base/bytes.h"
#include "take_word.h"

namespace sterna::account {
namespace {

constexpr std::int64_t kDayHours = 24;

bool is_near(std::int64_t one, std::int64_t other) {
  return std::abs(one - other) <= kDayHours;
}

}  // namespace

DayOctets DayOctets::parse(std::string_view text) {
  DayOctets day;
  while (!text.empty()) {
    const std::string_view one = take_word(text);
    const std::size_t colon = one.find(':');
    if (colon == std::string_view::npos) continue;
    const auto hour = parse_number(one.substr(0, colon), INT32_MAX);
    const auto octets = parse_number(one.substr(colon + 1), INT64_MAX);
    if (hour && octets) day.hours_[static_cast<std::int64_t>(*hour)] = *octets;
  }
  return day;
}

std::string DayOctets::to_string() const {
  std::string text;
  for (const auto& [hour, octets] : hours_) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", hour, octets);
  }
  return text;
}

void DayOctets::add(std::int64_t hour, std::uint64_t octets, bool is_sure) {
  if (is_sure) std::erase_if(hours_, [hour](const auto& one) { return !is_near(one.first, hour); });
  hours_[hour] += octets;
}

std::uint64_t DayOctets::around(std::int64_t hour) const {
  std::uint64_t sum = 0;
  for (const auto& [at, octets] : hours_) {
    if (is_near(at, hour)) sum += octets;
  }
  return sum;
}

std::int64_t DayOctets::first_with(std::uint64_t octets, std::int64_t hour) const {
  DayOctets known;
  for (const auto& [at, count] : hours_) {
    if (is_near(at, hour)) known.hours_[at] = count;
  }
  while (known.around(hour) > octets) ++hour;
  return hour;
}

}  // namespace sterna::account
