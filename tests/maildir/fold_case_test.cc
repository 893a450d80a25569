// SPDX-License-Identifier: Apache-2.0
#include "maildir/fold_case.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "maildir/case_table.h"

namespace sterna::maildir {
namespace {

std::string utf8(std::uint32_t code) {
  std::string text;
  const auto put = [&text](std::uint32_t octet) { text += static_cast<char>(octet); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
  }
  if (code >= 0x80) put(0x80 | (code & 0x3f));
  return text;
}

TEST(FoldCase, KnowsTheScriptsThatHaveIt) {
  struct Pair {
    std::string_view upper;
    std::string_view lower;
  };
  constexpr Pair kPairs[] = {
      {"ABCxyz09", "abcxyz09"},
      {"\u00c4\u00d6\u00dc\u00d7", "\u00e4\u00f6\u00fc\u00d7"},  // Latin-1, and a sign
      {"\u0160\u017d\u0178", "\u0161\u017e\u00ff"},
      {"\u0218\u021a", "\u0219\u021b"},  // Romanian
      {"\u0191\u01c4\u01c5", "\u0192\u01c6\u01c6"},
      {"\u1ea4\u1ef8", "\u1ea5\u1ef9"},  // Vietnamese
      {"\u0391\u03a9\u0386", "\u03b1\u03c9\u03ac"},
      {"\u03c2", "\u03c3"},              // the final sigma
      {"\u1f08\u1f88", "\u1f00\u1f80"},  // Greek with its accents
      {"\u0400\u0401\u041e\u04d4", "\u0450\u0451\u043e\u04d5"},
      {"\u0531", "\u0561"},              // Armenian
      {"\u10a0\u1c90", "\u2d00\u10d0"},  // Georgian
      {"\uab70", "\u13a0"},              // Cherokee
      {"\uff21", "\uff41"},
      {"\U00010400\U0001e900", "\U00010428\U0001e922"},
      {"\u1e9e\u2126\u212a\u212b", "\u00df\u03c9k\u00e5"},  // of another length
      {"\u023a", "\u2c65"},
  };
  for (const Pair& pair : kPairs) {
    EXPECT_EQ(fold_case(pair.upper), pair.lower);
    EXPECT_EQ(fold_case(pair.lower), pair.lower);
  }
}

TEST(FoldCase, LeavesTheRestAlone) {
  for (const std::string_view text :
       {"\u00df", "\u0149", "\u0130", "\u0131", "\u00f7", "\u65e5\u672c", "\U0001f600", "\u200d",
        "\xff", "\xc3", "\xc3(", "\xe1\xba", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", ""}) {
    EXPECT_EQ(fold_case(text), text);
  }
  EXPECT_EQ(fold_case("A\xff\xc3"), "a\xff\xc3");
  EXPECT_EQ(fold_case(std::string_view("A\0B", 3)), std::string_view("a\0b", 3));
}

TEST(FoldCase, OfWhatIsFoldedChangesNothing) {
  std::size_t letters = 0;
  for (std::uint32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const std::string text = utf8(code);
    const std::string once = fold_case(text);
    ASSERT_EQ(fold_case(once), once) << code;
    letters += once != text ? 1 : 0;
  }
  EXPECT_GT(letters, 1400U);
}

TEST(CaseTable, HasItsRangesInOrderAndApart) {
  const CaseRange* before = nullptr;
  for (const CaseRange& range : kCaseRanges) {
    EXPECT_LE(range.first, range.last);
    EXPECT_TRUE(range.step == 1 || range.step == 2);
    EXPECT_EQ((range.last - range.first) % range.step, 0U);
    EXPECT_NE(range.distance, 0);
    if (before != nullptr) EXPECT_LT(before->last, range.first);
    before = &range;
  }
}

}  // namespace
}  // namespace sterna::maildir
