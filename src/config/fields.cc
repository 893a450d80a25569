// SPDX-License-Identifier: Apache-2.0
#include "fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::config {
namespace {

constexpr std::int64_t kSecondsMax = std::int64_t{100} * 365 * 24 * 60 * 60;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
bool has_control(std::string_view text) {
  return std::ranges::any_of(text, is_control);
}

bool is_no_size(std::string_view text) {
  return text == "0" || text == "0K" || text == "0M" || text == "0G";
}

// Whether a value of the right kind is the default of a key that can only be off.
bool is_off(const Key& key, const Node& value) {
  if (value.is(Node::Kind::integer)) return value.integer == 0;
  if (key.measure == Measure::size) return is_no_size(value.text);
  const auto duration = parse_duration(value.text);
  return duration && duration->count() == 0;
}

// Why the value of a key that is known cannot stand; nullopt if it can. A hint, empty if none.
std::optional<std::string> hint_for_unsupported(const Key& key, const Node& value) {
  if (key.support == Support::yes) return std::nullopt;
  const bool counts = key.measure == Measure::none;
  const Node::Kind kind = counts ? Node::Kind::integer : Node::Kind::string;
  if (!value.is(kind)) {
    return fmt::format("it takes {}, and in this version only {}", describe(kind), key.fallback);
  }
  return is_off(key, value) ? std::nullopt : std::optional<std::string>("");
}

// `"a", "b" or "c"`
std::string alternatives(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += fmt::format("\"{}\"", words[i]);
  }
  return text;
}

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  using namespace std::chrono_literals;
  if (text == "0") return 0s;
  if (text.empty()) return std::nullopt;
  std::int64_t unit = 0;
  switch (text.back()) {
    case 's':
      unit = 1;
      break;
    case 'm':
      unit = 60;
      break;
    case 'h':
      unit = 60 * 60;
      break;
    case 'd':
      unit = 24 * 60 * 60;
      break;
    default:
      return std::nullopt;
  }
  const auto count =
      parse_number(text.substr(0, text.size() - 1), static_cast<std::uint64_t>(kSecondsMax / unit));
  if (!count) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(*count) * unit);
}

std::optional<std::string> flaw_of_mailbox_name(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (has_control(text)) return "it holds a control character";
  const std::vector<std::string_view> components = split(text, '/');
  if (std::ranges::find(components, std::string_view()) != components.end()) {
    return "it has an empty component";
  }
  return std::nullopt;
}

std::optional<std::string> expand_path(std::string_view text, std::string_view home,
                                       std::string_view base) {
  std::string whole(text);
  if (text == "~" || text.starts_with("~/")) {
    if (home.empty()) return std::nullopt;
    whole = std::string(home) + "/" + std::string(text.substr(1));
  } else if (text.starts_with('~')) {
    return std::nullopt;
  } else if (!text.starts_with('/')) {
    whole = std::string(base) + "/" + std::string(text);
  }
  std::string path;
  for (const std::string_view component : split(whole, '/')) {
    if (component.empty() || component == ".") continue;
    path += '/';
    path += component;
  }
  return path.empty() ? "/" : path;
}

Fields::Fields(const Node& table, Section section, std::string_view prefix, std::string_view home,
               Problems& problems)
    : table_(&table), section_(section), prefix_(prefix), home_(home), problems_(&problems) {}

std::string Fields::quoted(std::string_view key) const {
  return fmt::format("`{}{}`", prefix_, printable(key, 80));
}

void Fields::check_keys() const {
  for (const Member& member : table_->members) {
    const Key* key = find_key(section_, member.key);
    if (key == nullptr) {
      problems_->add(member.place, "unknown key " + quoted(member.key),
                     hint_for_unknown(section_, member.key));
    } else if (const auto hint = hint_for_unsupported(*key, member.value)) {
      problems_->add(member.place,
                     quoted(member.key) + " is not supported by this version of Sterna", *hint);
    }
  }
}

const Node* Fields::find(std::string_view key) const {
  const Member* member = table_->find(key);
  return member == nullptr ? nullptr : &member->value;
}

bool Fields::refused(std::string_view key) const {
  const Node* node = find(key);
  return node != nullptr && problems_->any_at(node->place);
}

void Fields::refuse(std::string_view key, std::string message, std::string hint) const {
  problems_->add(find(key)->place, std::move(message), std::move(hint));
}

// The kind of the value is named, its content is not: it may be a secret.
const Node* Fields::find_of_kind(std::string_view key, Node::Kind kind,
                                 std::string_view what) const {
  const Node* node = find(key);
  if (node == nullptr || node->is(kind)) return node;
  refuse(key, fmt::format("{} takes {}, not {}", quoted(key), what, describe(node->kind)));
  return nullptr;
}

std::optional<bool> Fields::read_boolean(std::string_view key) const {
  const Node* node = find_of_kind(key, Node::Kind::boolean, "true or false");
  return node == nullptr ? std::nullopt : std::optional(node->boolean);
}

std::optional<std::int64_t> Fields::read_integer(std::string_view key, std::int64_t min,
                                                 std::int64_t max) const {
  const Node* node = find_of_kind(key, Node::Kind::integer, "a whole number");
  if (node == nullptr) return std::nullopt;
  if (node->integer >= min && node->integer <= max) return node->integer;
  const std::string bounds = max == std::numeric_limits<std::int64_t>::max()
                                 ? fmt::format("at least {}", min)
                                 : fmt::format("from {} to {}", min, max);
  refuse(key, fmt::format("{} must be {}, not {}", quoted(key), bounds, node->integer));
  return std::nullopt;
}

std::optional<double> Fields::read_share(std::string_view key) const {
  const Node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const bool whole = node->is(Node::Kind::integer);
  const double value = whole ? static_cast<double>(node->integer) : node->real;
  if ((whole || node->is(Node::Kind::real)) && value >= 0 && value <= 1) return value;
  refuse(key, quoted(key) + " takes a number from 0 to 1");
  return std::nullopt;
}

std::optional<std::chrono::seconds> Fields::read_duration(std::string_view key, Zero zero) const {
  constexpr std::string_view kWhat = "a duration such as \"90s\", \"5m\", \"12h\" or \"30d\"";
  const Node* node = find_of_kind(key, Node::Kind::string, kWhat);
  if (node == nullptr) return std::nullopt;
  const auto value = parse_duration(node->text);
  if (!value) {
    refuse(key,
           fmt::format("{} takes {}, not \"{}\"", quoted(key), kWhat, printable(node->text, 40)));
  } else if (value->count() == 0 && zero == Zero::refused) {
    refuse(key, quoted(key) + " must be longer than 0");
    return std::nullopt;
  }
  return value;
}

std::optional<std::size_t> Fields::read_choice(std::string_view key,
                                               std::span<const std::string_view> words) const {
  const std::string what = alternatives(words);
  const Node* node = find_of_kind(key, Node::Kind::string, what);
  if (node == nullptr) return std::nullopt;
  const auto it = std::ranges::find(words, node->text);
  if (it != words.end()) return static_cast<std::size_t>(it - words.begin());
  refuse(key,
         fmt::format("{} must be {}, not \"{}\"", quoted(key), what, printable(node->text, 40)));
  return std::nullopt;
}

bool Fields::text(std::string_view key, std::string& out) const {
  const Node* node = find_of_kind(key, Node::Kind::string, "a string");
  if (node == nullptr) return false;
  if (has_control(node->text)) {
    refuse(key, quoted(key) + " holds a control character");
    return false;
  }
  out = node->text;
  return true;
}

bool Fields::texts(std::string_view key, std::vector<std::string>& out) const {
  const Node* node = find_of_kind(key, Node::Kind::array, "an array of strings");
  if (node == nullptr) return false;
  std::vector<std::string> taken;
  for (const Node& item : node->items) {
    const bool sound = item.is(Node::Kind::string) && !has_control(item.text);
    if (!sound) {
      problems_->add(item.place, quoted(key) + " takes strings without control characters");
      return false;
    }
    taken.push_back(item.text);
  }
  out = std::move(taken);
  return true;
}

bool Fields::path(std::string_view key, std::string& out) const {
  std::string given;
  if (!text(key, given)) return false;
  if (given.empty()) {
    refuse(key, quoted(key) + " is empty");
    return false;
  }
  const auto path = expand_path(given, home_, problems_->directory(find(key)->place.file));
  if (!path) {
    refuse(key, home_.empty() ? quoted(key) + ": there is no home directory for `~`"
                              : quoted(key) + ": of the forms with `~`, only `~/` is expanded");
    return false;
  }
  out = *path;
  return true;
}

// Of a command nothing is quoted in a message: it may hold a secret.
bool Fields::command(std::string_view key, std::vector<std::string>& out) const {
  const Node* node = find(key);
  if (node == nullptr) return false;
  std::vector<std::string> argv;
  if (node->is(Node::Kind::string) && !trim(node->text).empty()) {
    argv = {"/bin/sh", "-c", node->text};
  }
  for (const Node& item : node->items) {
    if (item.is(Node::Kind::string)) argv.push_back(item.text);
  }
  const bool all_strings = node->items.empty() || argv.size() == node->items.size();
  const bool has_nul =
      std::ranges::any_of(argv, [](const std::string& word) { return word.contains('\0'); });
  if (!all_strings || has_nul || argv.empty() || argv[0].empty()) {
    refuse(key, quoted(key) +
                    " takes an array of strings (a program and its arguments) or a string for the "
                    "shell, not empty");
    return false;
  }
  out = std::move(argv);
  return true;
}

}  // namespace sterna::config
