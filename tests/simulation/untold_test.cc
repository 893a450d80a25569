// SPDX-License-Identifier: Apache-2.0
// What nobody tells an account that lives, neither the kernel nor the server: it is looked for.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "living.h"

namespace sterna::simulation {
namespace {

class Untold : public Living {
 protected:
  // A message of this token, and then its flag.
  void expect_sent_within(nanoseconds time, const std::string& mailbox, const std::string& token) {
    const std::string line = mailbox + " " + token;
    delivered(mailbox, token);
    pass(time);
    EXPECT_EQ(std::ranges::count(messages(), line), 1) << line;
    disk.rename(file_of(token), "mail/" + mailbox + "/cur/" + token + ":2,S");
    pass(time);
    EXPECT_EQ(std::ranges::count(messages(), line + " \\Seen"), 1) << line;
  }
};

// Three directories a mailbox, and the root.
TEST_F(Untold, WhatTheKernelWatchesNoMoreIsLookedAtNowAndThenAndStatusSaysSo) {
  watches_max_ = 4;
  begin();
  EXPECT_EQ(account_->life().state, LifeState::watching);
  EXPECT_EQ(account_->life().watches, 4U);
  EXPECT_EQ(account_->life().watch_obstacle,
            "the Maildir is looked at now and then: no more watches");
  delivered("INBOX", "t1");
  delivered("m1", "t2");
  pass(seconds(3));
  EXPECT_EQ(messages().size(), 2U) << "what is looked at is looked at whole";
  delivered("m1", "t3");
  pass(seconds(10));
  EXPECT_EQ(messages().size(), 2U) << "nobody told of it";
  pass(seconds(52));
  EXPECT_EQ(messages().size(), 3U);
  expect_sent_within(seconds(3), "INBOX", "t4");
  expect_sent_within(seconds(63), "m1", "t5");
  arrives("INBOX", "t6");
  told();
  pass(seconds(3));
  Lines here = files();
  std::ranges::sort(here);
  EXPECT_EQ(here, (Lines{"INBOX t1", "INBOX t4:S", "INBOX t6", "m1 t2", "m1 t3", "m1 t5:S"}));
  EXPECT_EQ(account_->life().pending, 0U);
  EXPECT_TRUE(errors_.empty());
}

TEST_F(Untold, WhatTheKernelWatchesAgainIsToldOf) {
  watches_max_ = 1;
  begin();
  EXPECT_NE(account_->life().watch_obstacle, "");
  watcher_->watches_max = SIZE_MAX;
  pass(seconds(62));
  EXPECT_EQ(account_->life().watches, 7U);
  EXPECT_EQ(account_->life().watch_obstacle, "");
  expect_sent_within(seconds(3), "m1", "t1");
  expect_rest();
}

// NFS: what another machine does there, the kernel does not tell.
TEST_F(Untold, ANetworksDiskIsLookedAtNowAndThen) {
  disk.is_network = true;
  begin();
  EXPECT_EQ(account_->life().watch_obstacle,
            "the Maildir is looked at now and then: a network file system tells nothing of other "
            "machines");
  const auto told_here = std::exchange(disk.changed, nullptr);
  delivered("m1", "t1");
  pass(seconds(5));
  EXPECT_EQ(messages(), Lines{});
  pass(seconds(57));
  EXPECT_EQ(messages(), Lines{"m1 t1"});
  expect_sent_within(seconds(63), "INBOX", "t2");
  disk.changed = told_here;
  expect_sent_within(seconds(3), "m1", "t3");
}

// A local disk that tells nothing is not looked at for its own sake: the ones above are.
TEST_F(Untold, ADiskThatIsWatchedIsNotLookedAtNowAndThen) {
  begin();
  EXPECT_EQ(account_->life().watch_obstacle, "");
  const auto told_here = std::exchange(disk.changed, nullptr);
  delivered("m1", "t1");
  pass(minutes(10));
  EXPECT_EQ(messages(), Lines{});
  disk.changed = told_here;
}

TEST_F(Untold, FilesThatGoOnChangingDoNotPutASyncOffForEver) {
  begin();
  int made = 0;
  const auto goes_on_for = [&](milliseconds time) {
    for (const auto end = clock_.monotonic() + time; clock_.monotonic() < end;) {
      delivered("m1", "t" + std::to_string(++made));
      pass(milliseconds(40));
    }
  };
  goes_on_for(milliseconds(1900));
  EXPECT_EQ(messages(), Lines{}) << "they settle first";
  goes_on_for(milliseconds(300));
  EXPECT_FALSE(messages().empty());
  goes_on_for(seconds(6));
  EXPECT_GE(messages().size(), 150U);
  pass(seconds(3));
  EXPECT_EQ(messages().size(), static_cast<std::size_t>(made));
}

// Without CONDSTORE no figure changes with a flag: each poll asks for those of all messages.
TEST_F(Untold, AFlagThatNoServerTellsOfComesWithThePoll) {
  abilities.condstore = abilities.qresync = false;
  how_.poll_interval = minutes(5);
  for (const auto& [idle, list_status] : {std::pair(false, false), {true, true}}) {
    abilities.idle = idle;
    abilities.list_status = list_status;
    for (const std::string mailbox : {"INBOX", "m1"}) arrives(mailbox, mailbox + "-t");
    begin();
    pass(minutes(10));
    for (const std::string mailbox : {"INBOX", "m1"}) {
      ServerMailbox& there = *server.find(mailbox);
      const std::string file = mailbox + " " + mailbox + "-t";
      there.set_flags(there.messages.begin()->first, FlagSet{Flag::seen});
      pass(minutes(5) + seconds(5));
      EXPECT_EQ(std::ranges::count(files(), file + ":S"), 1) << idle << file;
      there.set_flags(there.messages.begin()->first, {});
      pass(minutes(5) + seconds(5));
      EXPECT_EQ(std::ranges::count(files(), file), 1) << idle << file;
    }
    end();
    for (const std::string mailbox : {"INBOX", "m1"}) {
      server.find(mailbox)->expunge(server.find(mailbox)->messages.begin()->first);
    }
  }
}

}  // namespace
}  // namespace sterna::simulation
