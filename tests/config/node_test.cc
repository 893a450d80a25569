// SPDX-License-Identifier: Apache-2.0
#include "config/node.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace sterna::config {
namespace {

// Every node of a document may be a password, and documents are merged and moved about.
TEST(Node, LeavesNothingOfItsTextWhereItWas) {
  alignas(Node) std::byte place[sizeof(Node)] = {};
  const auto holds_canary = [&place] {
    std::string seen;
    for (const volatile std::byte& octet : place) seen += static_cast<char>(octet);
    return seen.find("anary") != std::string::npos;
  };
  Node& node = *std::construct_at(reinterpret_cast<Node*>(place));
  node.kind = Node::Kind::string;
  node.text = std::string("canary");
  EXPECT_TRUE(holds_canary());
  const Node moved = std::move(node);
  EXPECT_EQ(moved.text, "canary");
  EXPECT_FALSE(holds_canary());
  node = moved;
  EXPECT_TRUE(holds_canary());
  std::destroy_at(&node);
  EXPECT_FALSE(holds_canary());
}

}  // namespace
}  // namespace sterna::config
