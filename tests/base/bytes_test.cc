// SPDX-License-Identifier: Apache-2.0
// base64 by the vectors of RFC 4648 section 10, and one spelling alone for each octet string.
#include "sterna/base/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <utility>

namespace sterna {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kVectors{
    {{"", ""},
     {"f", "Zg=="},
     {"fo", "Zm8="},
     {"foo", "Zm9v"},
     {"foob", "Zm9vYg=="},
     {"fooba", "Zm9vYmE="},
     {"foobar", "Zm9vYmFy"}}};

TEST(UrlEncoded, LeavesTheUnreservedAlone) {
  EXPECT_EQ(url_encoded(""), "");
  EXPECT_EQ(url_encoded("a-b.c_d~e/09AZaz@[`{"), "a-b.c_d~e%2F09AZaz%40%5B%60%7B");
  EXPECT_EQ(url_encoded("4/0A b&=+%\xc3\xa9\0"s), "4%2F0A%20b%26%3D%2B%25%C3%A9%00");
}

TEST(UrlEncoded, HasRoomForTheLongestFromTheStart) {
  EXPECT_GE(url_encoded(std::string(100, 'a')).capacity(), 300U) << "it grew: copies are left";
}

TEST(Base64, IsThatOfTheRfc) {
  for (const auto& [octets, text] : kVectors) {
    EXPECT_EQ(base64_encode(octets), text);
    EXPECT_EQ(base64_decode(text), octets);
  }
  EXPECT_EQ(base64_encode("\xfb\xff\xfe\0"s), "+//+AA==");
  EXPECT_EQ(base64_decode("+//+AA=="), "\xfb\xff\xfe\0"s);
}

TEST(Base64, RefusesEverySpellingButItsOwn) {
  for (const std::string_view text : {
           "Zg",        // no padding
           "Zg=",       // too little of it
           "Zg===",     // too much
           "Z===",      // one digit is no octet
           "====",      // nothing but padding
           "Zh==",      // padding bits that are not zero
           "Zm9=",      // the same
           "Zg==Zg==",  // two texts
           "Z=g=",      // padding inside
           " Zg==",     // a space
           "Zm9v\r\n",  // a line end
           "-__-",      // another alphabet
           "Zm\xc3\xa4",
       }) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

TEST(Base64, ReadsBackWhateverItWrites) {
  std::mt19937 random(21);
  for (int round = 0; round < 5000; ++round) {
    std::string octets(random() % 40, '\0');
    for (char& c : octets) c = static_cast<char>(random() & 0xff);
    const std::string text = base64_encode(octets);
    ASSERT_EQ(text.size(), (octets.size() + 2) / 3 * 4);
    ASSERT_EQ(base64_decode(text), octets);
  }
}

TEST(Base64, WritesBackWhateverItReads) {
  constexpr std::string_view kAlphabet = "AQgwZ+/=9 ";
  std::mt19937 random(22);
  int read = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string text(random() % 9, '\0');
    for (char& c : text) c = kAlphabet[random() % kAlphabet.size()];
    const auto octets = base64_decode(text);
    if (!octets) continue;
    ++read;
    ASSERT_EQ(base64_encode(*octets), text);
  }
  EXPECT_GT(read, 1000);
}

TEST(Hex, IsLowerCaseAndWhole) {
  EXPECT_EQ(to_hex(""), "");
  EXPECT_EQ(to_hex("\0\x0f\xa5\xff"s), "000fa5ff");
}

TEST(Utf8, GivesTheFirstCharacterAndItsCodePoint) {
  struct Case {
    std::string_view text;
    std::size_t length;
    std::uint32_t point;
  };
  for (const auto& [text, length, point] :
       {Case{"a\u00e9", 1, 'a'}, Case{"\u00e9a", 2, 0xe9}, Case{"\uffff", 3, 0xffff},
        Case{"\U0010ffff!", 4, 0x10ffff}}) {
    EXPECT_EQ(utf8_sequence(text), length) << text;
    EXPECT_EQ(utf8_code_point(text, length), point) << text;
  }
  for (const std::string_view text : {"\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80", "\xf0\x9f\x93"}) {
    EXPECT_EQ(utf8_sequence(text), 0u) << to_hex(text);
  }
}

TEST(Ascii, KnowsNoOtherLetters) {
  EXPECT_EQ(ascii_lower("AZ@[\xc3\x84"), "az@[\xc3\x84");
  EXPECT_EQ(ascii_upper("az`{\xc3\xa4"), "AZ`{\xc3\xa4");
  EXPECT_TRUE(ascii_iequals("InBoX", "iNbOx"));
  EXPECT_FALSE(ascii_iequals("INBOX", "INBOX/"));
  EXPECT_FALSE(ascii_iequals("@", "`"));  // a letter's distance apart
  EXPECT_FALSE(ascii_iequals("\xc3\x84", "\xc3\xa4"));
  EXPECT_TRUE(ascii_istarts_with("AUTH=plain", "auth="));
  EXPECT_FALSE(ascii_istarts_with("AUTH", "AUTH="));
}

TEST(Split, LosesNoEmptyPart) {
  EXPECT_THAT(split("a,b", ','), ElementsAre("a", "b"));
  EXPECT_THAT(split(",a,,", ','), ElementsAre("", "a", "", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Trim, TakesWhiteSpaceFromBothEndsAlone) {
  EXPECT_EQ(trim(" \t\r\n a b \r\n"), "a b");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(trim("\fa"), "\fa");
}

TEST(ParseNumber, TakesDigitsAlone) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("007"), 7U);
  EXPECT_EQ(parse_number("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_number("4294967295", UINT32_MAX), UINT32_MAX);
  for (const std::string_view text :
       {"", "-1", "+1", " 1", "1 ", "1a", "0x1", "1.0", "18446744073709551616"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_number("4294967296", UINT32_MAX), std::nullopt);
}

TEST(HumanBytes, RoundsIntoTheNextUnit) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.0 kB");
  EXPECT_EQ(human_bytes(999'949), "999.9 kB");
  EXPECT_EQ(human_bytes(999'951), "1.0 MB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "18446744.1 TB");
}

}  // namespace
}  // namespace sterna
