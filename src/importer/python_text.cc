// SPDX-License-Identifier: Apache-2.0
#include "python_text.h"

#include "python_lexer.h"
#include "sterna/base/bytes.h"

namespace sterna::importer {
namespace {

using Item = SimplePattern::Item;

constexpr int kNestingMax = 40;
constexpr std::size_t kItemsMax = 200;
constexpr std::size_t kResultOctetsMax = 4096;

bool is_special(char c) {
  return std::string_view("()[]{}*+?|^$").contains(c);
}

// Without "(a|b)": one alternative. Takes it off `regex`.
std::optional<SimplePattern> read_pattern(std::string_view& regex, bool in_group) {
  SimplePattern pattern;
  if (regex.starts_with('^')) {
    pattern.at_start = true;
    regex.remove_prefix(1);
  }
  while (!regex.empty() && pattern.items.size() < kItemsMax) {
    const char c = regex.front();
    if (in_group && (c == '|' || c == ')')) return pattern;
    if (c == '$') {
      pattern.at_end = true;
      regex.remove_prefix(1);
      if (!regex.empty() && !(in_group && (regex.front() == '|' || regex.front() == ')')))
        return std::nullopt;
      continue;
    }
    Item item{Item::Kind::literal, c};
    regex.remove_prefix(1);
    if (c == '\\') {
      if (regex.empty() || ascii_lower(regex.front()) != ascii_upper(regex.substr(0, 1)).front())
        return std::nullopt;  // a class, such as \w
      item.c = regex.front();
      regex.remove_prefix(1);
    } else if (c == '.') {
      item.kind = Item::Kind::any;
    } else if (is_special(c)) {
      return std::nullopt;
    }
    if (regex.starts_with('*')) {
      item.kind = item.kind == Item::Kind::any ? Item::Kind::anything : Item::Kind::repeated;
      regex.remove_prefix(1);
    }
    pattern.items.push_back(item);
  }
  return regex.empty() || in_group ? std::optional(pattern) : std::nullopt;
}

// The end of the longest match of items from `item` on at `at`, by trying fewer where more does
// not fit. `budget` bounds the trials.
std::optional<std::size_t> match_from(const SimplePattern& pattern, std::size_t item,
                                      std::string_view text, std::size_t at, int& budget) {
  if (--budget < 0) return std::nullopt;
  if (item == pattern.items.size())
    return pattern.at_end && at != text.size() ? std::nullopt : std::optional(at);
  const Item& one = pattern.items[item];
  const auto fits = [&](std::size_t place) {
    if (place >= text.size()) return false;
    const bool literal = one.kind == Item::Kind::literal || one.kind == Item::Kind::repeated;
    return !literal || text[place] == one.c;
  };
  if (one.kind == Item::Kind::literal || one.kind == Item::Kind::any)
    return fits(at) ? match_from(pattern, item + 1, text, at + 1, budget) : std::nullopt;
  std::size_t end = at;
  while (fits(end)) ++end;
  for (;; --end) {
    if (const auto found = match_from(pattern, item + 1, text, end, budget)) return found;
    if (end == at) return std::nullopt;
  }
}

class FilterParser {
 public:
  explicit FilterParser(PythonReader& reader, std::string name)
      : reader_(reader), name_(std::move(name)) {}

  std::optional<FolderFilter> either(int depth) {
    auto left = both(depth);
    while (left && reader_.take("or")) {
      const auto right = both(depth);
      const bool sound = right && left->excluded.empty() && right->excluded.empty() &&
                         !left->included.empty() && !right->included.empty();
      if (!sound) return std::nullopt;
      append(left->included, right->included);
    }
    return left;
  }

 private:
  static void append(std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }

  std::optional<FolderFilter> both(int depth) {
    auto left = negation(depth);
    while (left && reader_.take("and")) {
      const auto right = negation(depth);
      if (!right || (!left->included.empty() && !right->included.empty())) return std::nullopt;
      append(left->included, right->included);
      append(left->excluded, right->excluded);
    }
    return left;
  }

  std::optional<FolderFilter> negation(int depth) {
    if (depth > kNestingMax) return std::nullopt;
    if (!reader_.take("not")) return primary(depth);
    auto inner = negation(depth + 1);
    if (!inner || inner->included.empty() == inner->excluded.empty()) return std::nullopt;
    std::swap(inner->included, inner->excluded);
    return inner;
  }

  static FolderFilter only(std::vector<std::string> patterns, bool excluded) {
    FolderFilter filter;
    (excluded ? filter.excluded : filter.included) = std::move(patterns);
    return filter;
  }

  std::optional<FolderFilter> primary(int depth) {
    if (reader_.take_all({"re", ".", "search", "("})) return regex(false);
    if (reader_.take_all({"re", ".", "match", "("})) return regex(true);
    if (reader_.take("(")) {
      auto inner = either(depth + 1);
      return inner && reader_.take(")") ? inner : std::nullopt;
    }
    if (reader_.take("True")) return FolderFilter();
    if (!reader_.take(name_)) return std::nullopt;
    if (reader_.take("in")) return list(false);
    if (reader_.take_all({"not", "in"})) return list(true);
    const bool equal = reader_.take("==");
    if (equal || reader_.take("!=")) {
      const auto text = reader_.take_text();
      return text ? std::optional(only({*text}, !equal)) : std::nullopt;
    }
    const bool starts = reader_.take_all({".", "startswith", "("});
    if (!starts && !reader_.take_all({".", "endswith", "("})) return std::nullopt;
    const auto text = reader_.take_text();
    if (!text || !reader_.take(")")) return std::nullopt;
    return only({starts ? *text + "*" : "*" + *text}, false);
  }

  std::optional<FolderFilter> list(bool excluded) {
    auto texts = reader_.take_texts();
    if (!texts || texts->empty()) return std::nullopt;
    return only(std::move(*texts), excluded);
  }

  std::optional<FolderFilter> regex(bool at_start) {
    const auto text = reader_.take_text();
    if (!text || !reader_.take_all({",", name_, ")"})) return std::nullopt;
    auto patterns = parse_patterns(*text);
    if (!patterns) return std::nullopt;
    std::vector<std::string> wildcards;
    for (SimplePattern& pattern : *patterns) {
      pattern.at_start = pattern.at_start || at_start;
      wildcards.push_back(pattern.wildcards());
    }
    return only(std::move(wildcards), false);
  }

  PythonReader& reader_;
  std::string name_;
};

}  // namespace

std::optional<std::string> python_string(std::string_view code) {
  const auto tokens = python_tokens(code);
  if (!tokens) return std::nullopt;
  PythonReader reader(*tokens);
  auto text = reader.take_text();
  return reader.at_end() ? text : std::nullopt;
}

std::optional<std::vector<std::string>> python_strings(std::string_view code) {
  const auto tokens = python_tokens(code);
  if (!tokens) return std::nullopt;
  PythonReader reader(*tokens);
  auto texts = reader.take_texts();
  return reader.at_end() ? texts : std::nullopt;
}

std::string SimplePattern::wildcards() const {
  std::string text = at_start ? "" : "*";
  for (const Item& item : items) {
    if (item.kind == Item::Kind::literal) text += item.c;
    if (item.kind != Item::Kind::literal && !text.ends_with('*')) text += '*';
  }
  if (!at_end && !text.ends_with('*')) text += '*';
  return text;
}

std::optional<std::pair<std::size_t, std::size_t>> SimplePattern::find(
    std::string_view text) const {
  int budget = 20'000;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (const auto end = match_from(*this, 0, text, at, budget)) return std::pair(at, *end);
    if (at_start || budget < 0) break;
  }
  return std::nullopt;
}

std::optional<std::vector<SimplePattern>> parse_patterns(std::string_view regex) {
  std::vector<SimplePattern> patterns;
  const bool start = regex.starts_with("^(");
  const bool group = start || regex.starts_with('(');
  if (!group) {
    // Alternatives without a group around them are as good.
    while (patterns.size() < kItemsMax) {
      auto pattern = read_pattern(regex, true);
      if (!pattern) return std::nullopt;
      patterns.push_back(std::move(*pattern));
      if (regex.empty()) return patterns;
      if (!regex.starts_with('|')) return std::nullopt;
      regex.remove_prefix(1);
    }
    return std::nullopt;
  }
  regex.remove_prefix(start ? 2 : 1);
  while (patterns.size() < kItemsMax) {
    auto pattern = read_pattern(regex, true);
    if (!pattern || regex.empty()) return std::nullopt;
    pattern->at_start = pattern->at_start || start;
    patterns.push_back(std::move(*pattern));
    const char c = regex.front();
    regex.remove_prefix(1);
    if (c == '|') continue;
    if (c != ')' || (!regex.empty() && regex != "$")) return std::nullopt;
    for (SimplePattern& one : patterns) one.at_end = one.at_end || regex == "$";
    return patterns;
  }
  return std::nullopt;
}

std::optional<FolderFilter> parse_folder_filter(std::string_view code) {
  const auto tokens = python_tokens(code);
  if (!tokens) return std::nullopt;
  PythonReader reader(*tokens);
  auto name = reader.take_lambda();
  if (!name) return std::nullopt;
  auto filter = FilterParser(reader, *name).either(0);
  return reader.at_end() ? filter : std::nullopt;
}

// ---- nametrans

struct NameTranslation::Node {
  enum class Kind : unsigned char { name, text, sub, replace, get, concat } kind;
  std::string text;                     // text: itself; sub, replace: the replacement
  std::string sought;                   // replace
  std::vector<SimplePattern> patterns;  // sub: any of them
  std::vector<std::pair<std::string, std::string>> dictionary;  // get
  std::vector<std::shared_ptr<const Node>> of;
};

namespace {

using Node = NameTranslation::Node;
using NodePtr = std::shared_ptr<const Node>;

// An unescaped backslash in a replacement would be a reference to a group.
std::optional<std::string> plain_replacement(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.front() == '\\') {
      if (text.size() < 2 || (text[1] != '.' && text[1] != '\\' && text[1] != '/'))
        return std::nullopt;
      text.remove_prefix(1);
    }
    plain += text.front();
    text.remove_prefix(1);
  }
  return plain;
}

class TranslationParser {
 public:
  TranslationParser(PythonReader& reader, std::string name)
      : reader_(reader), name_(std::move(name)) {}

  NodePtr sum(int depth) {
    NodePtr left = postfix(depth);
    while (left && reader_.take("+")) {
      NodePtr right = postfix(depth);
      if (!right) return nullptr;
      left = std::make_shared<Node>(Node{Node::Kind::concat, "", "", {}, {}, {left, right}});
    }
    return left;
  }

  std::vector<std::string> named;
  std::vector<std::string> stripped;

 private:
  NodePtr postfix(int depth) {
    NodePtr node = primary(depth);
    while (node && reader_.take_all({".", "replace", "("})) {
      const auto sought = reader_.take_text();
      if (!sought || sought->empty() || !reader_.take(",")) return nullptr;
      const auto replacement = reader_.take_text();
      if (!replacement || !reader_.take(")")) return nullptr;
      if (replacement->empty()) stripped.push_back(*sought);
      node =
          std::make_shared<Node>(Node{Node::Kind::replace, *replacement, *sought, {}, {}, {node}});
    }
    return node;
  }

  NodePtr primary(int depth) {
    if (depth > kNestingMax) return nullptr;
    if (reader_.take(name_))
      return std::make_shared<Node>(Node{Node::Kind::name, "", "", {}, {}, {}});
    if (auto text = reader_.take_text())
      return std::make_shared<Node>(Node{Node::Kind::text, *text, "", {}, {}, {}});
    if (reader_.take_all({"re", ".", "sub", "("})) return substitution(depth);
    if (reader_.take("{")) return dictionary(depth);
    if (!reader_.take("(")) return nullptr;
    NodePtr inner = sum(depth + 1);
    return inner && reader_.take(")") ? inner : nullptr;
  }

  NodePtr substitution(int depth) {
    const auto regex = reader_.take_text();
    if (!regex || !reader_.take(",")) return nullptr;
    const auto given = reader_.take_text();
    if (!given || !reader_.take(",")) return nullptr;
    NodePtr inner = sum(depth + 1);
    if (!inner || !reader_.take(")")) return nullptr;
    auto patterns = parse_patterns(*regex);
    auto replacement = plain_replacement(*given);
    if (!patterns || !replacement) return nullptr;
    for (const SimplePattern& pattern : *patterns) note_stripped(pattern, *replacement);
    return std::make_shared<Node>(
        Node{Node::Kind::sub, *replacement, "", std::move(*patterns), {}, {inner}});
  }

  void note_stripped(const SimplePattern& pattern, const std::string& replacement) {
    if (!pattern.at_start || pattern.at_end || (!replacement.empty() && replacement != ".")) return;
    std::string literal;
    for (const Item& item : pattern.items) literal += item.kind == Item::Kind::any ? '.' : item.c;
    std::erase(literal, '\0');
    stripped.push_back(literal);
  }

  // {'a': 'b'}.get(x, x)
  NodePtr dictionary(int depth) {
    Node node{Node::Kind::get, "", "", {}, {}, {}};
    while (!reader_.take("}")) {
      const auto key = reader_.take_text();
      if (!key || !reader_.take(":")) return nullptr;
      const auto value = reader_.take_text();
      if (!value || (!reader_.take(",") && !reader_.sees("}"))) return nullptr;
      named.push_back(*key);
      node.dictionary.emplace_back(*key, *value);
    }
    if (!reader_.take_all({".", "get", "("})) return nullptr;
    for (const std::string_view end : {",", ")"}) {
      NodePtr part = sum(depth + 1);
      if (!part || !reader_.take(end)) return nullptr;
      node.of.push_back(std::move(part));
    }
    return std::make_shared<Node>(std::move(node));
  }

  PythonReader& reader_;
  std::string name_;
};

std::string substituted(const Node& node, std::string text) {
  for (const SimplePattern& pattern : node.patterns) {
    const auto found = pattern.find(text);
    if (!found) continue;
    return text.replace(found->first, found->second - found->first, node.text);
  }
  return text;
}

std::string replaced(const Node& node, const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size() && out.size() < kResultOctetsMax;) {
    const bool here = text.compare(at, node.sought.size(), node.sought) == 0;
    out += here ? node.text : std::string(1, text[at]);
    at += here ? node.sought.size() : 1;
  }
  return out;
}

std::string value_of(const Node& node, std::string_view name) {
  std::string value;
  switch (node.kind) {
    case Node::Kind::name:
      value = name;
      break;
    case Node::Kind::text:
      value = node.text;
      break;
    case Node::Kind::sub:
      value = substituted(node, value_of(*node.of[0], name));
      break;
    case Node::Kind::replace:
      value = replaced(node, value_of(*node.of[0], name));
      break;
    case Node::Kind::concat:
      value = value_of(*node.of[0], name) + value_of(*node.of[1], name);
      break;
    case Node::Kind::get: {
      const std::string key = value_of(*node.of[0], name);
      for (const auto& [from, to] : node.dictionary) {
        if (from == key) return to;
      }
      value = value_of(*node.of[1], name);
      break;
    }
  }
  // What a few lines can blow up without end is no name.
  if (value.size() > kResultOctetsMax) value.resize(kResultOctetsMax);
  return value;
}

}  // namespace

std::optional<NameTranslation> NameTranslation::parse(std::string_view code) {
  const auto tokens = python_tokens(code);
  if (!tokens) return std::nullopt;
  PythonReader reader(*tokens);
  const auto name = reader.take_lambda();
  if (!name) return std::nullopt;
  TranslationParser parser(reader, *name);
  NameTranslation translation;
  translation.root_ = parser.sum(0);
  if (!translation.root_ || !reader.at_end()) return std::nullopt;
  translation.named_ = std::move(parser.named);
  translation.stripped_ = std::move(parser.stripped);
  return translation;
}

std::string NameTranslation::apply(std::string_view name) const {
  return value_of(*root_, name);
}

}  // namespace sterna::importer
