// SPDX-License-Identifier: Apache-2.0
// Two users and a line that breaks, in small random lives of an account.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "living.h"
#include "tests/support/sanitized.h"

namespace sterna::simulation {
namespace {

// One of many small lives: each message that nobody deleted is on both sides, once.
class RandomLife : public Living, public testing::WithParamInterface<std::uint64_t> {
 protected:
  static Lines tokens(const Lines& lines) {
    Lines found;
    for (const std::string& line : lines) {
      const std::size_t at = line.find(' ') + 1;
      found.push_back(line.substr(at, line.find_first_of(" :", at) - at));
    }
    std::ranges::sort(found);
    return found;
  }
  // As files() has them.
  static Lines as_files(Lines lines) {
    for (std::string& line : lines) {
      std::string letters;
      for (const auto& [flag, letter] : {std::pair(" \\Seen", 'S'), {" \\Deleted", 'T'}}) {
        const std::size_t at = line.find(flag);
        if (at == std::string::npos) continue;
        line.erase(at, std::string_view(flag).size());
        letters += letter;
      }
      if (!letters.empty()) line += ":" + letters;
    }
    std::ranges::sort(lines);
    return lines;
  }
  void act(SeededRandom& dice) {
    const std::vector<std::string> both{"INBOX", "m1"};
    const std::string& mailbox = dice.pick(both);
    const std::string& other = mailbox == "INBOX" ? both[1] : both[0];
    const std::string token = "t" + std::to_string(++made_);
    ServerMailbox& there = *server.find(mailbox);
    Lines here;
    for (const std::string part : {"/new/", "/cur/"}) {
      for (const std::string& name : disk.names("mail/" + mailbox + part.substr(0, 4))) {
        here.push_back("mail/" + mailbox + part + name);
      }
    }
    const std::string path = here.empty() ? "" : dice.pick(here);
    const std::uint32_t uid = there.messages.empty() ? 0 : there.messages.begin()->first;
    const std::uint64_t deed = dice.below(8);
    story_.push_back(fmt::format("{} ms: deed {} in {}: {} {} {}",
                                 clock_.monotonic().count() / 1'000'000, deed, mailbox, token,
                                 uid == 0 ? "" : token_of(there.messages.at(uid).octets),
                                 path.empty() ? path : token_of(disk.read(path)) + " " + path));
    switch (deed) {
      case 0:
        arrives(mailbox, token);
        break;
      case 1:
        delivered(mailbox, token);
        break;
      case 2:
        if (uid) there.set_flags(uid, FlagSet{Flag::seen});
        break;
      case 3:
        if (!uid) break;
        moved_there_.insert(token_of(there.messages.at(uid).octets));
        moves(mailbox, uid, other);
        break;
      case 4:
        if (!uid) break;
        deleted_.insert(token_of(there.messages.at(uid).octets));
        there.expunge(uid);
        break;
      case 5:
        if (path.empty()) break;
        disk.rename(path, "mail/" + mailbox + "/cur/" + base_of(path) + ":2,S");
        break;
      case 6:
        if (path.empty()) break;
        moved_here_.insert(token_of(disk.read(path)));
        disk.rename(path, "mail/" + other + "/cur/" + token + ":2,");
        break;
      default:
        if (path.empty()) break;
        deleted_.insert(token_of(disk.read(path)));
        disk.unlink(path);
        break;
    }
  }
  static std::string base_of(const std::string& path) {
    return without_letters(path).substr(path.rfind('/') + 1);
  }

  int made_ = 0;
  std::set<std::string> deleted_;
  std::set<std::string> moved_here_;
  std::set<std::string> moved_there_;
};

TEST_P(RandomLife, EndsWithBothSidesAlike) {
  SeededRandom dice(GetParam());
  tells_story_ = true;
  abilities.notify = dice.chance(40);
  abilities.idles_mutely = dice.chance(25);
  abilities.lags = dice.chance(20);
  if (dice.chance(20)) abilities.idle = abilities.notify = false;
  if (dice.chance(20)) abilities.qresync = false;
  if (dice.chance(20)) abilities.manners = Manners::cyrus;
  if (dice.chance(20)) abilities.uidplus = abilities.move = false;
  SeededRandom scarcity(GetParam());  // of watches
  if (scarcity.chance(10)) watches_max_ = scarcity.below(7);
  how_.poll_interval = minutes(5);
  for (int i = 0; i < 6; ++i) arrives(i % 2 == 0 ? "INBOX" : "m1", "o" + std::to_string(i));
  begin();
  for (int step = 0; step < 40; ++step) {
    act(dice);
    if (dice.chance(70)) told();
    if (dice.chance(8)) {
      story_.emplace_back("cut");
      line_->cut_after(dice.below(3000));
    }
    if (dice.chance(4)) {
      story_.emplace_back("silence");
      line_->fall_silent();
    }
    if (dice.chance(4)) account_->probe("slept");
    if (dice.chance(4)) {
      story_.emplace_back("another life");
      end();
      begin();
    }
    pass(milliseconds(dice.chance(30) ? dice.below(30'000) : dice.below(400)));
  }
  line_->cut_after(std::nullopt);
  account_->probe("slept");
  pass(hours(8));
  EXPECT_LE(asked_within(hours(1)), 400U) << "it does not come to rest";
  Lines here = files();
  std::ranges::sort(here);
  if (account_->life().held == 0) EXPECT_EQ(here, as_files(messages()));
  std::set<std::string> left;
  for (const Lines& side : {tokens(here), tokens(messages())}) {
    left.insert(side.begin(), side.end());
    for (const std::string& token : side) {
      // Without MOVE two clients may copy one message at once, and nothing tells the copies apart.
      const bool may_be_two =
          !abilities.move && moved_here_.contains(token) && moved_there_.contains(token);
      EXPECT_TRUE(may_be_two || std::ranges::count(side, token) == 1) << token << " is doubled";
    }
  }
  for (int i = 0; i < 6; ++i) {
    const std::string token = "o" + std::to_string(i);
    EXPECT_TRUE(deleted_.contains(token) || left.contains(token)) << token << " is lost";
  }
  if (HasFailure()) {
    for (const std::string& one : story_) ADD_FAILURE() << one;
    for (const std::string& one : files()) ADD_FAILURE() << "here " << one;
    for (const std::string& one : messages()) ADD_FAILURE() << "there " << one;
    for (const std::string& one : errors_) ADD_FAILURE() << one;
  }
}

constexpr std::uint64_t kLives = test::kSanitized ? 12 : 40;

// Others: STERNA_SIM_FIRST and STERNA_SIM_SEEDS, as for seeds.
INSTANTIATE_TEST_SUITE_P(Lives, RandomLife, testing::ValuesIn([] {
                           const std::uint64_t first = number_from("STERNA_SIM_FIRST").value_or(0);
                           const std::uint64_t count =
                               number_from("STERNA_SIM_SEEDS").value_or(kLives);
                           std::vector<std::uint64_t> lives(count);
                           std::iota(lives.begin(), lives.end(), first);
                           return lives;
                         }()));

TEST_F(Living, AMoveOnTheServerThatIsToldOfWholeIsOneMessageAtOnce) {
  abilities.notify = true;
  const std::uint32_t uid = arrives("m1", "t1");
  begin();
  moves("m1", uid, "INBOX");
  told();
  pass(seconds(5));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  expect_rest();
}

// Without NOTIFY its end in m1 is not told.
TEST_F(Living, AMoveOnTheServerThatIsToldOfByHalfIsSoonOneMessage) {
  const std::uint32_t uid = arrives("m1", "t1");
  begin();
  moves("m1", uid, "INBOX");
  told();
  pass(seconds(15));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  expect_rest();
}

// Its old file is here until m2 is looked at, and a person may move that, too.
TEST_F(Living, WhatWasToldOfByHalfAndMovedHereMeanwhileIsOneMessage) {
  how_.poll_interval = minutes(5);
  server.create("m2");
  for (const bool restarted : {false, true}) {
    const std::uint32_t uid = arrives("m2", "t1");
    begin();
    moves("m2", uid, "INBOX");
    told();
    pass(milliseconds(900));
    arrives("INBOX", "t2");
    told();
    pass(milliseconds(900));
    const Lines inbox{"INBOX t1", "INBOX t2"};
    EXPECT_EQ(files(), inbox);
    const Lines stale = disk.names("mail/m2/new");
    ASSERT_EQ(stale.size(), 1U) << "nobody told of m2";
    disk.rename("mail/m2/new/" + stale[0], "mail/m1/cur/moved:2,");
    if (restarted) end();
    if (restarted) begin();
    pass(minutes(12));
    EXPECT_EQ(files(), inbox);
    EXPECT_EQ(messages(), inbox);
    while (!server.find("INBOX")->messages.empty()) {
      server.find("INBOX")->expunge(server.find("INBOX")->messages.begin()->first);
    }
    pass(minutes(6));
    end();
  }
}

}  // namespace
}  // namespace sterna::simulation
