// SPDX-License-Identifier: Apache-2.0
// The words of states and intents are stored, and identities are proof (rule 9).
#include "sterna/model/message.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "sterna/model/intent.h"

namespace sterna {
namespace {

TEST(RowState, IsReadBackFromItsWord) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(RowState::tombstone); ++i) {
    const auto state = static_cast<RowState>(i);
    EXPECT_EQ(parse_row_state(to_string(state)), state);
    words.insert(to_string(state));
  }
  EXPECT_EQ(words.size(), 9U);
  EXPECT_EQ(parse_row_state("gone"), std::nullopt);
  EXPECT_EQ(parse_row_state(""), std::nullopt);
}

TEST(RowState, CountsOnTheServerUnlessGoneThere) {
  for (int i = 0; i <= static_cast<int>(RowState::tombstone); ++i) {
    const auto state = static_cast<RowState>(i);
    EXPECT_EQ(is_on_server(state), state != RowState::detached && state != RowState::tombstone);
  }
}

TEST(IntentKind, IsReadBackFromItsWord) {
  for (int i = 0; i <= static_cast<int>(IntentKind::mailbox_delete); ++i) {
    const auto kind = static_cast<IntentKind>(i);
    EXPECT_EQ(parse_intent_kind(to_string(kind)), kind);
  }
  EXPECT_EQ(to_string(IntentKind::upload), "upload");
  EXPECT_EQ(to_string(IntentKind::mailbox_delete), "mailbox_delete");
  EXPECT_EQ(parse_intent_kind("move"), std::nullopt);
}

TEST(Identity, IsHeaderAndSizeNeverTheMessageIdAlone) {
  const Identity one{100, sha256("a"), "<1@x>"};
  Identity other = one;
  other.message_id = "<2@x>";
  EXPECT_TRUE(one.same_as(other));
  other.size = 101;
  EXPECT_FALSE(one.same_as(other));
  EXPECT_TRUE(one.same_as(other, false));
  other = one;
  other.header = sha256("b");
  EXPECT_FALSE(one.same_as(other));
  EXPECT_FALSE(one.same_as(other, false));
}

TEST(MessageRow, ThatGaveItsFileAwaySaysSo) {
  MessageRow row;
  row.key.uid = Uid{7};
  row.base_name = "1700000000.a.host";
  row.info = ":2,S";
  row.file.ino = 5;
  EXPECT_FALSE(is_replaced(row));
  give_file_away(row);
  EXPECT_TRUE(is_replaced(row));
  EXPECT_EQ(row.info, "");
  EXPECT_EQ(row.file, FileStamp());
  row.file.ino = 6;  // a file that bears such a name is a file
  EXPECT_FALSE(is_replaced(row));
}

}  // namespace
}  // namespace sterna
