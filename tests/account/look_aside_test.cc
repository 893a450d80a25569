// SPDX-License-Identifier: Apache-2.0
// What lies in folders of the account's own Maildir that no server gets, and may be a message which
// is to leave it.
#include "src/account/look_aside.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <utility>

#include "src/account/inspect_parts.h"
#include "sterna/maildir/identity.h"
#include "tests/account/account_world.h"

namespace sterna::account::test {
namespace {

using Births = std::vector<sync::BirthElsewhere>;

const std::string kContent = "Subject: x\nMessage-ID: <x@example.org>\n\nA few words.\n";
constexpr const char* kWhy = "mailbox Notes is not synced";

class LookAside : public AccountWorld {
 protected:
  LookAside() : search_{files(), {}, {}, 0, std::chrono::seconds(1)} {
    make_mailbox("INBOX");
    make_mailbox("Notes");
    root_ = files().open_root(settings_.maildir, false).value();
    MessageRow gone;
    gone.base_name = "1.gone";
    gone.file.size = kContent.size();
    search_.leaving.add(gone, kContent.size() + 4);
    search_.now_ns =
        loop_.clock().wall_ns() + std::chrono::nanoseconds(std::chrono::minutes(1)).count();
    places_.push_back({{"Notes"}, settings_.maildir + "/Notes", kWhy, false, {}});
  }

  Births look() { return look_aside(search_, *root_, places_); }
  std::uint64_t inode_of(const std::string& path) const {
    struct stat info{};
    EXPECT_EQ(::stat((settings_.maildir + "/" + path).c_str(), &info), 0) << path;
    return info.st_ino;
  }
  void remove(const std::string& path) {
    std::filesystem::remove_all(settings_.maildir + "/" + path);
  }

  std::unique_ptr<io::Directory> root_;
  ElsewhereSearch search_;
  std::vector<PlaceAside> places_;
};

TEST_F(LookAside, AFileThatMayBeItIsFound) {
  write_file("Notes/cur/17.a:2,S", kContent);
  const Births births = look();
  ASSERT_EQ(births.size(), 1U);
  EXPECT_FALSE(births[0].unclear);
  EXPECT_EQ(births[0].base_name, "17.a");
  EXPECT_TRUE(births[0].identity);
  EXPECT_EQ(births[0].obstacle, kWhy);
  EXPECT_EQ(births[0].what, "it may be " + settings_.maildir + "/Notes/cur/17.a:2,S");
}

TEST_F(LookAside, WhatCannotBeItIsNotReadAndIsNoBirth) {
  write_file("Notes/cur/17.a:2,S", kContent + std::string(4096, 'x'));
  write_file("Notes/cur/.hidden", kContent);
  EXPECT_TRUE(look().empty());
}

TEST_F(LookAside, TheNameAloneIsEnough) {
  write_file("Notes/new/1.gone", kContent + std::string(4096, 'x'));
  EXPECT_EQ(look().size(), 2U);  // new is read before and after cur
}

TEST_F(LookAside, AFolderThatLacksHalfOfItselfIsReadAsItIs) {
  write_file("Notes/cur/17.a:2,S", kContent);
  remove("Notes/new");
  remove("Notes/tmp");
  EXPECT_EQ(look().size(), 1U);
}

TEST_F(LookAside, AFolderThatIsBeingMadeIsNoObstacle) {
  write_file("Notes/cur/17.a:2,S", kContent);
  std::filesystem::last_write_time(settings_.maildir + "/Notes/cur/17.a:2,S", {});
  places_[0].half = true;
  remove("Notes/tmp");
  ASSERT_EQ(look().size(), 1U);
  EXPECT_EQ(look()[0].obstacle, kWhy);
  const std::int64_t later = std::exchange(search_.now_ns, loop_.clock().wall_ns());
  EXPECT_EQ(look()[0].obstacle, "");
  search_.now_ns = later;
  EXPECT_EQ(look()[0].obstacle, kWhy);
  make_mailbox("Notes");  // whole by now
  EXPECT_EQ(look()[0].obstacle, "");
  places_[0].half = false;
  EXPECT_EQ(look()[0].obstacle, kWhy);
}

TEST_F(LookAside, AFileThatIsBeingWrittenMayBeAnything) {
  write_file("Notes/cur/17.a:2,S", "Subject: y");
  search_.now_ns = loop_.clock().wall_ns();
  const Births births = look();
  ASSERT_EQ(births.size(), 1U);
  EXPECT_TRUE(births[0].unclear);
  EXPECT_EQ(births[0].obstacle, "");
}

TEST_F(LookAside, TheFilesOfTheMailboxItselfAreOnTheServer) {
  write_file("Notes/cur/17.a:2,S", kContent);
  places_[0].known_there = true;
  places_[0].known["17.a"] = inode_of("Notes/cur/17.a:2,S");
  EXPECT_TRUE(look().empty());
  ++places_[0].known["17.a"];  // another file has the name by now
  EXPECT_EQ(look().size(), 1U);
}

TEST_F(LookAside, AFolderThatWentMayHaveTakenAnything) {
  remove("Notes");
  const Births births = look();
  ASSERT_EQ(births.size(), 1U);
  EXPECT_TRUE(births[0].unclear);
  EXPECT_EQ(births[0].obstacle, "");
}

}  // namespace
}  // namespace sterna::account::test
