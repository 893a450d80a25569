// SPDX-License-Identifier: Apache-2.0
#include "cursor.h"

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::imap {

void Cursor::skip_leading_garbage() {
  while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\0')) ++at_;
}

bool Cursor::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool Cursor::take_after_spaces(char c) {
  skip_spaces();
  return take(c);
}

std::string_view Cursor::take_until(std::string_view ends) {
  const std::size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
  const std::string_view taken = text_.substr(at_, end - at_);
  at_ = end;
  return taken;
}

std::string_view Cursor::take_word() {
  return take_until(" ()");
}

std::optional<std::uint64_t> Cursor::take_number(std::uint64_t max) {
  skip_spaces();
  const char c = peek();
  if (c == '(' || c == '"' || c == '{') {
    skip_value();
    return std::nullopt;
  }
  return parse_number(take_word(), max);
}

bool Cursor::skip_quoted() {
  std::size_t at = at_ + 1;
  while (at < text_.size() && text_[at] != '"') at += text_[at] == '\\' ? 2 : 1;
  if (at >= text_.size()) return false;
  at_ = at + 1;
  return true;
}

std::optional<std::string> Cursor::take_string() {
  skip_spaces();
  if (peek() != '"') {
    const auto index = take_literal();
    if (!index || literals_[*index].place != FrameLiteral::Place::gathered) return std::nullopt;
    return std::string(text_.substr(literals_[*index].data, literals_[*index].size));
  }
  const std::size_t begin = at_ + 1;
  if (!skip_quoted()) return std::nullopt;
  std::string value(text_.substr(begin, at_ - 1 - begin));
  if (value.find('\\') == std::string::npos) return value;
  std::string unescaped;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\') ++i;  // skip_quoted() saw to it that an octet follows
    unescaped += value[i];
  }
  return unescaped;
}

std::optional<std::string> Cursor::take_astring() {
  skip_spaces();
  if (peek() == '"') return take_string();
  const std::size_t before = at_;
  if (const auto index = take_literal()) {
    at_ = before;
    return take_string();
  }
  const std::string_view word = take_word();
  if (word.empty()) return std::nullopt;
  return std::string(word);
}

bool Cursor::take_nil() {
  skip_spaces();
  const std::size_t before = at_;
  if (ascii_iequals(take_word(), "NIL")) return true;
  at_ = before;
  return false;
}

std::optional<std::string> Cursor::take_nstring() {
  if (take_nil()) return std::string();
  return take_string();
}

std::optional<std::size_t> Cursor::take_literal() {
  skip_spaces();
  const std::size_t marker = at_ + (peek() == '~' ? 1 : 0);
  const auto found = std::ranges::lower_bound(literals_, marker, {}, &FrameLiteral::marker);
  if (found == literals_.end() || found->marker != marker) return std::nullopt;
  const bool here = found->place == FrameLiteral::Place::gathered;
  // Up to the text's end: of a literal that has only been announced nothing is there yet.
  at_ = std::min(found->data + (here ? static_cast<std::size_t>(found->size) : 0), text_.size());
  return static_cast<std::size_t>(found - literals_.begin());
}

bool Cursor::skip_value() {
  std::size_t depth = 0;
  do {
    skip_spaces();
    if (at_end()) return false;
    if (take('(')) {
      ++depth;
    } else if (peek() == ')') {
      if (depth == 0) return false;
      ++at_;
      --depth;
    } else if (peek() == '"') {
      if (!skip_quoted()) return false;
    } else if (!take_literal()) {
      take_until(" ()\"");
    }
  } while (depth > 0);
  return true;
}

}  // namespace sterna::imap
