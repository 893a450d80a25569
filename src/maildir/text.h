// SPDX-License-Identifier: Apache-2.0
// Small text of our own: 64-bit numbers in hexadecimal, and files that are read whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"

namespace sterna::maildir {

bool is_hex_digit(char c);  // lower case
std::string print_hex64(std::uint64_t value);
// Exactly sixteen lower-case digits.
std::optional<std::uint64_t> parse_hex64(std::string_view text);

// ErrorCode::too_big beyond `octets_max`.
Result<std::string> read_whole(io::FileReader& file, std::size_t octets_max);
Result<std::string> read_small_file(io::Directory& directory, std::string_view name,
                                    std::size_t octets_max);

}  // namespace sterna::maildir
