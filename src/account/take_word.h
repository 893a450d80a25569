// SPDX-License-Identifier: Apache-2.0
// Reading facts of the state that are lists of words.
#pragma once

#include <algorithm>
#include <string_view>

namespace sterna::account {

// Of a fact that is a list: the first word of `rest`, which keeps what is behind the blank.
inline std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

}  // namespace sterna::account
