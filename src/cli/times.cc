// SPDX-License-Identifier: Apache-2.0
#include "times.h"

#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// Rounded towards the past, also before 1970.
std::int64_t whole_seconds(std::int64_t at_ms) {
  return at_ms / 1000 - (at_ms % 1000 < 0 ? 1 : 0);
}

std::string written(const std::tm& time, char between) {
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", time.tm_year + 1900, time.tm_mon + 1,
                     time.tm_mday, between, time.tm_hour, time.tm_min, time.tm_sec);
}

std::optional<std::int64_t> parse_ago(const std::string& text) {
  constexpr std::pair<char, std::int64_t> kUnits[] = {
      {'s', 1}, {'m', kMinute}, {'h', kHour}, {'d', kDay}, {'w', 7 * kDay}};
  for (const auto& [letter, seconds] : kUnits) {
    if (!text.ends_with(letter)) continue;
    const auto number = parse_number(std::string_view(text).substr(0, text.size() - 1), 100'000);
    if (number) return static_cast<std::int64_t>(*number) * seconds * 1000;
  }
  return std::nullopt;
}

std::int64_t seconds_of(std::tm time, bool utc) {
  time.tm_isdst = -1;
  return utc ? ::timegm(&time) : ::mktime(&time);
}

}  // namespace

std::string rfc3339(std::int64_t at_ms) {
  const std::time_t seconds = whole_seconds(at_ms);
  std::tm time{};
  ::gmtime_r(&seconds, &time);
  const std::int64_t rest = at_ms - seconds * 1000;
  return written(time, 'T') + (rest == 0 ? "Z" : fmt::format(".{:03}Z", rest));
}

std::optional<Moment> parse_moment(const std::string& text, std::int64_t now_ms) {
  if (const auto before = parse_ago(text)) return Moment{now_ms - *before, now_ms - *before};
  const bool utc = text.ends_with('Z');
  const std::string typed = text.substr(0, text.size() - (utc ? 1 : 0));
  for (const char* form :
       {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"}) {
    std::tm time{};
    const char* end = ::strptime(typed.c_str(), form, &time);
    if (!end || *end != '\0') continue;
    const std::string_view with(form);
    std::tm next = time;
    next.tm_mday += with.ends_with("%d") ? 1 : 0;
    next.tm_min += with.ends_with("%M") ? 1 : 0;
    next.tm_sec += with.ends_with("%S") ? 1 : 0;
    return Moment{seconds_of(time, utc) * 1000, seconds_of(next, utc) * 1000 - 1};
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> parse_duration(const std::string& text) {
  const auto ms = parse_ago(text);
  if (!ms || *ms == 0) return std::nullopt;
  return std::chrono::seconds(*ms / 1000);
}

std::string local_time(std::int64_t at_ms) {
  const std::time_t seconds = whole_seconds(at_ms);
  std::tm time{};
  ::localtime_r(&seconds, &time);
  return written(time, ' ');
}

std::string ago(std::int64_t at_ms, std::int64_t now_ms) {
  const std::int64_t seconds = (now_ms - at_ms) / 1000;
  // Clocks of one machine may differ by moments between processes.
  if (seconds < -kMinute) return "in the future";
  if (seconds < 10) return "just now";
  if (seconds < kMinute) return fmt::format("{} s ago", seconds);
  if (seconds < kHour) return fmt::format("{} min ago", seconds / kMinute);
  if (seconds < 2 * kDay) return fmt::format("{} h ago", seconds / kHour);
  return fmt::format("{} days ago", seconds / kDay);
}

std::string duration_text(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds < 0 ? 0.0 : seconds);
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < kMinute) return fmt::format("{} s", whole);
  if (whole < kHour) return fmt::format("{} min {:02} s", whole / kMinute, whole % kMinute);
  return fmt::format("{} h {:02} min", whole / kHour, whole % kHour / kMinute);
}

}  // namespace sterna::cli
