// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <fmt/format.h>

#include <algorithm>

namespace sterna::maildir {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

bool is_hex_digit(char c) {
  return kHexDigits.contains(c);
}

std::string print_hex64(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

std::optional<std::uint64_t> parse_hex64(std::string_view text) {
  if (text.size() != 16 || !std::ranges::all_of(text, is_hex_digit)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) value = (value << 4) | kHexDigits.find(c);
  return value;
}

Result<std::string> read_whole(io::FileReader& file, std::size_t octets_max) {
  std::string text;
  for (;;) {
    STERNA_TRY(const std::size_t count, file.read(text, octets_max + 1 - text.size()));
    if (text.size() > octets_max) return fail(ErrorCode::too_big, "the file is too large");
    if (count == 0) return text;
  }
}

Result<std::string> read_small_file(io::Directory& directory, std::string_view name,
                                    std::size_t octets_max) {
  STERNA_TRY(const auto file, directory.open_file(name));
  auto text = read_whole(*file, octets_max);
  if (!text && text.error().is(ErrorCode::too_big)) {
    return fail(ErrorCode::too_big, fmt::format("{} holds more than {} octets", name, octets_max));
  }
  return text;
}

}  // namespace sterna::maildir
