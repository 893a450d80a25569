// SPDX-License-Identifier: Apache-2.0
#include "net/deflate.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sterna::net {
namespace {

std::string all_of(Inflater& inflater, std::size_t octets_max) {
  std::string text;
  while (true) {
    Result<std::size_t> count = inflater.read(text, octets_max);
    EXPECT_TRUE(count);
    if (!count || *count == 0) return text;
    EXPECT_LE(*count, octets_max);
  }
}

std::string mixed_text() {
  std::string text;
  unsigned state = 1;
  for (int i = 0; i < 300'000; ++i) {
    state = state * 1664525 + 1013904223;
    text.push_back(i % 3 == 0 ? static_cast<char>(state >> 24) : 'a');
  }
  return text;
}

TEST(Deflate, RoundTripsWhole) {
  const std::string text = mixed_text();
  Deflater deflater;
  Inflater inflater;
  deflater.write(text, true, inflater.input());
  EXPECT_LT(inflater.input().size(), text.size());
  EXPECT_TRUE(all_of(inflater, 1 << 20) == text);
}

TEST(Deflate, RoundTripsOctetByOctetInBothDirections) {
  const std::string text = "* OK\r\na1 NOOP\r\n" + std::string(5000, 'x') + "\r\n";
  Deflater deflater;
  std::string wire;
  for (char c : text) deflater.write({&c, 1}, true, wire);
  Inflater inflater;
  std::string back;
  for (char c : wire) {
    inflater.input().push_back(c);
    back += all_of(inflater, 1);
  }
  EXPECT_EQ(back, text);
}

TEST(Deflate, AFlushMakesEverythingReadable) {
  Deflater deflater;
  Inflater inflater;
  for (std::string line : {"a1 LOGIN\r\n", "a2 SELECT INBOX\r\n", "a3 IDLE\r\n"}) {
    deflater.write(line, true, inflater.input());
    EXPECT_EQ(all_of(inflater, 100), line);
    EXPECT_TRUE(inflater.input().empty());
  }
}

TEST(Deflate, WithoutAFlushNothingNeedsToBeReadable) {
  Deflater deflater;
  Inflater inflater;
  deflater.write("first ", false, inflater.input());
  deflater.write("second", true, inflater.input());
  EXPECT_EQ(all_of(inflater, 100), "first second");
}

TEST(Inflate, ABombCostsNoMoreThanWasAskedFor) {
  Deflater deflater;
  Inflater inflater;
  const std::string zeros(std::size_t{64} << 20, '\0');
  deflater.write(zeros, true, inflater.input());
  ASSERT_LT(inflater.input().size(), zeros.size() / 500);
  std::string taken;
  Result<std::size_t> count = inflater.read(taken, 4096);
  ASSERT_TRUE(count);
  EXPECT_EQ(*count, 4096u);
  EXPECT_LT(taken.capacity(), 10'000u);
}

TEST(Inflate, DamageIsAProtocolError) {
  Inflater inflater;
  inflater.input() = std::string("\xff\xff\xff\xff garbage", 12);
  std::string text;
  Result<std::size_t> count = inflater.read(text, 100);
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code(), ErrorCode::protocol);
}

TEST(Inflate, NoInputIsNoError) {
  Inflater inflater;
  std::string text;
  Result<std::size_t> count = inflater.read(text, 100);
  ASSERT_TRUE(count);
  EXPECT_EQ(*count, 0u);
}

TEST(Inflate, AFinalBlockEndsTheStream) {
  Inflater inflater;
  inflater.input() = std::string("\x03\x00", 2);  // an empty final block
  std::string text;
  ASSERT_TRUE(inflater.read(text, 100));
  EXPECT_TRUE(inflater.ended());
}

}  // namespace
}  // namespace sterna::net
