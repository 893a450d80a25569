// SPDX-License-Identifier: Apache-2.0
// Reads the keys of one table into typed values and gathers what is wrong with them. A value that
// is absent or wrong leaves the target as it is, so targets begin with their defaults.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keys.h"
#include "node.h"
#include "problems.h"

namespace sterna::config {

// A word of the file and what it stands for.
template <class Enum>
struct Choice {
  std::string_view word;
  Enum value;
};

enum class Zero : bool { refused, allowed };

// "90s" "5m" "12h" "30d", and "0"; nullopt for anything else, and beyond a hundred years.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

// Why `text` cannot be the name of a mailbox ("it is empty"), or nullopt.
std::optional<std::string> flaw_of_mailbox_name(std::string_view text);

class Fields {
 public:
  // `prefix` stands before the keys in messages ("tls."). The table and the problems must outlive
  // this.
  Fields(const Node& table, Section section, std::string_view prefix, std::string_view home,
         Problems& problems);

  // Every key that is unknown here, or that this version does not support.
  void check_keys() const;

  const Node* find(std::string_view key) const;
  std::string_view home() const { return home_; }
  Problems& problems() const { return *problems_; }

  // Each: true if the key is there and its value was taken.
  template <class Out>
  bool boolean(std::string_view key, Out& out) const {
    return assign(read_boolean(key), out);
  }
  template <class Out>
  bool integer(std::string_view key, std::int64_t min, std::int64_t max, Out& out) const {
    return assign(read_integer(key, min, max), out);
  }
  template <class Out>
  bool share(std::string_view key, Out& out) const {  // 0 to 1
    return assign(read_share(key), out);
  }
  template <class Out>
  bool duration(std::string_view key, Zero zero, Out& out) const {
    return assign(read_duration(key, zero), out);
  }
  template <class Enum, std::size_t N, class Out>
  bool choice(std::string_view key, const Choice<Enum> (&choices)[N], Out& out) const {
    std::vector<std::string_view> words;
    for (const Choice<Enum>& choice : choices) words.push_back(choice.word);
    const std::optional<std::size_t> index = read_choice(key, words);
    if (index) out = choices[*index].value;
    return index.has_value();
  }
  bool text(std::string_view key, std::string& out) const;  // no control characters
  bool texts(std::string_view key, std::vector<std::string>& out) const;
  bool path(std::string_view key, std::string& out) const;  // absolute, `~` expanded
  // A program and its arguments, or {"/bin/sh", "-c", text}; not empty.
  bool command(std::string_view key, std::vector<std::string>& out) const;

  // Whether the key is there and there is a problem with its value: nothing follows from it then.
  bool refused(std::string_view key) const;
  // A problem with the value of a key that is there.
  void refuse(std::string_view key, std::string message, std::string hint = {}) const;
  // "`tls.mode`"
  std::string quoted(std::string_view key) const;

 private:
  template <class Value, class Out>
  static bool assign(const std::optional<Value>& value, Out& out) {
    if (!value) return false;
    if constexpr (std::is_integral_v<Out> && !std::is_same_v<Out, bool>) {
      out = static_cast<Out>(*value);
    } else {
      out = *value;
    }
    return true;
  }
  const Node* find_of_kind(std::string_view key, Node::Kind kind, std::string_view what) const;
  std::optional<bool> read_boolean(std::string_view key) const;
  std::optional<std::int64_t> read_integer(std::string_view key, std::int64_t min,
                                           std::int64_t max) const;
  std::optional<double> read_share(std::string_view key) const;
  std::optional<std::chrono::seconds> read_duration(std::string_view key, Zero zero) const;
  std::optional<std::size_t> read_choice(std::string_view key,
                                         std::span<const std::string_view> words) const;

  const Node* table_;
  Section section_;
  std::string prefix_;
  std::string home_;
  Problems* problems_;
};

// `text` as an absolute path: `~` and `~/x` start at home, a relative one at `base`. Empty
// components and "." are dropped. nullopt for `~user` and for `~` without a home.
std::optional<std::string> expand_path(std::string_view text, std::string_view home,
                                       std::string_view base);

}  // namespace sterna::config
