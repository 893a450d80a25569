// SPDX-License-Identifier: Apache-2.0
#include "style.h"

#include <array>

namespace sterna::cli {

std::string Style::paint(Tone tone, std::string_view text) const {
  constexpr std::array<std::string_view, 6> kSequences = {"",         "\x1b[1m",  "\x1b[32m",
                                                          "\x1b[33m", "\x1b[31m", "\x1b[2m"};
  const std::string_view sequence = kSequences[static_cast<std::size_t>(tone)];
  if (!colored_ || sequence.empty() || text.empty()) return std::string(text);
  std::string painted(sequence);
  painted += text;
  painted += "\x1b[0m";
  return painted;
}

}  // namespace sterna::cli
