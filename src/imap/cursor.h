// SPDX-License-Identifier: Apache-2.0
// Cursor: walks over the text of a frame. Each take_ moves on only past what it accepted; nothing
// recurses, and every loop over it ends because it only moves forward.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sterna/imap/framer.h"

namespace sterna::imap {

class Cursor {
 public:
  explicit Cursor(const Frame& frame) : text_(frame.text), literals_(frame.literals) {}
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  std::string_view rest() const { return text_.substr(at_); }
  void skip_spaces() {
    while (!at_end() && text_[at_] == ' ') ++at_;
  }
  // NUL and spaces, which some servers send before a response.
  void skip_leading_garbage();
  bool take(char c);
  // After spaces, which are taken too.
  bool take_after_spaces(char c);

  // Up to a space, a parenthesis or the end; may be empty.
  std::string_view take_word();
  // Up to one of `ends` or the end; may be empty.
  std::string_view take_until(std::string_view ends);
  // A word that is a number up to `max`. The word is taken even if it is none, and where another
  // kind of value stands, that is taken and is none.
  std::optional<std::uint64_t> take_number(std::uint64_t max);

  // A quoted string or a gathered literal.
  std::optional<std::string> take_string();
  // A string, or a word that is not empty (in which NIL has no meaning).
  std::optional<std::string> take_astring();
  // A string; "" for NIL; nullopt for anything else.
  std::optional<std::string> take_nstring();
  bool take_nil();
  // The literal that begins here, gathered or not, with "~" before it or not; its index in the
  // frame.
  std::optional<std::size_t> take_literal();
  const FrameLiteral& literal(std::size_t index) const { return literals_[index]; }

  // Any value: string, word, or parenthesised list of any depth. False if there is
  // none or it does not end.
  bool skip_value();

 private:
  bool skip_quoted();

  std::string_view text_;
  std::span<const FrameLiteral> literals_;
  std::size_t at_ = 0;
};

}  // namespace sterna::imap
