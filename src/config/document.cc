// SPDX-License-Identifier: Apache-2.0
// toml++ in one place: its headers are heavy, and it throws.
#include "document.h"

// toml++ 3.3 asserts, or in a release build lets the compiler assume, that a table's header begins
// with a key, and checks it a line later: `[%]` would end the process. So its assertions are off,
// and NDEBUG, which turns them into assumptions, is hidden from it.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include "scan.h"
#include "sterna/base/bytes.h"
#include "sterna/base/secret.h"

namespace sterna::config {
namespace {

// Ours needs five levels; see scan.cc for the other half of the bound.
constexpr unsigned kDepthMax = 32;

Place place_of(const toml::source_region& source, std::size_t file) {
  return {file, source.begin.line, source.begin.column};
}

struct Source {
  std::size_t file;
  std::optional<Place> too_deep = {};  // the first place of that kind
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
    if (!source.too_deep) source.too_deep = place_of(from.source(), source.file);
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

void wipe_strings(toml::node& node) {
  if (toml::table* table = node.as_table()) {
    for (auto&& [key, value] : *table) wipe_strings(value);
  } else if (toml::array* array = node.as_array()) {
    for (toml::node& item : *array) wipe_strings(item);
  } else if (auto* text = node.as_string()) {
    wipe(text->get());
  }
}

// What the library made of a text, whose strings may be passwords. Where it moved them about
// meanwhile is out of reach.
struct Parsed {
  explicit Parsed(toml::table root) : table(std::move(root)) {}
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;
  ~Parsed() { wipe_strings(table); }

  toml::table table;
};

// The library quotes what it stumbled over, which may be a password that lost its quotes.
void add_syntax_error(const toml::parse_error& error, std::string_view text, std::size_t file,
                      Problems& problems) {
  const Place place = place_of(error.source(), file);
  if (error.description().find("cannot redefine") != std::string_view::npos) {
    problems.add(place, "not valid TOML: what stands here is set twice",
                 "a key may stand once in its section, and a section once in the file");
  } else if (const auto column = column_without_quotes(text, place.line, place.column)) {
    problems.add({file, place.line, *column},
                 "not valid TOML: a value of text must stand in quotes");
  } else if (may_hold_secret(text, place.line)) {
    problems.add(place, "not valid TOML", "what stands there may be a secret and is not shown");
  } else {
    problems.add(place, "not valid TOML: " + printable(error.description()));
  }
}

}  // namespace

std::optional<Node> parse_document(std::string_view text, std::size_t file, Problems& problems) {
  if (const Objection found = first_objection(text); !found.message.empty()) {
    problems.add({file, found.line, found.column}, std::string(found.message),
                 std::string(found.hint));
    return std::nullopt;
  }
  try {
    Source source{file};
    const Parsed parsed(toml::parse(text));
    Node root = convert(parsed.table, source, 0);
    if (!source.too_deep) return root;
    problems.add(*source.too_deep, std::string(kTooDeep));
  } catch (const toml::parse_error& error) {
    add_syntax_error(error, text, file, problems);
  }
  return std::nullopt;
}

}  // namespace sterna::config
