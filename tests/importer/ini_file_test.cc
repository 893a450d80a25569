// SPDX-License-Identifier: Apache-2.0
#include "importer/ini_file.h"

#include <gmock/gmock.h>

namespace sterna::importer {
namespace {

using testing::ElementsAre;

TEST(IniFile, ReadsSectionsAndValues) {
  const IniFile file = parse_ini(
      "# comment\n"
      "[general]\n"
      "accounts = a, b\n"
      "  ; also a comment\n"
      "UI: basic\n"
      "[Account a]\n"
      "empty =\n"
      "folderfilter = lambda f: f in [\n"
      "    'INBOX',\n"
      "\n"
      "    'Sent']\n"
      "next = 1 # no comment\r\n");
  EXPECT_EQ(file.get("general", "accounts"), "a, b");
  EXPECT_EQ(file.get("general", "ui"), "basic");
  EXPECT_EQ(file.get("Account a", "empty"), "");
  EXPECT_EQ(file.get("Account a", "folderfilter"), "lambda f: f in [\n'INBOX',\n'Sent']");
  EXPECT_EQ(file.get("Account a", "next"), "1 # no comment");
  EXPECT_EQ(file.get("Account a", "none"), std::nullopt);
  EXPECT_EQ(file.get("Account b", "next"), std::nullopt);
}

TEST(IniFile, FillsInOtherValues) {
  const IniFile file = parse_ini(
      "[DEFAULT]\nhost = example.org\n[R]\nremotehost = imap.%(host)s\nn = 100%% %(none)s\n"
      "loop = %(loop)s!\n");
  EXPECT_EQ(file.get("R", "remotehost"), "imap.example.org");
  EXPECT_EQ(file.get("R", "host"), "example.org");
  EXPECT_EQ(file.get("R", "n"), "100% %(none)s");
  EXPECT_LT(file.get("R", "loop")->size(), 100U);
}

TEST(IniFile, WhatGrowsWithoutEndIsCut) {
  std::string text = "[R]\na = xxxxxxxxxx\n";
  char before = 'a';
  for (char c = 'b'; c <= 'k'; ++c) {
    text += std::string(1, c) + " = ";
    for (int i = 0; i < 40; ++i) text += std::string("%(") + before + ")s";
    text += "\n";
    before = c;
  }
  EXPECT_LE(parse_ini(text).get("R", "k")->size(), 64U * 1024);
}

TEST(IniFile, NamesTheLineOfWhatIsNothing) {
  EXPECT_THAT(parse_ini("x = 1\n[open\n[R]\nnothing\n").problems(),
              ElementsAre("line 1: is no setting", "line 2: the section has no end",
                          "line 4: is no setting"));
}

}  // namespace
}  // namespace sterna::importer
