// SPDX-License-Identifier: Apache-2.0
#include "python_lexer.h"

#include "sterna/base/bytes.h"

namespace sterna::importer {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// At a quotation mark. Takes the literal off `code`.
std::optional<std::string> read_string(std::string_view& code, bool raw) {
  const char quote = code.front();
  const std::string thrice(3, quote);
  const std::string end = code.starts_with(thrice) ? thrice : std::string(1, quote);
  code.remove_prefix(end.size());
  std::string text;
  while (!code.starts_with(end)) {
    if (code.empty()) return std::nullopt;
    if (code.front() != '\\' || code.size() < 2) {
      text += code.front();
      code.remove_prefix(1);
      continue;
    }
    const char next = code[1];
    code.remove_prefix(2);
    const bool itself = next == '\\' || next == '\'' || next == '"';
    if (raw || !itself) {
      // Python leaves a backslash that escapes nothing.
      if (!raw && next == 'n') {
        text += '\n';
        continue;
      }
      if (!raw && (next == 'x' || next == 'u' || next == 't')) return std::nullopt;
      text += '\\';
    }
    text += next;
  }
  code.remove_prefix(end.size());
  return text;
}

}  // namespace

std::optional<std::vector<PythonToken>> python_tokens(std::string_view code) {
  std::vector<PythonToken> tokens;
  while (!code.empty()) {
    if (tokens.size() > kPythonTokensMax) return std::nullopt;
    const char c = code.front();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\') {
      code.remove_prefix(1);
      continue;
    }
    if (c == '\'' || c == '"') {
      auto text = read_string(code, false);
      if (!text) return std::nullopt;
      tokens.push_back({PythonToken::Kind::text, std::move(*text)});
      continue;
    }
    std::size_t length = 0;
    while (length < code.size() && is_word(code[length])) ++length;
    if (length == 0) {
      const bool pair = code.starts_with("==") || code.starts_with("!=");
      tokens.push_back({PythonToken::Kind::sign, std::string(code.substr(0, pair ? 2 : 1))});
      code.remove_prefix(pair ? 2 : 1);
      continue;
    }
    const std::string word(code.substr(0, length));
    code.remove_prefix(length);
    if (code.empty() || (code.front() != '\'' && code.front() != '"')) {
      tokens.push_back({PythonToken::Kind::name, word});
      continue;
    }
    const std::string prefix = ascii_lower(word);
    if (prefix != "r" && prefix != "u") return std::nullopt;
    auto text = read_string(code, prefix == "r");
    if (!text) return std::nullopt;
    tokens.push_back({PythonToken::Kind::text, std::move(*text)});
  }
  return tokens;
}

std::optional<std::string> PythonReader::take_name() {
  if (at_end() || tokens_[at_].kind != PythonToken::Kind::name) return std::nullopt;
  return tokens_[at_++].text;
}

std::optional<std::string> PythonReader::take_text() {
  if (at_end() || tokens_[at_].kind != PythonToken::Kind::text) return std::nullopt;
  std::string text;
  while (!at_end() && tokens_[at_].kind == PythonToken::Kind::text) text += tokens_[at_++].text;
  return text;
}

std::optional<std::string> PythonReader::take_lambda() {
  if (!take("lambda")) return std::nullopt;
  auto name = take_name();
  if (!name || !take(":")) return std::nullopt;
  return name;
}

std::optional<std::vector<std::string>> PythonReader::take_texts() {
  const bool square = take("[");
  if (!square && !take("(")) return std::nullopt;
  const std::string_view end = square ? "]" : ")";
  std::vector<std::string> texts;
  while (!take(end)) {
    auto text = take_text();
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
    if (!take(",") && !sees(end)) return std::nullopt;
  }
  return texts;
}

}  // namespace sterna::importer
