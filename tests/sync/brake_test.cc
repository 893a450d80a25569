// SPDX-License-Identifier: Apache-2.0
// The brake (rule 6): over a rolling window, per mailbox and account, each side by itself.
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

enum class Which : std::uint8_t { files, messages };

// `count` of the rows of `name` go; its window began with `there` messages.
Input removals(int count, std::uint64_t there, Which which, std::string name = "A") {
  std::string base;
  std::string gone;
  for (int i = 1; i <= count; ++i) {
    const std::string uid = std::to_string(i);
    base += name + " " + uid + " x" + uid + " S\n";
    gone += name + " gone " + uid + "\n";
  }
  const bool local = which == Which::files;
  Input input = read({"A B Trash:trash Spam:junk", base, local ? "" : gone, local ? gone : ""});
  mailbox(input, name).window.messages_at_start = there;
  return input;
}

std::size_t held(const Input& input) {
  const Plan result = plan(input);
  return result.held.size();
}
std::size_t let_through(const Input& input) {
  return plan(input).actions.size();
}

TEST(Brake, LetsThroughFewerThanAtLeast) {
  EXPECT_EQ(let_through(removals(49, 49, Which::files)), 49U);
  EXPECT_EQ(let_through(removals(49, 49, Which::messages)), 49U);
}
TEST(Brake, HoldsAllThatReachBothThresholds) {
  EXPECT_EQ(held(removals(50, 166, Which::files)), 50U);
  EXPECT_EQ(let_through(removals(50, 166, Which::files)), 0U);
  EXPECT_EQ(held(removals(50, 166, Which::messages)), 50U);
}
TEST(Brake, LetsThroughASmallShare) {
  EXPECT_EQ(let_through(removals(50, 167, Which::files)), 50U);
  EXPECT_EQ(let_through(removals(50, 167, Which::messages)), 50U);
}
TEST(Brake, AnEmptyMailboxAtTheStartIsNoDivisionByZero) {
  EXPECT_EQ(held(removals(50, 0, Which::files)), 50U);
}
TEST(Brake, CountsWhatWentThroughWithinTheWindow) {
  Input input = removals(10, 100, Which::files);
  mailbox(input, "A").window.removed_remote = 40;
  EXPECT_EQ(held(input), 10U);
  mailbox(input, "A").window.removed_remote = 39;
  EXPECT_EQ(held(input), 0U);
}
TEST(Brake, CountsWhatASyncThatDiedHadBegun) {
  for (const RowState state : {RowState::deleting, RowState::dropping}) {
    for (const bool done : {false, true}) {
      const bool remote = state == RowState::deleting;
      Input input = removals(50, 100, remote ? Which::files : Which::messages);
      MailboxInput& in = mailbox(input, "A");
      for (MessageRow& row : input.rows) {
        if (row.key.uid > Uid(40)) continue;
        row.state = state;
        std::erase(in.local.gone, row.key.uid);
        in.remote.gone.remove(row.key.uid);
        if (remote == done) in.remote.gone.add(row.key.uid);
      }
      EXPECT_EQ(held(input), 10U) << remote << done;
      input.rows[0].state = RowState::present;
      in.remote.gone.remove(input.rows[0].key.uid);
      EXPECT_EQ(held(input), 0U) << remote << done;
    }
  }
}
TEST(Brake, CountsWhatWasFlaggedAndExpunged) {
  Input input = removals(50, 100, Which::files);
  MailboxInput& in = mailbox(input, "A");
  for (const MessageRow& row : input.rows) {
    if (row.key.uid > Uid(40)) continue;
    std::erase(in.local.gone, row.key.uid);
    in.remote.gone.add(row.key.uid);
    add_intent(input, IntentKind::delete_out, "A", row.key.uid.value, "", "x", "");
  }
  const Plan result = plan(input);
  EXPECT_EQ(std::ranges::count(result.held, HeldKind::delete_remote, &Held::kind), 10);
  input.intents.clear();
  EXPECT_EQ(held(input), 0U);
}
TEST(Brake, WhatAnEditReplacedIsNoDeletion) {
  Input input = removals(50, 100, Which::files);
  for (MessageRow& row : input.rows) {
    if (row.key.uid > Uid(40)) continue;
    std::erase(mailbox(input, "A").local.gone, row.key.uid);
    row.state = RowState::deleting;
    give_file_away(row);
  }
  EXPECT_EQ(held(input), 0U);
}
TEST(Brake, WhatAMoveLeftBehindIsNoDeletion) {
  Input input = removals(50, 100, Which::files);
  for (MessageRow& row : input.rows) {
    if (row.key.uid > Uid(40)) continue;
    std::erase(mailbox(input, "A").local.gone, row.key.uid);
    row.state = RowState::deleting;
    row.base_name.clear();
  }
  EXPECT_EQ(held(input), 0U);
}
TEST(Brake, CountsEachSideByItself) {
  Input input = removals(10, 100, Which::files);
  mailbox(input, "A").window.removed_local = 1000;
  EXPECT_EQ(held(input), 0U);
  input = removals(10, 100, Which::messages);
  mailbox(input, "A").window.removed_remote = 1000;
  EXPECT_EQ(held(input), 0U);
}
TEST(Brake, AccountWideItHoldsAll) {
  Input input = removals(60, 1000, Which::files);
  input.account_window.messages_at_start = 200;
  EXPECT_EQ(held(input), 60U);
}
TEST(Brake, AccountWideItCountsWhatWentThrough) {
  Input input = removals(20, 1000, Which::messages);
  input.account_window = {0, 40, 0, 200};
  EXPECT_EQ(held(input), 20U);
}
TEST(Brake, TrashAndJunkAreExempt) {
  for (const std::string name : {"Trash", "Spam"}) {
    Input input = removals(500, 500, Which::files, name);
    input.account_window.messages_at_start = 500;
    EXPECT_EQ(let_through(input), 500U) << name;
  }
}
TEST(Brake, ItsOwnThresholdsCount) {
  Input input = removals(5, 10, Which::files);
  mailbox(input, "A").brake = {0.5, 5};
  EXPECT_EQ(held(input), 5U);
  mailbox(input, "A").brake = {0.51, 5};
  EXPECT_EQ(held(input), 0U);
  mailbox(input, "A").brake = {1.0, 1'000'000'000};
  EXPECT_EQ(held(input), 0U);
}

// --- what the user approved ---

TEST(Approval, LetsExactlyItsRowsThrough) {
  Input input = removals(60, 100, Which::files);
  for (int i = 0; i < 10; ++i) {
    input.approvals.push_back(
        {input.rows[static_cast<std::size_t>(i)].key, validity_of(MailboxId(1))});
  }
  EXPECT_EQ(let_through(input), 10U);
  EXPECT_EQ(held(input), 50U);
}
TEST(Approval, OfAnotherUidValidityIsNone) {
  Input input = removals(60, 100, Which::files);
  for (const MessageRow& row : input.rows) input.approvals.push_back({row.key, UidValidity(1)});
  EXPECT_EQ(held(input), 60U);
}
TEST(Approval, DoesNotMakeTheRestFit) {
  Input input = removals(60, 100, Which::files);
  for (int i = 0; i < 20; ++i) {
    input.approvals.push_back(
        {input.rows[static_cast<std::size_t>(i)].key, validity_of(MailboxId(1))});
  }
  EXPECT_EQ(let_through(input), 60U) << "forty that were not approved are below the threshold";
}

// --- what is no removal ---

TEST(Brake, MovesNeverCount) {
  std::string base;
  std::string local;
  for (int i = 1; i <= 500; ++i) {
    const std::string uid = std::to_string(i);
    base += "A " + uid + " x" + uid + " S\n";
    local += "A gone " + uid + "\nB new A" + uid + " x" + uid + " S\n";
  }
  Input input = read({"A B Trash:trash", base, "", local});
  mailbox(input, "A").window.messages_at_start = 500;
  input.account_window.messages_at_start = 500;
  const Plan result = plan(input);
  EXPECT_TRUE(result.held.empty());
  EXPECT_EQ(result.actions.size(), 500U);
  for (const Action& action : result.actions) EXPECT_EQ(kind_of(action), "move_out");
}
TEST(Brake, GoneOnBothSidesDoesNotCount) {
  Input input = removals(60, 60, Which::files);
  for (int i = 1; i <= 60; ++i) {
    mailbox(input, "A").remote.gone.add(Uid(static_cast<std::uint32_t>(i)));
  }
  EXPECT_EQ(held(input), 0U);
}

// --- held is a verdict, not a queue (22) ---

TEST(Held, DissolvesWhenTheFilesReturn) {
  EXPECT_EQ(held(removals(60, 100, Which::files)), 60U);
  Input input = removals(60, 100, Which::files);
  mailbox(input, "A").local.gone.clear();
  EXPECT_EQ(told(input), "");
}
TEST(Held, SaysWhatItIsAbout) {
  Input input = removals(60, 100, Which::files);
  const Plan result = plan(input);
  ASSERT_FALSE(result.held.empty());
  EXPECT_EQ(result.held.front().kind, HeldKind::delete_remote);
  EXPECT_EQ(result.held.front().uidvalidity, validity_of(MailboxId(1)));
  EXPECT_EQ(result.held.front().uid, Uid(1));
  EXPECT_FALSE(result.held.front().reason.empty());
  EXPECT_EQ(plan(removals(60, 100, Which::messages)).held.front().kind, HeldKind::delete_local);
  EXPECT_TRUE(plan(removals(60, 100, Which::messages)).held.front().file.has_value());
}

}  // namespace
}  // namespace sterna::sync::test
