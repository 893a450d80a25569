// SPDX-License-Identifier: Apache-2.0
// Reads a file piece by piece to its end.
#pragma once

#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"

namespace sterna::maildir {

// Calls `piece(std::string_view)` for each; the view lives until the next.
template <class Piece>
Status read_all(io::FileReader& file, Piece piece) {
  std::string buffer;
  for (;;) {
    buffer.clear();
    STERNA_TRY(const std::size_t count, file.read(buffer, io::kReadOctets));
    if (count == 0) return {};
    piece(std::string_view(buffer));
  }
}

}  // namespace sterna::maildir
