// SPDX-License-Identifier: Apache-2.0
#include "store/base_name.h"

#include <gtest/gtest.h>

namespace sterna::store {
namespace {

TEST(BaseName, LeavesOutWhatOtherProgramsPutBehindAComma) {
  EXPECT_EQ(stripped("17.M1P2.host,U=12"), "17.M1P2.host");
  EXPECT_EQ(stripped("17.M1P2.host,S=10,W=11"), "17.M1P2.host");
  EXPECT_EQ(stripped("17.M1P2.host"), "17.M1P2.host");
}

TEST(BaseName, KeepsANameOfNothingElse) {
  EXPECT_EQ(stripped(",U=12"), ",U=12");
  EXPECT_EQ(stripped(""), "");
}

TEST(BaseName, HashesTheStrippedName) {
  EXPECT_EQ(base_hash("a,U=1"), base_hash("a,U=2"));
  EXPECT_NE(base_hash("a"), base_hash("b"));
  EXPECT_EQ(base_hash(""), std::nullopt);
}

TEST(BaseName, IsTakenOutOfAPath) {
  EXPECT_EQ(base_name_of_path("Lists/dev/cur/17.host,U=3:2,FS"), "17.host,U=3");
  EXPECT_EQ(base_name_of_path("new/17.host"), "17.host");
  EXPECT_EQ(base_name_of_path("17.host:1,x"), "17.host");
  EXPECT_EQ(base_name_of_path("17:30.host:2,S"), "17:30.host");
  EXPECT_EQ(base_name_of_path(""), "");
}

}  // namespace
}  // namespace sterna::store
