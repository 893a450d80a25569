// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/date.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "sterna/base/bytes.h"

namespace sterna::imap {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<unsigned> parse_month(std::string_view name) {
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (ascii_iequals(kMonths[i], name)) return i + 1;
  }
  return std::nullopt;
}

// "17-Jul-1996"
std::optional<chrono::sys_days> parse_day(std::string_view text) {
  const auto parts = split(text, '-');
  if (parts.size() != 3) return std::nullopt;
  const auto day = parse_number(trim(parts[0]), 31);
  const auto month = parse_month(parts[1]);
  const auto year = parse_number(parts[2], 9999);
  if (!day || !month || !year) return std::nullopt;
  const chrono::year_month_day date{chrono::year{static_cast<int>(*year)}, chrono::month{*month},
                                    chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return chrono::sys_days{date};
}

// "02:44:25", a leap second allowed.
std::optional<std::int64_t> parse_time_of_day(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 3) return std::nullopt;
  const auto hour = parse_number(parts[0], 23);
  const auto minute = parse_number(parts[1], 59);
  const auto second = parse_number(parts[2], 60);
  if (!hour || !minute || !second) return std::nullopt;
  return static_cast<std::int64_t>(*hour * 3600 + *minute * 60 + *second);
}

// "-0700"; what is none counts as UTC.
std::int64_t parse_zone(std::string_view text) {
  if (text.size() != 5 || (text[0] != '+' && text[0] != '-')) return 0;
  const auto hours = parse_number(text.substr(1, 2), 23);
  const auto minutes = parse_number(text.substr(3, 2), 59);
  if (!hours || !minutes) return 0;
  const auto seconds = static_cast<std::int64_t>(*hours * 3600 + *minutes * 60);
  return text[0] == '-' ? -seconds : seconds;
}

// The value of the first Date field, with the lines that continue it.
std::string_view date_field(std::string_view octets) {
  constexpr std::string_view kName = "Date:";
  while (!octets.empty() && octets[0] != '\n' && octets[0] != '\r') {
    std::size_t end = octets.find('\n');
    while (end != std::string_view::npos && end + 1 < octets.size() &&
           (octets[end + 1] == ' ' || octets[end + 1] == '\t')) {
      end = octets.find('\n', end + 1);
    }
    const std::string_view field = octets.substr(0, end);
    if (ascii_iequals(field.substr(0, kName.size()), kName)) return field.substr(kName.size());
    if (end == std::string_view::npos) break;
    octets.remove_prefix(end + 1);
  }
  return {};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
    if (!space && !in_word) words.emplace_back();
    if (!space) words.back() += c;
    in_word = !space;
  }
  return words;
}

struct Calendar {
  chrono::year_month_day date;
  std::int64_t seconds = 0;
};

Calendar calendar(std::int64_t seconds) {
  const chrono::sys_seconds moment{chrono::seconds{std::clamp<std::int64_t>(seconds, 0, kDateMax)}};
  const auto day = chrono::floor<chrono::days>(moment);
  return {chrono::year_month_day{day}, (moment - day).count()};
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text) {
  text = trim(text);
  const std::size_t after_day = text.find(' ');
  if (after_day == std::string_view::npos) return std::nullopt;
  const auto day = parse_day(text.substr(0, after_day));
  text = trim(text.substr(after_day));
  const std::size_t after_time = std::min(text.find(' '), text.size());
  const auto time = parse_time_of_day(text.substr(0, after_time));
  if (!day || !time) return std::nullopt;
  const std::int64_t days = day->time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + *time - parse_zone(trim(text.substr(after_time)));
  return std::clamp<std::int64_t>(seconds, 0, kDateMax);
}

std::optional<std::int64_t> date_of_header(std::string_view octets) {
  std::vector<std::string> words = words_of(date_field(octets));
  if (!words.empty() && !parse_number(words[0], 31)) words.erase(words.begin());  // "Wed,"
  if (words.size() < 4) return std::nullopt;
  if (words[2].size() == 2) words[2].insert(0, words[2] < "50" ? "20" : "19");
  if (words[3].size() == 5) words[3] += ":00";
  const std::string zone = words.size() > 4 ? words[4] : std::string();
  return parse_date(fmt::format("{}-{}-{} {} {}", words[0], words[1], words[2], words[3], zone));
}

std::string print_date(std::int64_t seconds) {
  const auto [date, rest] = calendar(seconds);
  return fmt::format("{:2}-{}-{:04} {:02}:{:02}:{:02} +0000", static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), rest / 3600, rest / 60 % 60, rest % 60);
}

}  // namespace sterna::imap
