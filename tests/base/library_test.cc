// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace sterna {
namespace {

using testing::HasSubstr;

TEST(Library, FindsFunctionsByName) {
  decltype(&std::strlen) length = nullptr;
  Library library({"libc.so.6", "counts", "libc6"});
  ASSERT_TRUE(library.find("strlen", length).found());
  EXPECT_EQ(length("four"), 4U);
}

TEST(Library, SaysWhichOneIsMissingAndWhatToInstall) {
  decltype(&std::strlen) length = &std::strlen;
  Library library({"libmissing.so.1", "does nothing", "libmissing1"});
  const Status found = library.find("strlen", length).found();
  ASSERT_FALSE(found);
  EXPECT_EQ(length, nullptr);
  EXPECT_TRUE(found.error().is(ErrorCode::unsupported));
  EXPECT_THAT(found.error().message(),
              HasSubstr("cannot load libmissing.so.1 (package libmissing1), which does nothing: "));
  EXPECT_EQ(found.error().hint(), "install the package libmissing1");
}

TEST(Library, IsNotFoundWithoutOneOfItsFunctions) {
  decltype(&std::strlen) length = nullptr;
  decltype(&std::strlen) other = nullptr;
  Library library({"libc.so.6", "counts", "libc6"});
  library.find("no_such_function", other).find("strlen", length);
  ASSERT_FALSE(library.found());
  EXPECT_EQ(other, nullptr);
  EXPECT_THAT(library.found().error().message(), HasSubstr("no_such_function"));
}

}  // namespace
}  // namespace sterna
