// SPDX-License-Identifier: Apache-2.0
// What mbsync's Sync, Create and Expunge come to.
#include "importer/mbsync_channel.h"

#include <gmock/gmock.h>

namespace sterna::importer {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// "nDf Ndf": the ways of Pull and of Push, capital where open.
std::string ways(const std::vector<std::string>& words) {
  const SyncWays found = parse_sync(words);
  const auto text = [](const SyncWays::Way& way) {
    return std::string(way.fresh ? "N" : "n") + (way.gone ? "D" : "d") + (way.flags ? "F" : "f");
  };
  return text(found.pull) + " " + text(found.push);
}

TEST(ParseSync, OpensRowsAndColumns) {
  EXPECT_EQ(ways({}), "NDF NDF");
  EXPECT_EQ(ways({"All"}), "NDF NDF");
  EXPECT_EQ(ways({"None"}), "ndf ndf");
  EXPECT_EQ(ways({"Pull"}), "NDF ndf");
  EXPECT_EQ(ways({"Push"}), "ndf NDF");
  EXPECT_EQ(ways({"Pull", "Push"}), "NDF NDF");
  EXPECT_EQ(ways({"Pull", "New", "Flags"}), "NdF ndf");
  EXPECT_EQ(ways({"New", "Delete"}), "NDf NDf");
  EXPECT_EQ(ways({"New", "ReNew", "Flags"}), "NdF NdF");
}

TEST(ParseSync, OpensSingleCells) {
  EXPECT_EQ(ways({"PullNew", "PullDelete", "Push"}), "NDf NDF");
  EXPECT_EQ(ways({"PullNew", "PushFlags"}), "Ndf ndF");
  EXPECT_EQ(ways({"PullNew", "PullGone", "PullFlags"}), "NDF ndf");
}

std::string policy(const std::string& options, const std::string& global = "",
                   bool reversed = false, std::string* said = nullptr) {
  const MbsyncFile file =
      parse_mbsync(global + "\n\nChannel c\nFar :a:\nNear :b:\n" + options + "\n");
  Remarks remarks;
  const MbsyncChannel channel = read_channel(file.sections.at(0), remarks);
  const Settings settings = carry_policy(channel, file.global, reversed, "", remarks);
  std::string text;
  for (const Setting& setting : settings.all()) text += setting.key + "=" + setting.value + " ";
  if (said != nullptr) {
    for (const std::string& remark : remarks.take()) *said += remark + "\n";
  }
  return text;
}

TEST(CarryPolicy, WhatBothDoNeedsNoKey) {
  EXPECT_EQ(policy("Create Both\nExpunge Both"), "");
  EXPECT_EQ(policy("", "Create Both\nExpunge Both"), "");
}

TEST(CarryPolicy, WithoutExpungeNothingIsDeleted) {
  std::string said;
  EXPECT_EQ(policy("Create Both", "", false, &said),
            "local_delete=\"ignore\" remote_delete=\"ignore\" ");
  EXPECT_THAT(said, HasSubstr("only marked there"));
  EXPECT_EQ(policy("Create Both\nExpunge Far"), "remote_delete=\"ignore\" ");
  EXPECT_EQ(policy("Create Both\nExpunge Near"), "local_delete=\"ignore\" ");
  EXPECT_EQ(policy("Create Both\nExpunge Slave"), "local_delete=\"ignore\" ");
}

TEST(CarryPolicy, ExpungeSoloSaysThatDeletionsTravel) {
  std::string said;
  EXPECT_EQ(policy("Create Both\nExpungeSolo Both", "", false, &said), "");
  EXPECT_THAT(said, Not(HasSubstr("only marked")));
  // What a reader marked has its counterpart, and stayed.
  EXPECT_THAT(said, HasSubstr("moved to the server's Trash; mbsync expunged it"));
  EXPECT_THAT(said, Not(HasSubstr("expunged both")));
  EXPECT_EQ(policy("Create Both", "ExpungeSolo Both"), "");
  EXPECT_EQ(policy("Create Both\nExpungeSolo Far"), "remote_delete=\"ignore\" ");
  EXPECT_EQ(policy("Create Both\nExpungeSolo Near"), "local_delete=\"ignore\" ");
  EXPECT_EQ(policy("Create Both\nExpunge Near\nExpungeSolo Far"), "");
  EXPECT_EQ(policy("Create Both\nExpungeSolo Near", "", true), "remote_delete=\"ignore\" ");
  EXPECT_EQ(policy("Create Both\nExpungeSolo None"),
            "local_delete=\"ignore\" remote_delete=\"ignore\" ");
}

TEST(CarryPolicy, WithExpungeBothAreSuggested) {
  std::string said;
  policy("Create Both\nExpunge Far\nExpungeSolo Near", "", false, &said);
  EXPECT_THAT(said, HasSubstr("mbsync expunged both"));
}

TEST(CarryPolicy, DeletionsThatDidNotTravelDoNot) {
  EXPECT_EQ(policy("Create Both\nExpunge Both\nSync New Flags"),
            "local_delete=\"ignore\" remote_delete=\"ignore\" ");
}

TEST(CarryPolicy, OneDirection) {
  EXPECT_EQ(policy("Sync Pull\nCreate Near\nExpunge Near"), "direction=\"pull\" create=\"local\" ");
  EXPECT_EQ(policy("Sync Push\nCreate Far\nExpunge Far"), "direction=\"push\" create=\"remote\" ");
  EXPECT_EQ(policy("Sync Pull New\nCreate Slave\nExpunge Near"),
            "direction=\"pull\" create=\"local\" remote_delete=\"ignore\" ");
}

TEST(CarryPolicy, SidesAreThoseOfTheServer) {
  EXPECT_EQ(policy("Sync Pull\nCreate Near\nExpunge Near", "", true),
            "direction=\"push\" create=\"remote\" ");
}

TEST(CarryPolicy, WhatTravelsInPartIsSaid) {
  std::string said;
  EXPECT_EQ(policy("Sync PullNew PullDelete PullFlags PushFlags\nCreate Both\nExpunge Both", "",
                   false, &said),
            "local_delete=\"ignore\" ");
  EXPECT_THAT(said, HasSubstr("flags went from here to the server, and new mail did not"));
}

TEST(CarryPolicy, NothingTravelledIsNoSettingOfOurs) {
  std::string said;
  EXPECT_EQ(policy("Sync None\nCreate Both\nExpunge Both", "", false, &said),
            "direction=\"pull\" remote_delete=\"ignore\" ");
  EXPECT_THAT(said, HasSubstr("Sync None"));
}

TEST(CarryPolicy, LimitsAreKeptForAVersionThatHasThem) {
  std::string said;
  EXPECT_EQ(policy("Create Both\nExpunge Both\nMaxSize 200k\nMaxMessages 500", "", false, &said),
            "max_size=\"200K\" max_messages=500 ");
  EXPECT_THAT(said, HasSubstr("[placeholder]"));
  EXPECT_THAT(said, HasSubstr("older messages"));
  EXPECT_EQ(policy("Create Both\nExpunge Both\nMaxSize 1m"), "max_size=\"1024K\" ");
  EXPECT_EQ(policy("Create Both\nExpunge Both\nMaxSize 1500"), "max_size=\"2K\" ");
  EXPECT_EQ(policy("Create Both\nExpunge Both\nMaxSize 0\nMaxMessages 0"), "");
}

TEST(CarryPolicy, ABoundOfTheServerIsNoLimitHere) {
  const std::string both = "Create Both\nExpunge Both\nMaxMessages 500\nExpireUnread yes\n";
  std::string said;
  EXPECT_EQ(policy(both + "ExpireSide Far", "", false, &said), "");
  EXPECT_THAT(said, HasSubstr("MaxMessages 500 bounded what is on the server"));
  EXPECT_THAT(said, HasSubstr("sterna held restore"));
  EXPECT_THAT(said, Not(HasSubstr("ExpireUnread")));
  EXPECT_EQ(policy(both, "ExpireSide Far"), "");
  EXPECT_EQ(policy(both + "ExpireSide Near"), "max_messages=500 ");
  // The near side is the server.
  EXPECT_EQ(policy(both, "", true), "");
  EXPECT_EQ(policy(both + "ExpireSide Far", "", true), "max_messages=500 ");
}

TEST(ReadChannel, KnowsOldWords) {
  const MbsyncFile file = parse_mbsync(
      "Channel c\nMaster :gmail:\"[Gmail]/Sent\"\nSlave :local:sent\nPattern a\nPatterns b !c\n");
  Remarks remarks;
  const MbsyncChannel channel = read_channel(file.sections.at(0), remarks);
  EXPECT_EQ(channel.far.store, "gmail");
  EXPECT_EQ(channel.far.box, "[Gmail]/Sent");
  EXPECT_EQ(channel.near.box, "sent");
  EXPECT_THAT(channel.patterns, testing::ElementsAre("a", "b", "!c"));
  EXPECT_THAT(remarks.take(), IsEmpty());
}

}  // namespace
}  // namespace sterna::importer
