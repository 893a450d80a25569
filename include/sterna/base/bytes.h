// SPDX-License-Identifier: Apache-2.0
// Small helpers over strings of octets. Nothing here knows a locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sterna {

std::string to_hex(std::string_view bytes);

std::string base64_encode(std::string_view bytes);
// Strict: padding as RFC 4648 section 4 has it; nullopt on anything else.
std::optional<std::string> base64_decode(std::string_view text);

// RFC 3986 section 2.1: all but the unreserved as %XX. Of a secret nothing but the result holds a
// copy.
std::string url_encoded(std::string_view octets);

char ascii_lower(char c);
std::string ascii_lower(std::string_view text);
std::string ascii_upper(std::string_view text);
bool ascii_iequals(std::string_view a, std::string_view b);
bool ascii_istarts_with(std::string_view text, std::string_view prefix);
std::string_view trim(std::string_view text);  // spaces, tabs, CR, LF at both ends

std::vector<std::string_view> split(std::string_view text, char separator);

// All of `text` as an unsigned decimal number (no sign, no spaces), at most `max`.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max = UINT64_MAX);

// Foreign text for a person's eyes: control characters, what turns the direction of text, and bytes
// that are not UTF-8 become \xNN, and it is cut at `limit` octets with an ellipsis. The result is
// safe on a terminal and in a log.
std::string printable(std::string_view foreign, std::size_t limit = 400);

bool is_valid_utf8(std::string_view text);
// The length of the well-formed UTF-8 sequence (RFC 3629) at the start of `text`, which is not
// empty; 0 if there is none.
std::size_t utf8_sequence(std::string_view text);
// Of a well-formed sequence of that length at the start.
std::uint32_t utf8_code_point(std::string_view text, std::size_t length);

// "1.2 MB", for people; powers of 1000.
std::string human_bytes(std::uint64_t bytes);

}  // namespace sterna
