// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/json_text.h"

#include <gtest/gtest.h>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

// What a reader makes of what was written, where both use the marks and the library none.
std::string there_and_back(std::string_view raw) {
  return json_unmarked(json_with_marks(json_escaped(json_marked(raw))));
}

TEST(JsonTextTest, WritesOctetsThatAreNotUtf8AsLoneSurrogates) {
  EXPECT_EQ(json_escaped(json_marked("caf\xe9 \x80")), "caf\\udce9 \\udc80");
  EXPECT_EQ(json_escaped(json_marked("caf\xc3\xa9")), "caf\xc3\xa9");
  EXPECT_EQ(json_escaped(json_marked("\x7f")), "\\u007f");
}

TEST(JsonTextTest, EveryOctetComesBack) {
  std::string all;
  for (int octet = 0; octet < 256; ++octet) {
    if (octet != '\\') all += static_cast<char>(octet);  // the library's own business
  }
  EXPECT_EQ(there_and_back(all), all);
  EXPECT_EQ(there_and_back("\x7f"
                           "80"),
            "\x7f"
            "80")
      << "what looks like a mark is none";
}

TEST(JsonTextTest, EscapesOfCharactersAreLeftToTheLibrary) {
  EXPECT_EQ(json_with_marks(R"("\u00e9\ud83d\ude00\"\\udce9")"),
            R"("\u00e9\ud83d\ude00\"\\udce9")");
  EXPECT_EQ(json_with_marks(R"("\ud83d\udc8c")"), R"("\ud83d\udc8c")")
      << "the second half of a character is no octet";
}

TEST(JsonTextTest, ReadsLoneSurrogatesOfEitherSpelling) {
  EXPECT_EQ(json_unmarked(json_with_marks(R"(\udce9\uDCE9)")), "\xe9\xe9");
}

TEST(JsonTextTest, ATextThatEndsInTheMiddleIsCopied) {
  for (const std::string_view text : {"\\", "\\u", "\\udc", "\\udc8", "\\ud83d\\u", "\\q"}) {
    EXPECT_EQ(json_with_marks(text), text);
  }
}

}  // namespace
}  // namespace sterna
