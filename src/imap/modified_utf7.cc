// SPDX-License-Identifier: Apache-2.0
// Modified UTF-7 (RFC 3501 section 5.1.3, RFC 2152): printable ASCII stands for itself, "&" is
// "&-", and everything else is UTF-16, big-endian, in base64 with "," for "/" and without padding.
#include <algorithm>
#include <cstdint>

#include "sterna/base/bytes.h"
#include "sterna/imap/mailbox_codec.h"

namespace sterna::imap {
namespace {

bool is_direct(unsigned char c) {
  return c >= 0x20 && c <= 0x7e;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto add = [&out](std::uint32_t octet) { out += static_cast<char>(octet); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xc0 | point >> 6);
    add(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    add(0xe0 | point >> 12);
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  } else {
    add(0xf0 | point >> 18);
    add(0x80 | (point >> 12 & 0x3f));
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  }
}

// The code point at the front of well-formed UTF-8, which is taken away.
std::uint32_t take_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  std::uint32_t point = length == 1 ? lead : lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  text.remove_prefix(length);
  return point;
}

void append_utf16(std::string& out, std::uint32_t point) {
  const auto unit = [&out](std::uint32_t value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value & 0xff);
  };
  if (point < 0x10000) {
    unit(point);
  } else {
    unit(0xd800 + ((point - 0x10000) >> 10));
    unit(0xdc00 + ((point - 0x10000) & 0x3ff));
  }
}

std::string encode_shift(std::string_view utf16) {
  std::string text = base64_encode(utf16);
  text.erase(std::min(text.find('='), text.size()));
  std::ranges::replace(text, '/', ',');
  return "&" + text + "-";
}

// The UTF-16 of a shift (what stands between "&" and "-") as UTF-8.
bool decode_shift(std::string_view shift, std::string& out) {
  std::string base64(shift);
  if (base64.find_first_of("/=") != std::string::npos) return false;
  std::ranges::replace(base64, ',', '/');
  base64.resize((base64.size() + 3) / 4 * 4, '=');
  const auto utf16 = base64_decode(base64);
  if (!utf16 || utf16->empty() || utf16->size() % 2 != 0) return false;
  const auto unit = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>((*utf16)[at])) << 8 |
           static_cast<unsigned char>((*utf16)[at + 1]);
  };
  for (std::size_t at = 0; at < utf16->size(); at += 2) {
    std::uint32_t point = unit(at);
    if (point >= 0xd800 && point < 0xdc00 && at + 2 < utf16->size()) {
      const std::uint32_t low = unit(at + 2);
      if (low < 0xdc00 || low > 0xdfff) return false;
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      at += 2;
    } else if (point >= 0xd800 && point <= 0xdfff) {
      return false;
    }
    append_utf8(out, point);
  }
  return true;
}

}  // namespace

std::optional<std::string> encode_modified_utf7(std::string_view utf8) {
  if (!is_valid_utf8(utf8)) return std::nullopt;
  std::string out;
  std::string utf16;
  while (!utf8.empty()) {
    const bool direct = is_direct(static_cast<unsigned char>(utf8[0]));
    if (direct && !utf16.empty()) {
      out += encode_shift(utf16);
      utf16.clear();
    }
    if (direct) {
      out += utf8[0] == '&' ? "&-" : std::string(1, utf8[0]);
      utf8.remove_prefix(1);
    } else {
      append_utf16(utf16, take_point(utf8));
    }
  }
  if (!utf16.empty()) out += encode_shift(utf16);
  return out;
}

std::optional<std::string> decode_modified_utf7(std::string_view text) {
  const std::string_view whole = text;
  std::string out;
  while (!text.empty()) {
    if (!is_direct(static_cast<unsigned char>(text[0]))) return std::nullopt;
    if (text[0] != '&') {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = text.find('-');
    if (end == std::string_view::npos) return std::nullopt;
    if (end == 1) {
      out += '&';
    } else if (!decode_shift(text.substr(1, end - 1), out)) {
      return std::nullopt;
    }
    text.remove_prefix(end + 1);
  }
  // What does not come back the same was not canonical: shifts of ASCII, or two in a row.
  if (encode_modified_utf7(out) != whole) return std::nullopt;
  return out;
}

}  // namespace sterna::imap
