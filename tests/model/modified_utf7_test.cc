// SPDX-License-Identifier: Apache-2.0
// RFC 3501 section 5.1.3: known answers both ways, and that only one spelling of a name is
// accepted.
#include "sterna/model/modified_utf7.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <utility>

namespace sterna {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kKnown{{
    {"", ""},
    {"INBOX", "INBOX"},
    {"Tom & Jerry", "Tom &- Jerry"},
    {"&", "&-"},
    {"&&", "&-&-"},
    {"Entw\u00fcrfe", "Entw&APw-rfe"},
    {"\u00fc&\u00fc", "&APw-&-&APw-"},
    {"~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
    {"\u041e\u0442\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u043d\u044b\u0435",
     "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"},
    {"\U0001f4e7", "&2D3c5w-"},
    {"a\U0001f4e7\U0001f4e7b", "a&2D3c59g93Oc-b"},
    {"\u00e9", "&AOk-"},
    {"\u00e9\u00e9", "&AOkA6Q-"},
    {"\u00e9\u00e9\u00e9", "&AOkA6QDp-"},
    {"\u00e9\U0001f4e7x", "&AOnYPdzn-x"},
    {"\u00ff-", "&AP8--"},
    {"tab\there", "tab&AAk-here"},
    {"\x7f", "&AH8-"},
}};

TEST(ModifiedUtf7, EncodesKnownNames) {
  for (const auto& [name, spelled] : kKnown) EXPECT_EQ(modified_utf7_encode(name), spelled);
}

TEST(ModifiedUtf7, DecodesKnownNames) {
  for (const auto& [name, spelled] : kKnown) EXPECT_EQ(modified_utf7_decode(spelled), name);
}

TEST(ModifiedUtf7, RefusesToEncodeWhatIsNoUtf8) {
  for (const std::string_view text :
       {"\xff", "a\x80", "\xc3", "\xed\xa0\x80", "\xc0\x80", "caf\xe9"}) {
    EXPECT_EQ(modified_utf7_encode(text), std::nullopt);
  }
}

TEST(ModifiedUtf7, RefusesEverySpellingButItsOwn) {
  for (const std::string_view text : {
           "&",                // a shift without an end
           "a&b",              // the same
           "x-&",              // nor does an earlier "-" end it
           "&AOk",             // the same
           "&AGE-",            // "a" needs no shift
           "&ACY-",            // nor has "&" this one
           "&AOk-&AOk-",       // one shift closed and opened for nothing
           "&AOl-",            // padding bits that are not zero
           "&AOkA-",           // half a unit
           "&AO-",             // the same
           "&2D0-",            // half a pair of surrogates
           "&3Oc-",            // the other half
           "&2D0A6Q-",         // half a pair, then a letter
           "&AO k-",           // not of the alphabet
           "&AO/k-",           // the slash of another base64
           "&AOk=-",           // and its padding
           "&\xc3-",           // not of the alphabet, nor ASCII
           "Entw\xc3\xbcrfe",  // UTF-8
           "tab\there",        // a control character
       }) {
    EXPECT_EQ(modified_utf7_decode(text), std::nullopt) << text;
  }
}

TEST(ModifiedUtf7, ReadsBackWhateverItWrites) {
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string name;
    for (unsigned length = random() % 12; length > 0; --length) {
      constexpr std::array<std::string_view, 12> kPieces = {
          "a", "&", "-", ",", "\u00fc", "\u65e5", "\U0001f4e7", "\x01", "/", " ", "~", "\t"};
      name += kPieces[random() % kPieces.size()];
    }
    const auto spelled = modified_utf7_encode(name);
    ASSERT_TRUE(spelled.has_value());
    ASSERT_EQ(modified_utf7_decode(*spelled), name);
  }
}

TEST(ModifiedUtf7, WritesBackWhateverItReads) {
  constexpr std::string_view kAlphabet = "&-+,/=Aa0OkUgBz2D3c5w \xc3\xa9";
  std::mt19937 random(12);
  int read = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (unsigned length = random() % 9; length > 0; --length) {
      text += kAlphabet[random() % kAlphabet.size()];
    }
    const auto name = modified_utf7_decode(text);
    if (!name) continue;
    ++read;
    ASSERT_EQ(modified_utf7_encode(*name), text);
  }
  EXPECT_GT(read, 1000);
}

}  // namespace
}  // namespace sterna
