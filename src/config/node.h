// SPDX-License-Identifier: Apache-2.0
// A parsed TOML document as plain data with the place of everything, so that merging and checking
// know nothing of the library that parsed it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/secret.h"

namespace sterna::config {

// Where something stands. `file` counts the files of this load; line and column count from 1,
// columns in characters; line 0 is the file as a whole.
struct Place {
  static constexpr std::size_t kNoFile = SIZE_MAX;
  std::size_t file = kNoFile;
  unsigned line = 0;
  unsigned column = 0;
  auto operator<=>(const Place&) const = default;
};

struct Member;

struct Node {
  enum class Kind : std::uint8_t { table, array, string, integer, real, boolean, time };

  Kind kind = Kind::table;
  Place place;
  WipedString text;  // string; it may be a password
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<Node> items;      // array
  std::vector<Member> members;  // table; keys are unique

  bool is(Kind other) const { return kind == other; }
  const Member* find(std::string_view key) const;
  Member* find(std::string_view key);
};

struct Member {
  std::string key;
  Place place;  // of the key
  Node value;
};

// "a table", "an array", "a string", ... for messages.
std::string_view describe(Node::Kind kind);

// `over` laid over `under`: tables key by key, anything else replaced.
Node merged(const Node& under, const Node& over);

}  // namespace sterna::config
