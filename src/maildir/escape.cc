// SPDX-License-Identifier: Apache-2.0
#include "escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/base/digest.h"
#include "sterna/model/modified_utf7.h"
#include "text.h"

namespace sterna::maildir {
namespace {

constexpr std::string_view kEmptyComponent = "%00";
constexpr std::size_t kTailOctets = 2 + 16;  // "%~" and the digest
constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";

constexpr std::array<std::string_view, 8> kReserved = {
    "cur",
    "new",
    "tmp",
    "dovecot-keywords",
    "dovecot-keywords.lock",
    "dovecot-uidlist",
    "dovecot-uidlist.lock",
    "maildirfolder",
};

void append_escape(unsigned char octet, std::string& out) {
  if (octet == static_cast<unsigned char>(MailboxName::kEscapedSlash)) octet = '/';
  out += '%';
  out += kUpperHexDigits[octet >> 4];
  out += kUpperHexDigits[octet & 0xf];
}

// The octet that "%XX" at `at` stands for; nullopt if there is no escape that we would write.
std::optional<char> escaped_octet(std::string_view text, std::size_t at) {
  if (text[at] != '%' || at + 2 >= text.size()) return std::nullopt;
  const std::size_t high = kUpperHexDigits.find(text[at + 1]);
  const std::size_t low = kUpperHexDigits.find(text[at + 2]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  const char octet = static_cast<char>(high << 4 | low);
  if (octet == '/') return MailboxName::kEscapedSlash;
  if (octet == '\0' || octet == MailboxName::kEscapedSlash) return std::nullopt;
  return octet;
}

bool needs_escape(LayoutKind kind, std::string_view component, std::size_t at) {
  const auto octet = static_cast<unsigned char>(component[at]);
  if (octet < 0x20 || octet == 0x7f || octet == '%') return true;
  if (octet == '.') return kind == LayoutKind::maildir_plus_plus || at == 0;
  if (kind == LayoutKind::fs || octet < 0x80) return false;
  const ForcedEscape character = character_at(component, at);
  return character.end - character.begin == 1;  // not UTF-8, so modified UTF-7 cannot spell it
}

}  // namespace

ForcedEscape character_at(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && at - begin < 3 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) {
    --begin;
  }
  const std::size_t length = utf8_sequence(text.substr(begin));
  if (length > 0 && begin + length > at) {
    return {.begin = begin, .end = begin + length};
  }
  return {.begin = at, .end = at + 1};
}

std::string escape_component(LayoutKind kind, std::string_view component, ForcedEscape forced) {
  if (component.empty()) return std::string(kEmptyComponent);
  if (kind == LayoutKind::fs && is_reserved_component(component)) forced = {.begin = 0, .end = 1};
  std::string text;
  text.reserve(component.size() + 8);
  for (std::size_t at = 0; at < component.size(); ++at) {
    const bool is_forced = at >= forced.begin && at < forced.end;
    if (is_forced || needs_escape(kind, component, at)) {
      append_escape(static_cast<unsigned char>(component[at]), text);
    } else {
      text += component[at];
    }
  }
  if (kind == LayoutKind::fs) return text;
  auto encoded = modified_utf7_encode(text);
  STERNA_ASSERT(encoded.has_value());
  return *std::move(encoded);
}

std::string unescape_component(LayoutKind kind, std::string_view text) {
  std::optional<std::string> decoded;
  if (kind == LayoutKind::maildir_plus_plus) decoded = modified_utf7_decode(text);
  if (decoded) text = *decoded;
  if (text == kEmptyComponent) return {};
  std::string component;
  component.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto octet = escaped_octet(text, at);
    component += octet.value_or(text[at]);
    if (octet) at += 2;
  }
  return component;
}

bool is_reserved_component(std::string_view component) {
  return std::ranges::find(kReserved, component) != kReserved.end();
}

bool is_reserved_folder(std::string_view folder) {
  return folder == ".sterna" || folder == ".notmuch";
}

std::string cut_with_digest(std::string_view text, std::string_view digested) {
  std::size_t cut = kPathComponentOctetsMax - kTailOctets;
  if (cut < text.size()) {
    cut = character_at(text, cut).begin;
    for (std::size_t back = 1; back <= 2; ++back) {
      if (text[cut - back] == '%') cut -= back;
    }
  }
  const std::string digest = sha256(digested).hex();
  return fmt::format("{}%~{}", text.substr(0, cut), std::string_view(digest).substr(0, 16));
}

std::string shorten(std::string_view component) {
  if (component.size() <= kPathComponentOctetsMax) return std::string(component);
  return cut_with_digest(component, component);
}

bool is_shortened(std::string_view component) {
  if (component.size() <= kTailOctets) return false;
  const std::string_view tail = component.substr(component.size() - kTailOctets);
  return tail.starts_with("%~") && parse_hex64(tail.substr(2)).has_value();
}

}  // namespace sterna::maildir
