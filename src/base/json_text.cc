// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna {
namespace {

constexpr char kMark = '\x7f';
constexpr std::size_t kEscapeOctets = 6;  // \udcXX

void add_marked(std::string& text, char octet) {
  text += kMark;
  text += to_hex(std::string_view(&octet, 1));
}

std::optional<std::uint32_t> hexadecimal(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// The code unit of the escape that `text` begins with.
std::optional<std::uint32_t> code_unit(std::string_view text) {
  if (text.size() < kEscapeOctets || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  return hexadecimal(text.substr(2, 4));
}

// All of it is in the basic plane.
std::size_t add_escaped(std::string_view rest, std::string& text) {
  const std::string_view character = rest.substr(0, utf8_sequence(rest));
  const bool unsafe = printable(character) != character;
  if (unsafe) {
    text += fmt::format("\\u{:04x}", utf8_code_point(character, character.size()));
  } else {
    text += character;
  }
  return character.size();
}

// How much of `text`, which begins with a backslash, was taken over into `marked`.
std::size_t take_escape(std::string_view text, std::string& marked) {
  const auto unit = code_unit(text);
  const bool is_high = unit && *unit >= 0xd800 && *unit <= 0xdbff;
  const std::string_view behind = is_high ? text.substr(kEscapeOctets) : std::string_view();
  const auto next = code_unit(behind);
  std::size_t taken = 2;
  if (unit == 0x7f || (unit && *unit >= 0xdc80 && *unit <= 0xdcff)) {
    add_marked(marked, static_cast<char>(*unit & 0xff));
    return kEscapeOctets;
  }
  if (unit) taken = kEscapeOctets;
  if (next && *next >= 0xdc00 && *next <= 0xdfff) taken = 2 * kEscapeOctets;  // one character
  marked += text.substr(0, taken);
  return std::min(taken, text.size());
}

}  // namespace

std::string json_marked(std::string_view raw) {
  if (is_valid_utf8(raw) && raw.find(kMark) == std::string_view::npos) return std::string(raw);
  std::string text;
  while (!raw.empty()) {
    const std::size_t length = utf8_sequence(raw);
    if (length == 0 || raw.front() == kMark) {
      add_marked(text, raw.front());
      raw.remove_prefix(1);
      continue;
    }
    text += raw.substr(0, length);
    raw.remove_prefix(length);
  }
  return text;
}

std::string json_escaped(std::string_view written) {
  std::string text;
  text.reserve(written.size() + 1);
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (static_cast<unsigned char>(written[i]) >= 0x80) {
      i += add_escaped(written.substr(i), text) - 1;
      continue;
    }
    if (written[i] != kMark) {
      text += written[i];
      continue;
    }
    STERNA_ASSERT(i + 2 < written.size());
    const std::string_view digits = written.substr(i + 1, 2);
    text += digits == "7f" ? "\\u00" : "\\udc";
    text += digits;
    i += 2;
  }
  return text;
}

std::string json_with_marks(std::string_view text) {
  std::string marked;
  marked.reserve(text.size());
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find_first_of("\\\x7f"), text.size());
    marked += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (text.front() == kMark) {
      add_marked(marked, kMark);
      text.remove_prefix(1);
    } else {
      text.remove_prefix(take_escape(text, marked));
    }
  }
  return marked;
}

std::string json_unmarked(std::string_view read) {
  std::string raw;
  raw.reserve(read.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    const auto octet =
        read[i] == kMark && i + 2 < read.size() ? hexadecimal(read.substr(i + 1, 2)) : std::nullopt;
    raw += octet ? static_cast<char>(*octet) : read[i];
    if (octet) i += 2;
  }
  return raw;
}

}  // namespace sterna
