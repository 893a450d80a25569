// SPDX-License-Identifier: Apache-2.0
// Style: colours for one stream, or none. Few and modest: a title, what is well, what needs
// attention, what failed, what matters less.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sterna::cli {

enum class Tone : std::uint8_t { plain, title, good, attention, bad, dim };

class Style {
 public:
  Style() = default;
  explicit Style(bool colored) : colored_(colored) {}

  bool colored() const { return colored_; }
  // `text` between the escape sequences of its tone (ECMA-48 SGR); `text` alone without colours.
  std::string paint(Tone tone, std::string_view text) const;

 private:
  bool colored_ = false;
};

}  // namespace sterna::cli
