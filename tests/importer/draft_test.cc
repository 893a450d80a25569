// SPDX-License-Identifier: Apache-2.0
#include "importer/draft.h"

#include <gmock/gmock.h>

#include "importer/folders.h"

namespace sterna::importer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(TomlString, EscapesWhatTomlCannotHold) {
  EXPECT_EQ(toml_string("a \"b\" \\ c"), "\"a \\\"b\\\" \\\\ c\"");
  EXPECT_EQ(toml_string("tab\there\x01\n"), "\"tab\\there\\u0001\\n\"");
  EXPECT_EQ(toml_string("Größe"), "\"Größe\"");
  EXPECT_EQ(toml_string("\xff!"), "\"\uFFFD!\"");
}

TEST(TomlKey, IsQuotedWhereItMustBe) {
  EXPECT_EQ(toml_key("work-1"), "work-1");
  EXPECT_EQ(toml_key("a.b"), "\"a.b\"");
  EXPECT_EQ(toml_key("Entwürfe"), "\"Entwürfe\"");
  EXPECT_EQ(toml_key(""), "\"\"");
}

TEST(AccountName, IsLegalAndFree) {
  std::vector<Draft> drafts;
  EXPECT_EQ(account_name("ann@gmail.com", drafts), "ann-gmail.com");
  EXPECT_EQ(account_name("..", drafts), "mail");
  EXPECT_EQ(account_name("日本", drafts), "mail");
  drafts.emplace_back().name = "work";
  EXPECT_EQ(account_name("work", drafts), "work-2");
  EXPECT_LE(account_name(std::string(500, 'x'), drafts).size(), 64U);
}

TEST(Remarks, AreSaidOnceAndSafeOnATerminal) {
  Remarks remarks;
  remarks.add("account a", "x\x1b[2J");
  remarks.add("account a", "x\x1b[2J");
  EXPECT_THAT(remarks.take(), ElementsAre("account a: x\\x1b[2J"));
}

TEST(WriteToml, ForeignTextInACommentStaysInIt) {
  Draft draft;
  draft.name = "a";
  draft.comments = {"store x\n[account.evil]"};
  const WipedString text = write_toml({}, {}, {draft});
  EXPECT_THAT(std::string(text), testing::Not(HasSubstr("\n[account.evil]")));
}

TEST(PlainPath, LeavesOutWhatSaysNothing) {
  EXPECT_EQ(plain_path("~/Mail//x/./y/"), "~/Mail/x/y");
  EXPECT_EQ(plain_path("/"), "/");
  EXPECT_EQ(plain_path(""), "");
  EXPECT_EQ(path_below("~/Mail/INBOX", "~/Mail"), "INBOX");
  EXPECT_EQ(path_below("~/Mail", "~/Mail"), "");
  EXPECT_EQ(path_below("~/Mailbox", "~/Mail"), std::nullopt);
  EXPECT_EQ(path_below("/a/b", "/"), "a/b");
}

TEST(DecodedName, ReadsWhatStandsOnTheWire) {
  EXPECT_EQ(decoded_name("Entw&APw-rfe/Gr&APYA3w-e"), "Entwürfe/Größe");
  EXPECT_EQ(decoded_name("Archive.2025", "."), "Archive/2025");
  EXPECT_EQ(decoded_name("R&-D"), "R&D");
  EXPECT_EQ(decoded_name("R&D"), "R&D");  // no modified UTF-7: as it is
}

TEST(Renames, HaveNoEntryThatFollowsFromOthers) {
  Renames renames;
  renames.add("Archive", "Archive");
  renames.add("Entw&APw-rfe", "Entwürfe");
  renames.add("Entw&APw-rfe/2025", "Entwürfe/2025");
  renames.add("Entw&APw-rfe/&AOQ-", "Entwürfe/ä");
  EXPECT_THAT(renames.all(), ElementsAre(Pair("Entw&APw-rfe", "Entwürfe"),
                                         Pair("Entw&APw-rfe/&AOQ-", "Entwürfe/ä")));
}

}  // namespace
}  // namespace sterna::importer
