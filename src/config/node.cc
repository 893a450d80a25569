// SPDX-License-Identifier: Apache-2.0
#include "node.h"

#include <algorithm>

namespace sterna::config {

const Member* Node::find(std::string_view key) const {
  const auto it = std::ranges::find(members, key, &Member::key);
  return it == members.end() ? nullptr : &*it;
}

Member* Node::find(std::string_view key) {
  const auto it = std::ranges::find(members, key, &Member::key);
  return it == members.end() ? nullptr : &*it;
}

std::string_view describe(Node::Kind kind) {
  constexpr std::string_view kNames[] = {"a table",  "an array",  "a string", "an integer",
                                         "a number", "a boolean", "a date"};
  return kNames[static_cast<std::size_t>(kind)];
}

Node merged(const Node& under, const Node& over) {
  if (!under.is(Node::Kind::table) || !over.is(Node::Kind::table)) return over;
  Node result = over;
  for (const Member& member : under.members) {
    if (Member* own = result.find(member.key)) {
      own->value = merged(member.value, own->value);
    } else {
      result.members.push_back(member);
    }
  }
  return result;
}

}  // namespace sterna::config
