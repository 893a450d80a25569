// SPDX-License-Identifier: Apache-2.0
// doubled(): a wait that grows with each time in a row that something came to nothing. Pure.
#pragma once

#include <algorithm>

namespace sterna::account {

// Twice as long each time, up to the longest; `wait` and `longest` are positive.
template <class Wait>
Wait doubled(Wait wait, unsigned times, Wait longest) {
  for (; times > 0 && wait < longest; --times) wait *= 2;
  return std::min(wait, longest);
}

}  // namespace sterna::account
