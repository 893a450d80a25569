// SPDX-License-Identifier: Apache-2.0
// Words, strings and signs of a Python expression.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::importer {

struct PythonToken {
  enum class Kind : std::uint8_t { name, text, sign } kind;
  std::string text;  // of a string: its value
  bool operator==(const PythonToken&) const = default;
};

inline constexpr std::size_t kPythonTokensMax = 4'000;

// nullopt for what is no expression of these, and for f-strings and bytes.
std::optional<std::vector<PythonToken>> python_tokens(std::string_view code);

// Reads tokens one by one; at the end it stays there.
class PythonReader {
 public:
  explicit PythonReader(const std::vector<PythonToken>& tokens) : tokens_(tokens) {}

  bool at_end() const { return at_ == tokens_.size(); }
  bool sees(std::string_view text) const {
    return !at_end() && tokens_[at_].kind != PythonToken::Kind::text && tokens_[at_].text == text;
  }
  bool take(std::string_view text) {
    if (!sees(text)) return false;
    ++at_;
    return true;
  }
  // All of these in a row, or none.
  bool take_all(std::initializer_list<std::string_view> texts) {
    const std::size_t before = at_;
    for (const std::string_view text : texts) {
      if (take(text)) continue;
      at_ = before;
      return false;
    }
    return true;
  }
  std::optional<std::string> take_name();
  std::optional<std::string> take_text();  // strings behind one another are one
  // "lambda x:"; the name of x.
  std::optional<std::string> take_lambda();
  // ['a', 'b',] or ('a', 'b')
  std::optional<std::vector<std::string>> take_texts();

 private:
  const std::vector<PythonToken>& tokens_;
  std::size_t at_ = 0;
};

}  // namespace sterna::importer
