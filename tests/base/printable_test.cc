// SPDX-License-Identifier: Apache-2.0
// printable(): what a server or a file says may end no line, colour no terminal, and not pretend to
// be another text.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <utility>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

using namespace std::string_literals;

TEST(Printable, LeavesTextAsItIs) {
  for (const std::string_view text : {"", "INBOX", "a b\\c\"", "Entw\u00fcrfe/\u53f0\u5317",
                                      "\U0001f4e7", "\u05e9\u05dc\u05d5\u05dd", "\u00a0"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, SpellsWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\r\nb"), "a\\x0d\\x0ab");
  EXPECT_EQ(printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(printable("a\0b"s), "a\\x00b");
  EXPECT_EQ(printable("\t\x7f"), "\\x09\\x7f");
  EXPECT_EQ(printable("\u0085\u009b"), "\\xc2\\x85\\xc2\\x9b");  // C1: a line end, and a CSI
}

TEST(Printable, SpellsWhatTurnsTheDirectionOrEndsALine) {
  for (const std::string_view mark :
       {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d",
        "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    const std::string shown = printable("a" + std::string(mark) + "b");
    EXPECT_EQ(shown.find(mark), std::string::npos) << to_hex(mark);
    EXPECT_EQ(shown.size(), 2 + 4 * mark.size()) << shown;
  }
  // Their neighbours mislead nobody.
  for (const std::string_view text : {"\u061b", "\u200d", "\u2010", "\u2027", "\u202f", "\u206a"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, SpellsWhatIsNoUtf8) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kKnown{
      {{"\xff", "\\xff"},
       {"a\x80z", "a\\x80z"},
       {"\xc3", "\\xc3"},
       {"\xc3(", "\\xc3("},
       {"\xc0\xaf", "\\xc0\\xaf"},                      // overlong
       {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},             // overlong
       {"\xed\xa0\x80", "\\xed\\xa0\\x80"},             // half a surrogate pair
       {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}}};  // beyond U+10FFFF
  for (const auto& [octets, shown] : kKnown) {
    EXPECT_FALSE(is_valid_utf8(octets)) << shown;
    EXPECT_EQ(printable(octets), shown);
  }
}

TEST(Printable, IsCutBetweenCharacters) {
  EXPECT_EQ(printable("abc", 3), "abc");
  EXPECT_EQ(printable("abcd", 3), "abc...");
  EXPECT_EQ(printable("\u00fc\u00fc\u00fc", 3), "\u00fc\u00fc...");
  EXPECT_EQ(printable("a", 0), "...");
  EXPECT_EQ(printable("", 0), "");
  EXPECT_EQ(printable(std::string(1000, 'x')), std::string(400, 'x') + "...");
}

TEST(Printable, OfAnyOctetsIsHarmlessTextOfBoundedLength) {
  std::mt19937 random(23);
  for (int round = 0; round < 20'000; ++round) {
    std::string octets(random() % 60, '\0');
    // Often what begins a longer sequence, or goes on with one.
    constexpr std::string_view kOften = "\xc2\xe2\x80\x81\xa8\xae\xf0\x9f\x1b\n";
    for (char& c : octets) {
      const auto chance = random();
      c = chance % 2 == 0 ? kOften[chance / 2 % kOften.size()] : static_cast<char>(chance >> 8);
    }
    const std::string shown = printable(octets, 50);
    ASSERT_TRUE(is_valid_utf8(shown)) << to_hex(octets);
    ASSERT_LE(shown.size(), 50U + 4 * 4 + 3) << to_hex(octets);
    for (const char c : shown) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    for (std::size_t i = 0; i + 1 < shown.size(); ++i) {
      const bool c1 = shown[i] == '\xc2' && static_cast<unsigned char>(shown[i + 1]) < 0xa0;
      ASSERT_FALSE(c1) << to_hex(octets);
    }
  }
}

}  // namespace
}  // namespace sterna
