// SPDX-License-Identifier: Apache-2.0
// toml++ in one place: its headers are heavy, and it throws.
#include "document.h"

#include <fmt/format.h>

// toml++ 3.3 asserts, or in a release build lets the compiler assume, that a table's header begins
// with a key, and checks it a line later: `[%]` would end the process. So its assertions are off,
// and NDEBUG, which turns them into assumptions, is hidden from it.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::config {
namespace {

// The library parses and frees nested tables by recursion, so the depth is bounded before it sees
// the text: the dots of a line's keys, times its own limit on brackets. Ours needs five levels.
constexpr unsigned kKeyDotsMax = 16;
constexpr unsigned kDepthMax = 32;

// What the library is not to see, and where; line 0 if there is nothing.
struct Objection {
  unsigned line = 0;
  std::string_view text;
};

constexpr std::string_view kTooDeep = "tables nest too deeply";
// TOML 1.0 allows no others; toml++ 3.3 has undefined behaviour for some of them.
constexpr std::string_view kNotAscii =
    "not valid TOML: outside strings and comments, only ASCII characters may stand";

// Looks for keys of more than kKeyDotsMax dots, and for characters beyond ASCII, outside strings
// and comments.
class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  Objection first_objection() {
    while (!text_.empty()) {
      if (text_[0] == '#') {
        text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
      } else if (text_[0] == '"' || text_[0] == '\'') {
        skip_string(text_[0]);
      } else if (static_cast<unsigned char>(text_[0]) >= 0x80) {
        return {line_, kNotAscii};
      } else if (!step()) {
        return {line_, kTooDeep};
      }
    }
    return {};
  }

 private:
  bool step() {
    if (text_[0] == '\n') {
      ++line_;
      dots_ = 0;
    } else if (text_[0] == '.' && ++dots_ > kKeyDotsMax) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }

  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool multi_line = text_.starts_with(three);
    const std::string_view end = std::string_view(three).substr(0, multi_line ? 3 : 1);
    text_.remove_prefix(end.size());
    while (!text_.empty() && !text_.starts_with(end)) {
      if (text_[0] == '\n' && !multi_line) return;  // unterminated; the parser says so
      if (text_[0] == '\n') ++line_;
      const bool escape = quote == '"' && text_[0] == '\\' && text_.size() > 1;
      text_.remove_prefix(escape && text_[1] != '\n' ? 2 : 1);
    }
    text_.remove_prefix(std::min(end.size(), text_.size()));
  }

  std::string_view text_;
  unsigned line_ = 1;
  unsigned dots_ = 0;
};

Place place_of(const toml::source_region& source, std::size_t file) {
  return {file, source.begin.line, source.begin.column};
}

struct Source {
  std::size_t file;
  bool too_deep = false;
};

Node convert(const toml::node& from, Source& source, unsigned depth);

Node convert_table(const toml::table& from, Source& source, unsigned depth) {
  Node node;
  for (const auto& [key, value] : from) {
    node.members.push_back({std::string(key.str()), place_of(key.source(), source.file),
                            convert(value, source, depth)});
  }
  return node;
}

Node convert_array(const toml::array& from, Source& source, unsigned depth) {
  Node node;
  node.kind = Node::Kind::array;
  for (const toml::node& item : from) node.items.push_back(convert(item, source, depth));
  return node;
}

Node convert_value(const toml::node& from) {
  Node node;
  if (const auto* text = from.as_string()) {
    node.kind = Node::Kind::string;
    node.text = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.kind = Node::Kind::integer;
    node.integer = integer->get();
  } else if (const auto* real = from.as_floating_point()) {
    node.kind = Node::Kind::real;
    node.real = real->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.kind = Node::Kind::boolean;
    node.boolean = boolean->get();
  } else {
    node.kind = Node::Kind::time;
  }
  return node;
}

Node convert(const toml::node& from, Source& source, unsigned depth) {
  Node node;
  if (depth > kDepthMax) {
    source.too_deep = true;
  } else if (const toml::table* table = from.as_table()) {
    node = convert_table(*table, source, depth + 1);
  } else if (const toml::array* array = from.as_array()) {
    node = convert_array(*array, source, depth + 1);
  } else {
    node = convert_value(from);
  }
  node.place = place_of(from.source(), source.file);
  return node;
}

std::string_view line_of(std::string_view text, unsigned line) {
  const std::vector<std::string_view> lines = split(text, '\n');
  return line >= 1 && line <= lines.size() ? lines[line - 1] : std::string_view();
}

}  // namespace

std::optional<Node> parse_document(std::string_view text, std::size_t file, Problems& problems) {
  if (const Objection objection = Scan(text).first_objection(); objection.line != 0) {
    problems.add({file, objection.line, 1}, std::string(objection.text));
    return std::nullopt;
  }
  try {
    Source source{file};
    Node root = convert(toml::parse(text), source, 0);
    if (!source.too_deep) return root;
    problems.add({file, 0, 0}, std::string(kTooDeep));
  } catch (const toml::parse_error& error) {
    const Place place = place_of(error.source(), file);
    // The library quotes what it stumbled over, which may be a password that lost its quotes.
    const std::string line = ascii_lower(line_of(text, place.line));
    const bool may_be_secret = line.contains("password") || line.contains("secret");
    problems.add(place, may_be_secret ? std::string("not valid TOML")
                                      : "not valid TOML: " + printable(error.description()));
  }
  return std::nullopt;
}

}  // namespace sterna::config
