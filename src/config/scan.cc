// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sterna/base/bytes.h"

namespace sterna::config {
namespace {

// The library parses and frees nested tables by recursion, so the depth is bounded before it sees
// the text: the dots of a line's keys, times its own limit on brackets. Ours needs five levels.
constexpr unsigned kKeyDotsMax = 16;

// TOML 1.0 allows no others; toml++ 3.3 has undefined behaviour for some of them.
constexpr std::string_view kNotAscii =
    "not valid TOML: outside strings and comments, only ASCII characters may stand";
constexpr std::string_view kNotAsciiAfterBackslash =
    "not valid TOML here: after a backslash, and at the begin of a line that continues one which "
    "ends in a backslash, only ASCII characters may stand";
constexpr std::string_view kUnicodeEscape = "write the character as \\uXXXX";
constexpr std::string_view kStraightQuotes = "text stands in straight quotes, \" or '";

// What word processors and web pages make of quotes.
constexpr std::array<std::string_view, 10> kTypographicQuotes = {
    "\u2018", "\u2019", "\u201a", "\u201b", "\u201c",
    "\u201d", "\u201e", "\u201f", "\u00ab", "\u00bb"};

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  Objection first_objection() {
    while (!text_.empty()) {
      if (text_[0] == '#') {
        pass(std::min(text_.find('\n'), text_.size()));
      } else if (at_string()) {
        last_ = text_[0];
        if (const Objection found = pass_string(text_[0]); !found.message.empty()) return found;
      } else if (at_not_ascii()) {
        const bool quote = std::ranges::any_of(
            kTypographicQuotes, [this](std::string_view mark) { return text_.starts_with(mark); });
        return {line_, column_, kNotAscii, quote ? kStraightQuotes : std::string_view()};
      } else if (text_[0] == '.' && ++dots_ > kKeyDotsMax) {
        return {line_, column_, kTooDeep, {}};
      } else {
        take_in(text_[0]);
        pass(1);
      }
    }
    return {};
  }

 private:
  // Quotes elsewhere begin no string: the library reads `0"""` as a number that goes on.
  bool at_string() const {
    if (text_[0] != '"' && text_[0] != '\'') return false;
    return last_ == '.' ? in_key_ : may_begin_value();
  }

  bool may_begin_value() const { return std::string_view("\n=[{,").contains(last_); }

  void take_in(char c) {
    if (c == '\n' && open_.empty()) in_key_ = true;
    if (in_key_ && c == '=') {
      in_key_ = false;
    } else if ((!in_key_ || c == '}') && !take_in_of_value(c)) {
      return;
    }
    if (c != ' ' && c != '\t' && c != '\r') last_ = c;
  }

  // False within a number or a word, where brackets open nothing and nothing is set: the library
  // reads on.
  bool take_in_of_value(char c) {
    if (c == '[' || c == '{') {
      if (!may_begin_value()) return false;
      open_ += c;
    } else if ((c == ']' || c == '}') && !open_.empty()) {
      open_.pop_back();
    }
    in_key_ = c == '{' || (c == ',' && open_.ends_with('{'));
    return c != '=';
  }

  bool at_not_ascii() const {
    return !text_.empty() && static_cast<unsigned char>(text_[0]) >= 0x80;
  }

  void pass(std::size_t octets) {
    for (const char c : text_.substr(0, octets)) {
      if (c == '\n') {
        ++line_;
        column_ = 1;
        dots_ = 0;
      } else if (begins_character(c)) {
        ++column_;
      }
    }
    text_.remove_prefix(octets);
  }

  Objection pass_string(char quote) {
    const std::string three(3, quote);
    const bool multi_line = text_.starts_with(three);
    const std::string_view end = std::string_view(three).substr(0, multi_line ? 3 : 1);
    pass(end.size());
    while (!text_.empty() && !text_.starts_with(end)) {
      if (text_[0] == '\n' && !multi_line) return {};  // unterminated; the parser says so
      const bool escape = quote == '"' && text_[0] == '\\';
      pass(1);
      if (escape && !pass_escaped(multi_line)) {
        return {line_, column_, kNotAsciiAfterBackslash, kUnicodeEscape};
      }
    }
    pass(std::min(end.size(), text_.size()));
    // Up to two quotes may stand before those that end a multi-line string.
    for (int more = 0; multi_line && more < 2 && text_.starts_with(quote); ++more) pass(1);
    return {};
  }

  // What a backslash takes: a character, or, in a string of many lines, the end of its line and all
  // white space up to the next character. False if the library's undefined behaviour is near.
  bool pass_escaped(bool multi_line) {
    constexpr std::string_view kSpace = " \t\r\n";
    if (multi_line && !text_.empty() && kSpace.contains(text_[0])) {
      pass(std::min(text_.find_first_not_of(kSpace), text_.size()));
      return !at_not_ascii();
    }
    if (at_not_ascii()) return false;
    if (!text_.starts_with('\n')) pass(std::min<std::size_t>(1, text_.size()));
    return true;
  }

  std::string_view text_;
  unsigned line_ = 1;
  unsigned column_ = 1;
  unsigned dots_ = 0;
  char last_ = '\n';  // that is no white space, a comment apart
  bool in_key_ = true;
  std::string open_;  // the brackets of the value around
};

// The octets of `line` before the character at `column`.
std::size_t octets_before(std::string_view line, unsigned column) {
  std::size_t at = 0;
  for (unsigned characters = 0; at < line.size(); ++at) {
    if (begins_character(line[at]) && ++characters == column) break;
  }
  return at;
}

// Where the value begins that the octet `at` is in; nullopt within a string, a comment or a key.
std::optional<std::size_t> begin_of_value(std::string_view line, std::size_t at) {
  std::optional<std::size_t> begin;
  std::string open;  // the brackets around
  char quote = 0;
  for (std::size_t i = 0; i < std::min(at, line.size()); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      return std::nullopt;
    } else if (c == '=') {
      begin = i + 1;
    } else if (c == '[' || c == '{' || c == ',') {
      if (c != ',') open += c;
      begin = open.ends_with('[') ? std::optional(i + 1) : std::nullopt;
    } else if ((c == ']' || c == '}') && !open.empty()) {
      open.pop_back();
    }
  }
  if (quote != 0 || !begin) return std::nullopt;
  return std::min(line.find_first_not_of(" \t", *begin), line.size());
}

// A number, a date, a boolean, or an attempt at one.
bool is_bare_value(std::string_view word) {
  constexpr std::string_view kOfNumbersAndDates = "0123456789+-_.:eETtZz ";
  constexpr std::array<std::string_view, 4> kWords = {"true", "false", "inf", "nan"};
  if (word.starts_with("0x") || word.starts_with("0o") || word.starts_with("0b")) return true;
  if (std::ranges::any_of(kWords, [word](auto known) { return ascii_iequals(word, known); })) {
    return true;
  }
  const bool begins_as_one = std::string_view("0123456789+-").contains(word[0]);
  return begins_as_one && word.find_first_not_of(kOfNumbersAndDates) == std::string_view::npos;
}

bool is_of_a_bare_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == ' ' || c == '\t';
}

// Whether a line begins a table or a key's value, so that nothing before it belongs to it.
bool begins_something(std::string_view line) {
  line = trim(line);
  if (line.starts_with('[')) return true;
  const std::size_t equals = line.find('=');
  return equals != std::string_view::npos &&
         std::ranges::all_of(line.substr(0, equals), is_of_a_bare_key);
}

}  // namespace

Objection first_objection(std::string_view text) {
  return Scan(text).first_objection();
}

std::optional<unsigned> column_without_quotes(std::string_view text, unsigned line,
                                              unsigned column) {
  const std::vector<std::string_view> lines = split(text, '\n');
  if (line < 1 || line > lines.size()) return std::nullopt;
  const std::string_view whole = lines[line - 1];
  if (trim(whole).starts_with('[')) return std::nullopt;  // a table's name
  const auto begin = begin_of_value(whole, octets_before(whole, column));
  if (!begin) return std::nullopt;
  const std::string_view rest = whole.substr(*begin);
  const std::string_view word = trim(rest.substr(0, rest.find_first_of(",]}#")));
  if (word.empty() || std::string_view("\"'[{").contains(word[0]) || is_bare_value(word)) {
    return std::nullopt;
  }
  const auto before = std::ranges::count_if(whole.substr(0, *begin), begins_character);
  return static_cast<unsigned>(before) + 1;
}

bool may_hold_secret(std::string_view text, unsigned line) {
  const std::vector<std::string_view> lines = split(text, '\n');
  for (std::size_t i = std::min<std::size_t>(line, lines.size()); i > 0; --i) {
    const std::string lower = ascii_lower(lines[i - 1]);
    if (lower.contains("password") || lower.contains("secret")) return true;
    if (begins_something(lower)) return false;
  }
  return false;
}

}  // namespace sterna::config
