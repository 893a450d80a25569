// SPDX-License-Identifier: Apache-2.0
// What is in plan after plan, and what only looks like it (rule 25).
#include "sterna/sync/attempts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "notation.h"

namespace sterna::sync::test {
namespace {

constexpr MailboxId kA{1};
constexpr MailboxId kB{2};
const std::set<MailboxId> kBoth{kA, kB};

struct World {
  std::string_view base;
  std::string_view remote;
  std::string_view local;
};

Input input_of(const World& world) {
  return read({"A B", world.base, world.remote, world.local});
}

std::string shown(const std::vector<Attempt>& attempts) {
  std::string text;
  for (const Attempt& one : attempts) {
    text += one.key.action + (one.key.mailbox == kA ? " A" : " B");
    text += one.key.uid ? "/" + std::to_string(one.key.uid.value) : " " + one.key.base_name;
    text += " " + std::to_string(one.times) + "\n";
  }
  return text;
}

// Passes one after the other, each carried out to its end, whatever came of it.
class Passes {
 public:
  // The attempts of this pass's plan, with how often each was made before.
  std::string plan(const Input& input, const std::set<MailboxId>& seen = kBoth) {
    ComparedAttempts compared = compare_attempts(sync::plan(input), attempts_, seen);
    const std::string planned = shown(compared.planned);
    over = shown(compared.over);
    for (const Attempt& one : compared.over) remove(one.key);
    for (Attempt& one : compared.planned) {
      remove(one.key);
      ++one.times;
      attempts_.push_back(std::move(one));
    }
    return planned;
  }
  std::string plan(const World& world, const std::set<MailboxId>& seen = kBoth) {
    return plan(input_of(world), seen);
  }
  std::string kept() const { return shown(attempts_); }

  std::string over;

 private:
  void remove(const ActionKey& key) {
    std::erase_if(attempts_, [&](const Attempt& one) { return one.key == key; });
  }
  std::vector<Attempt> attempts_;
};

const World kRead{"A 1 x -", "", "A flags 1 S"};
const World kUnread{"A 1 x S", "", "A flags 1 -"};
const World kMoved{"A 1 x S", "", "A gone 1\nB new A1 x S"};
const World kDeleted{"A 1 x S", "", "A gone 1"};
const World kSettled{"A 1 x S", "", ""};

TEST(Attempts, TheSameInPlanAfterPlanIsCounted) {
  Passes passes;
  EXPECT_EQ(passes.plan(kRead), "flags A/1 0\n");
  EXPECT_EQ(passes.plan(kRead), "flags A/1 1\n");
  EXPECT_EQ(passes.plan(kRead), "flags A/1 2\n");
  EXPECT_EQ(passes.over, "");
  EXPECT_EQ(passes.plan(kSettled), "");
  EXPECT_EQ(passes.over, "flags A/1 3\n");
  EXPECT_EQ(passes.plan(kRead), "flags A/1 0\n");
}

TEST(Attempts, EachKindIsKnownByWhatItIsDoneTo) {
  Passes passes;
  EXPECT_EQ(passes.plan(kMoved), "move B A1 0\n");
  EXPECT_EQ(passes.plan(kDeleted), "delete A/1 0\n");
  EXPECT_EQ(passes.plan({"", "A new 7 x -", ""}), "download A/7 0\n");
  EXPECT_EQ(passes.plan({"", "", "A new n1 x S"}), "upload A n1 0\n");
  EXPECT_EQ(passes.plan({"A 1 x -", "A flags 1 S", ""}), "flags_in A/1 0\n");
  EXPECT_EQ(passes.plan({"A 1 x S", "", "A wreck 1 y"}), "repair A/1 0\n");
}

TEST(Attempts, WhatChangesTheBaseAloneIsNone) {
  Passes passes;
  EXPECT_EQ(passes.plan({"A 1 x -", "A flags 1 S", "A flags 1 S"}), "");  // record
  EXPECT_EQ(passes.plan({"A 1 x S", "A gone 1", "A gone 1"}), "");        // forget
  EXPECT_EQ(passes.plan({"", "A new 1 x S", "A new n1 x S"}), "");        // pair
}

// A flag that is set and taken away in turns is another action each time.
TEST(Attempts, AUserWhoTogglesMakesProgress) {
  Passes passes;
  for (int sync = 0; sync < 10; ++sync) {
    EXPECT_EQ(passes.plan(sync % 2 == 0 ? kRead : kUnread), "flags A/1 0\n");
    EXPECT_EQ(passes.over, sync == 0 ? "" : "flags A/1 1\n");
  }
}

// Set here each time, and taken away on both sides in between, which changes the base alone.
TEST(Attempts, WhatTheBaseWentBackFromIsAnotherStory) {
  Passes passes;
  for (int sync = 0; sync < 10; ++sync) {
    EXPECT_EQ(passes.plan(kRead), "flags A/1 0\n");
    EXPECT_EQ(passes.plan({"A 1 x S", "A flags 1 -", "A flags 1 -"}), "");
  }
}

TEST(Attempts, AMessageMovedToAndFroIsUnderAnotherUidEachTime) {
  Passes passes;
  std::uint32_t uid = 1;
  for (int sync = 0; sync < 10; ++sync) {
    const bool there = sync % 2 == 0;
    const std::string from = there ? "A" : "B";
    const std::string to = there ? "B" : "A";
    const std::string at = std::to_string(uid++);
    const std::string base = from + " " + at + " x S name=f";
    const std::string local = from + " gone " + at + "\n" + to + " new f x S";
    EXPECT_EQ(passes.plan({base, "", local}), "move " + to + " f 0\n");
  }
}

TEST(Attempts, OtherFlagsAreAnotherAction) {
  Passes passes;
  passes.plan(kRead);
  EXPECT_EQ(passes.plan({"A 1 x -", "", "A flags 1 FS"}), "flags A/1 0\n");
  EXPECT_EQ(passes.over, "flags A/1 1\n");
}

TEST(Attempts, AnotherContentIsAnotherAction) {
  Passes passes;
  passes.plan({"", "", "A new n1 x S"});
  EXPECT_EQ(passes.plan({"", "", "A new n1 y S"}), "upload A n1 0\n");
}

TEST(Attempts, AnotherUidValidityIsAnotherAction) {
  Passes passes;
  passes.plan({"", "A new 7 x -", ""});
  Input input = input_of({"", "A new 7 x -", ""});
  input.mailboxes[0].base_uidvalidity = input.mailboxes[0].remote.uidvalidity = UidValidity{99};
  EXPECT_EQ(passes.plan(input), "download A/7 0\n");
}

// What is fetched anew is another file each time.
TEST(Attempts, ADamagedFileIsTheSameUnderAnotherInode) {
  Passes passes;
  passes.plan({"A 1 x S", "", "A wreck 1 y"});
  Input input = input_of({"A 1 x S", "", "A wreck 1 y"});
  input.mailboxes[0].local.changed[0].file.file.ino += 1;
  input.mailboxes[0].local.changed[0].file.file.mtime_ns += 1;
  EXPECT_EQ(passes.plan(input), "repair A/1 1\n");
}

TEST(Attempts, ARepairThatWasBegunBeforeIsADownload) {
  Passes passes;
  EXPECT_EQ(passes.plan({"A 1 x S wanted", "", "A new A1 y S ino=A/1"}), "download A/1 0\n");
}

TEST(Attempts, OfWhatWaitsNothingIsKnown) {
  Passes passes;
  passes.plan(kDeleted);
  EXPECT_EQ(passes.plan({"A 1 x S", "", "A gone 1\nA busy"}), "");
  EXPECT_EQ(passes.over, "");
  EXPECT_EQ(passes.kept(), "delete A/1 1\n");
  EXPECT_EQ(passes.plan(kDeleted), "delete A/1 1\n");
}

TEST(Attempts, AMoveWaitsByItsFile) {
  Passes passes;
  passes.plan(kMoved);
  EXPECT_EQ(passes.plan({"A 1 x S", "A unknown", "A gone 1\nB new A1 x S"}), "");
  EXPECT_EQ(passes.over, "");
  EXPECT_EQ(passes.plan(kMoved), "move B A1 1\n");
}

TEST(Attempts, OfAMailboxThatWasNotSeenNothingIsKnown) {
  Passes passes;
  passes.plan(kRead);
  EXPECT_EQ(passes.plan({"A 1 x -", "A unknown", ""}, {kB}), "");
  EXPECT_EQ(passes.over, "");
  EXPECT_EQ(passes.plan(kRead), "flags A/1 1\n");
}

TEST(Attempts, WhatIsHeldByNowIsOver) {
  Passes passes;
  passes.plan(kDeleted);
  Input held = input_of(kDeleted);
  held.mailboxes[0].brake = {0.0, 1};
  held.mailboxes[0].window.messages_at_start = 1;
  EXPECT_EQ(passes.plan(held), "");
  EXPECT_EQ(passes.over, "delete A/1 1\n");
}

// Those that were counted are found among any number of new ones.
TEST(Attempts, OfVeryManyNewOnesSomeAreWatched) {
  Passes passes;
  Input input = input_of({"", "A new 900 x -", ""});
  EXPECT_EQ(passes.plan(input), "download A/900 0\n");
  input.mailboxes[0].remote.arrived = UidSet::range(Uid{1}, Uid{100'000});
  const std::string planned = passes.plan(input);
  EXPECT_TRUE(planned.starts_with("download A/900 1\ndownload A/1 0\n")) << planned.substr(0, 80);
  EXPECT_EQ(std::ranges::count(planned, '\n'), 251);
}

}  // namespace
}  // namespace sterna::sync::test
