// SPDX-License-Identifier: Apache-2.0
#include "fold_case.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "case_table.h"
#include "sterna/base/bytes.h"

namespace sterna::maildir {
namespace {

std::uint32_t folded(std::uint32_t code) {
  const auto* const after = std::ranges::upper_bound(kCaseRanges, code, {}, &CaseRange::first);
  if (after == kCaseRanges.begin()) return code;
  const CaseRange& range = *std::prev(after);
  if (code > range.last || (code - range.first) % range.step != 0) return code;
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(code) + range.distance);
}

// The valid UTF-8 sequence of several octets at the start of `text`; "" if there is none.
std::string_view sequence(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const std::string_view octets = text.substr(0, length);
  return octets.size() == length && is_valid_utf8(octets) ? octets : std::string_view();
}

std::uint32_t decoded(std::string_view octets) {
  std::uint32_t code = static_cast<unsigned char>(octets[0]) & (0x7fU >> octets.size());
  for (const char c : octets.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  return code;
}

void append(std::uint32_t code, std::string& out) {
  const auto put = [&out](std::uint32_t octet) { out += static_cast<char>(octet); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

}  // namespace

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view octets = sequence(text);
    if (octets.empty()) {
      out += ascii_lower(text[0]);
      text.remove_prefix(1);
    } else {
      append(folded(decoded(octets)), out);
      text.remove_prefix(octets.size());
    }
  }
  return out;
}

}  // namespace sterna::maildir
