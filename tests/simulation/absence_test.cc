// SPDX-License-Identifier: Apache-2.0
// What a server tells of messages that went, and is wrong about (rule 5).
#include "stage.h"

namespace sterna::simulation {
namespace {

class AbsenceTest : public Stage {
 protected:
  AbsenceTest() {
    abilities.condstore = abilities.qresync = abilities.list_status = true;
    for (int i = 1; i <= 3; ++i) arrives("INBOX", "t" + std::to_string(i));
    arrives("m1", "u1");
    sync();
    sync();  // of the first one the server had no mod-sequence yet
    server.before_command = [this](const std::string& line) { commands_.push_back(line); };
  }

  // The message goes, and the server says that it was the other one.
  void vanishes(std::uint32_t uid, std::uint32_t said) {
    ServerMailbox& inbox = *server.find("INBOX");
    inbox.expunge(uid);
    auto node = inbox.vanished.extract(uid);
    node.key() = said;
    inbox.vanished.insert(std::move(node));
  }
  std::size_t asked(const std::string& part) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        commands_, [&](const std::string& line) { return line.contains(part); }));
  }

  std::vector<std::string> commands_;
};

TEST_F(AbsenceTest, WhatVanishedAndIsThereStays) {
  vanishes(2, 1);
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t3", "m1 u1"}));
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t3", "m1 u1"}));
  EXPECT_EQ(server.find("INBOX")->messages.size(), 2U);
}

TEST_F(AbsenceTest, WhatVanishedIsAskedForOnceByName) {
  server.find("INBOX")->expunge(2);
  server.find("m1")->expunge(1);
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t3"}));
  EXPECT_EQ(asked("(UID FLAGS)"), 2U);
  EXPECT_EQ(asked("UID SEARCH"), 0U);
}

TEST_F(AbsenceTest, WhereNothingVanishedNothingIsAsked) {
  arrives("INBOX", "t4");
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t2", "INBOX t3", "INBOX t4", "m1 u1"}));
  EXPECT_EQ(asked("(UID FLAGS)"), 0U);
}

// The directories are walked and listed while the login goes on.
TEST_F(Stage, WhatComesHereAmidTheLoginIsSent) {
  arrives("m1", "t1");
  sync();
  disk.set_now_ns(clock_.wall_ns());
  at_command("LOGIN", [&] { disk.write("mail/m1/new/t2", "Subject: t2\nX-Token: t2\n\n"); });
  sync();
  EXPECT_EQ(messages(), (Lines{"m1 t1", "m1 t2"}));
}

TEST_F(Stage, AFolderThatGoesAmidTheLoginTakesNoMailAlong) {
  arrives("m1", "t1");
  sync();
  const std::string path = file_of("t1");
  at_command("LOGIN", [&] {
    disk.rename(path, "mail/INBOX/cur/" + path.substr(path.rfind('/') + 1));
    disk.remove_tree("mail/m1");
  });
  for (int i = 0; i < 3; ++i) run();
  const auto& inbox = server.find("INBOX")->messages;
  EXPECT_EQ(inbox.size() + (server.find("m1") ? server.find("m1")->messages.size() : 0), 1U);
  EXPECT_TRUE(disk.exists("mail/INBOX/cur/" + path.substr(path.rfind('/') + 1)) ||
              !disk.names("mail/INBOX/cur").empty());
}

}  // namespace
}  // namespace sterna::simulation
