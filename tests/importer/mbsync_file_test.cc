// SPDX-License-Identifier: Apache-2.0
#include "importer/mbsync_file.h"

#include <gmock/gmock.h>

namespace sterna::importer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> words_of(const MbsyncOption& option) {
  return {option.words.begin(), option.words.end()};
}

TEST(MbsyncFile, AnEmptyLineEndsASectionAndACommentDoesNot) {
  const MbsyncFile file = parse_mbsync(
      "Create Both\n"
      "# a comment\n"
      "IMAPAccount one\n"
      "Host a\n"
      "# still inside\n"
      "Port 1 # behind\n"
      "\n"
      "Expunge Both\n"
      "Channel c\n");
  ASSERT_EQ(file.sections.size(), 2U);
  EXPECT_EQ(file.sections[0].kind, "imapaccount");
  EXPECT_EQ(file.sections[0].name, "one");
  ASSERT_EQ(file.sections[0].options.size(), 2U);
  EXPECT_THAT(words_of(file.sections[0].options[1]), ElementsAre("1"));
  ASSERT_EQ(file.global.options.size(), 2U);
  EXPECT_EQ(file.global.options[1].word, "Expunge");
  EXPECT_EQ(file.global.options[1].line, 8U);
  EXPECT_THAT(file.problems, IsEmpty());
}

TEST(MbsyncFile, QuotesAndBackslashesAreTakenAway) {
  const MbsyncFile file = parse_mbsync(
      "IMAPStore s\n"
      "PassCmd \"gpg -d \\\"a b\\\" | awk '{print $1}'\"\n"
      "Far :s:\"[Gmail]/Sent Mail\"\n"
      "Pass a\\ b#c\r\n");
  const auto& options = file.sections.at(0).options;
  EXPECT_THAT(words_of(options[0]), ElementsAre("gpg -d \"a b\" | awk '{print $1}'"));
  EXPECT_THAT(words_of(options[1]), ElementsAre(":s:[Gmail]/Sent Mail"));
  EXPECT_THAT(words_of(options[2]), ElementsAre("a b#c"));
}

TEST(MbsyncFile, AGroupNamesChannelsInEitherPlace) {
  const MbsyncFile file = parse_mbsync("Group g a b:x,y\nChannel c\nChannels d e\n\nChannel f\n");
  ASSERT_EQ(file.sections.size(), 2U);
  ASSERT_EQ(file.sections[0].options.size(), 3U);
  EXPECT_THAT(words_of(file.sections[0].options[0]), ElementsAre("a", "b:x,y"));
  EXPECT_THAT(words_of(file.sections[0].options[2]), ElementsAre("d", "e"));
  EXPECT_EQ(file.sections[1].name, "f");
}

TEST(MbsyncFile, WhatIsNotClosedIsNamedWithoutItsWords) {
  const MbsyncFile file = parse_mbsync("IMAPStore s\nPass \"secret\nUser x\\\nChannel\n");
  EXPECT_THAT(file.problems, ElementsAre("line 2: a quotation mark is missing",
                                         "line 3: a backslash stands at its end",
                                         "line 4: the section has no name"));
}

}  // namespace
}  // namespace sterna::importer
