// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/role.h"

#include <gtest/gtest.h>

namespace sterna {
namespace {

TEST(Role, IsReadBackFromItsWord) {
  for (int i = 0; i <= static_cast<int>(Role::important); ++i) {
    const auto role = static_cast<Role>(i);
    EXPECT_EQ(parse_role(to_string(role)), role);
  }
  EXPECT_EQ(to_string(Role::trash), "trash");
  EXPECT_EQ(parse_role("Trash"), std::nullopt);
  EXPECT_EQ(parse_role("bin"), std::nullopt);
}

}  // namespace
}  // namespace sterna
