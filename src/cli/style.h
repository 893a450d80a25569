// SPDX-License-Identifier: Apache-2.0
// Style: how one stream is written to: with colours or without, and how wide it is. Colours are few
// and modest: a title, what is well, what needs attention, what failed, what matters less.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sterna::cli {

enum class Tone : std::uint8_t { plain, title, good, attention, bad, dim };

class Style {
 public:
  static constexpr std::size_t kAnyWidth = SIZE_MAX;

  Style() = default;
  explicit Style(bool colored, std::size_t columns = kAnyWidth)
      : colored_(colored), columns_(columns) {}

  bool colored() const { return colored_; }
  // Of the terminal; kAnyWidth where there is none, and nothing is to be cut.
  std::size_t columns() const { return columns_; }
  // `text` between the escape sequences of its tone (ECMA-48 SGR); `text` alone without colours.
  std::string paint(Tone tone, std::string_view text) const;

 private:
  bool colored_ = false;
  std::size_t columns_ = kAnyWidth;
};

}  // namespace sterna::cli
