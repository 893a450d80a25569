// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/modified_utf7.h"

#include <array>
#include <cstdint>
#include <utility>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

bool is_direct(std::uint32_t code) {
  return code >= 0x20 && code <= 0x7e;
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto put = [&](std::uint32_t octet) { out += static_cast<char>(octet); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// The shifted part of a name: UTF-16 units, six bits a character, without padding.
class Shift {
 public:
  explicit Shift(std::string& out) : out_(out) {}

  void put(std::uint32_t code) {
    if (code < 0x10000) return put_unit(code);
    put_unit(0xd800 + ((code - 0x10000) >> 10));
    put_unit(0xdc00 + ((code - 0x10000) & 0x3ff));
  }

  void close() {
    if (!open_) return;
    if (bit_count_ > 0) out_ += kAlphabet[(bits_ << (6 - bit_count_)) & 0x3f];
    out_ += '-';
    bits_ = 0;
    bit_count_ = 0;
    open_ = false;
  }

 private:
  void put_unit(std::uint32_t unit) {
    if (!open_) out_ += '&';
    open_ = true;
    bits_ = (bits_ << 16) | unit;
    bit_count_ += 16;
    for (; bit_count_ >= 6; bit_count_ -= 6) out_ += kAlphabet[(bits_ >> (bit_count_ - 6)) & 0x3f];
    bits_ &= 0x3f;
  }

  std::string& out_;
  std::uint32_t bits_ = 0;
  unsigned bit_count_ = 0;
  bool open_ = false;
};

// Decodes the base64 of one shift into UTF-8. Only the pairs of surrogates are judged here; that
// the spelling is the one of the encoder is seen by encoding again.
bool decode_shift(std::string_view base64, std::string& out) {
  std::uint32_t bits = 0;
  unsigned bit_count = 0;
  std::uint32_t high = 0;
  for (const char c : base64) {
    const std::int8_t value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    bit_count += 6;
    if (bit_count < 16) continue;
    bit_count -= 16;
    const std::uint32_t unit = (bits >> bit_count) & 0xffff;
    const bool is_high = unit >= 0xd800 && unit < 0xdc00;
    const bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if ((high != 0) != is_low) return false;
    if (is_high) {
      high = unit;
      continue;
    }
    append_utf8(is_low ? 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00) : unit, out);
    high = 0;
  }
  return high == 0;
}

}  // namespace

std::optional<std::string> modified_utf7_encode(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  Shift shift(out);
  while (!utf8.empty()) {
    const std::size_t length = utf8_sequence(utf8);
    if (length == 0) return std::nullopt;
    const std::uint32_t code = utf8_code_point(utf8, length);
    utf8.remove_prefix(length);
    if (!is_direct(code)) {
      shift.put(code);
      continue;
    }
    shift.close();
    out += static_cast<char>(code);
    if (code == '&') out += '-';
  }
  shift.close();
  return out;
}

std::optional<std::string> modified_utf7_decode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (!is_direct(static_cast<unsigned char>(c))) return std::nullopt;
    if (c != '&') {
      out += c;
      ++at;
      continue;
    }
    const std::size_t end = text.find('-', at + 1);
    if (end == std::string_view::npos) return std::nullopt;
    if (end == at + 1) out += '&';
    if (!decode_shift(text.substr(at + 1, end - at - 1), out)) return std::nullopt;
    at = end + 1;
  }
  if (modified_utf7_encode(out) != text) return std::nullopt;
  return out;
}

}  // namespace sterna
