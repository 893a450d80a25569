// SPDX-License-Identifier: Apache-2.0
#include "width.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Ascending, as the search needs them. Combining marks, joiners, variation selectors.
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},   {0x0610, 0x061a},  {0x064b, 0x065f},
    {0x06d6, 0x06dc}, {0x06df, 0x06e4}, {0x0730, 0x074a},   {0x0900, 0x0902},  {0x093a, 0x093a},
    {0x093c, 0x093c}, {0x0941, 0x0948}, {0x094d, 0x094d},   {0x0e31, 0x0e31},  {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},   {0x200b, 0x200f},  {0x202a, 0x202e},
    {0x2060, 0x2064}, {0x20d0, 0x20ff}, {0x302a, 0x302d},   {0x3099, 0x309a},  {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef}};

// East Asian Width W and F, and the emoji that terminals draw wide.
constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26bd, 0x26be},
    {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274c},
    {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2b50, 0x2b50},   {0x2e80, 0x303e},
    {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},
    {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f000, 0x1f02f}, {0x1f0cf, 0x1f0cf},
    {0x1f18e, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};

template <std::size_t kSize>
bool contains(const Range (&ranges)[kSize], std::uint32_t point) {
  const auto* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), point,
                       [](std::uint32_t value, const Range& range) { return value < range.first; });
  return after != std::begin(ranges) && point <= std::prev(after)->last;
}

struct Character {
  std::size_t octets;
  std::size_t columns;
};

// The first character of `text`; an octet that begins none takes a column of its own.
Character first_character(std::string_view text) {
  const std::size_t length = utf8_sequence(text);
  if (length <= 1) return {1, 1};
  const std::uint32_t point = utf8_code_point(text, length);
  if (contains(kZeroWidth, point)) return {length, 0};
  return {length, contains(kWide, point) ? std::size_t{2} : std::size_t{1}};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    columns += character.columns;
    text.remove_prefix(character.octets);
  }
  return columns;
}

std::string fit(std::string_view text, std::size_t columns) {
  STERNA_ASSERT(columns > 0);
  std::size_t taken = 0;
  std::size_t octets = 0;
  std::size_t octets_before_ellipsis = 0;
  while (octets < text.size()) {
    const Character character = first_character(text.substr(octets));
    if (taken + character.columns > columns)
      return std::string(text.substr(0, octets_before_ellipsis)) + "…";
    taken += character.columns;
    octets += character.octets;
    if (taken < columns) octets_before_ellipsis = octets;
  }
  return std::string(text);
}

std::string fit_tail(std::string_view text, std::size_t columns) {
  STERNA_ASSERT(columns > 0);
  std::size_t left = display_width(text);
  if (left <= columns) return std::string(text);
  // What joins with the character before it goes with that.
  while (!text.empty() && (left >= columns || first_character(text).columns == 0)) {
    const Character character = first_character(text);
    left -= character.columns;
    text.remove_prefix(character.octets);
  }
  return "…" + std::string(text);
}

}  // namespace sterna::cli
