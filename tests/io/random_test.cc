// SPDX-License-Identifier: Apache-2.0
#include "sterna/io/random.h"

#include <gtest/gtest.h>

namespace sterna::io {
namespace {

struct Fixed : Random {
  std::uint64_t next() override { return 0x0123456789abcdefULL + calls++; }
  std::uint64_t calls = 0;
};

TEST(Random, GivesTwoHexadecimalDigitsForEachOctet) {
  Fixed random;
  EXPECT_EQ(random.hex(0), "");
  EXPECT_EQ(random.hex(3), "efcdab");
  EXPECT_EQ(random.hex(9), "f0cdab8967452301f1");
}

}  // namespace
}  // namespace sterna::io
