// SPDX-License-Identifier: Apache-2.0
// When an action that succeeds again and again is parked, for how long, and what is no evidence.
#include "src/account/attempts.h"

#include <gmock/gmock.h>

#include "tests/account/account_world.h"
#include "tests/support/virtual_clock.h"

namespace sterna::account::test {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;

constexpr UidValidity kValidity{7};
constexpr Uid kUid{3};

class Attempts : public AccountWorld {
 protected:
  Attempts() {
    write([this](store::Store& base) { inbox_ = add_mailbox(base, "INBOX", "INBOX"); });
  }

  using Deed = std::function<void(Engine&)>;
  static void nothing(Engine&) {}

  // One pass that has this to do, and comes to its end unless it is cut. Its errors.
  std::vector<std::string> pass(sync::Plan plan, const Deed& during = nothing, bool cut = false) {
    AccountReport report;
    Progress progress;
    Engine engine(world(), settings_, {}, progress, Log{}, report);
    engine.store = open();
    engine.mailboxes.push_back(look_at_inbox(*engine.store));
    PassAttempts attempts(engine);
    EXPECT_TRUE(attempts.compare(plan));
    EXPECT_TRUE(attempts.hold_back(plan));
    write(*engine.store, [&](store::Store&) { EXPECT_TRUE(attempts.write()); });
    left_ = std::move(plan);
    during(engine);
    if (!cut) {
      EXPECT_TRUE(attempts.count());
      write(*engine.store, [&](store::Store&) { EXPECT_TRUE(attempts.write()); });
    }
    looks_again_ = !engine.mailboxes.front()->stamp_settled;
    std::vector<std::string> errors;
    for (const Error& error : report.errors) errors.push_back(error.describe());
    return errors;
  }
  void pass_often(const sync::Plan& plan, int times, const Deed& during = nothing) {
    for (int i = 0; i < times; ++i) EXPECT_TRUE(pass(plan, during).empty());
  }

  sync::Where where() const { return {inbox_, kValidity}; }
  static sync::Plan plan_of(sync::ActionKind what) {
    sync::Plan plan;
    plan.actions.push_back({std::move(what), "a reason"});
    return plan;
  }
  sync::Plan flags(Uid uid = kUid) const {
    sync::PushFlags push{where(), uid, {FlagSet{Flag::seen}, {}}, FlagSet{Flag::seen}, {}, {}};
    return plan_of(std::move(push));
  }
  sync::Plan deletion() const {
    sync::DeleteOut out;
    out.where = where();
    out.uid = kUid;
    return plan_of(std::move(out));
  }
  sync::Plan repair() const {
    sync::Repair repair;
    repair.where = where();
    repair.uid = kUid;
    repair.file.base = "17.host";
    return plan_of(std::move(repair));
  }
  sync::Plan download() const { return plan_of(sync::Download{where(), UidSet::single(kUid)}); }

  std::vector<store::Failure> failures() { return *open()->failures(); }
  std::vector<Attempt> attempts() { return *open()->attempts(); }
  std::int64_t now_ms() const { return clock_.wall_ns() / 1'000'000; }
  Services world() {
    return {clock_, loop_.worker(), loop_.dialer(), loop_.random(), loop_.file_system()};
  }

  sterna::test::VirtualClock clock_;
  MailboxId inbox_;
  sync::Plan left_;
  bool looks_again_ = false;

 private:
  static std::unique_ptr<MailboxWork> look_at_inbox(store::Store& base) {
    auto work = std::make_unique<MailboxWork>();
    work->row = (*base.mailboxes()).front();
    work->input.remote.coverage = Coverage::complete;
    work->input.local.coverage = Coverage::complete;
    return work;
  }
};

TEST_F(Attempts, ThreeInVainAreEnough) {
  pass_often(flags(), 3);
  EXPECT_TRUE(failures().empty());
  const auto errors = pass(flags());
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0], HasSubstr("mailbox INBOX: flags UID 3: said to the server 3 times"));
  const auto parked = failures();
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked[0].uid, kUid);
  EXPECT_EQ(parked[0].action, "flags");
  EXPECT_EQ(parked[0].next_try_ms, now_ms() + 60'000);
}

TEST_F(Attempts, WhatTheServerAnsweredIsTold) {
  const Deed answer = [this](Engine& engine) {
    engine.outcomes.answers[{inbox_, kUid, {}, "flags"}] = "answered OK";
  };
  pass_often(flags(), 3, answer);
  EXPECT_THAT(pass(flags()).at(0), HasSubstr("(the server answered OK)"));
  EXPECT_THAT(failures().at(0).reason, HasSubstr("(the server answered OK)"));
}

TEST_F(Attempts, AreMadeAgainAtGrowingIntervals) {
  pass_often(flags(), 3);
  EXPECT_EQ(pass(flags()).size(), 1U);
  for (unsigned tries = 1; tries <= 3; ++tries) {
    pass_often(flags(), 2);  // before its time
    EXPECT_EQ(attempts().at(0).times, 2U + tries);
    clock_.shift_wall(minutes(1U << (tries - 1)));
    // As if it had succeeded.
    const Deed success = [this](Engine& engine) {
      write(*engine.store, [this](store::Store& base) {
        EXPECT_TRUE(base.clear_failure(inbox_, kUid, "", "flags"));
      });
    };
    pass_often(flags(), 1, success);
    EXPECT_EQ(pass(flags()).size(), 1U);
    EXPECT_EQ(failures().at(0).next_try_ms, now_ms() + (std::int64_t{60'000} << tries));
  }
}

TEST_F(Attempts, APassThatIsCutIsNoEvidence) {
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(pass(flags(), nothing, true).empty());
  EXPECT_TRUE(attempts().empty());
}

TEST_F(Attempts, APassThatIsCutForgetsWhatItDoesNotRepeat) {
  pass_often(flags(), 2);
  pass(deletion(), nothing, true);
  EXPECT_TRUE(attempts().empty());
}

TEST_F(Attempts, WhatFailsIsCountedAsAFailureAlone) {
  const Deed refuse = [](Engine& engine) {
    park(engine, *engine.mailboxes.front(), kUid, "", "flags", Error(ErrorCode::server_no, "NO"));
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(pass(flags(), refuse).size(), 1U);
    clock_.shift_wall(std::chrono::days(2));
  }
  EXPECT_TRUE(attempts().empty());
  EXPECT_EQ(failures().at(0).count, 5U);
}

TEST_F(Attempts, WhatIsParkedForAFailureIsNotTried) {
  pass(flags(), [](Engine& engine) {
    park(engine, *engine.mailboxes.front(), kUid, "", "flags", Error(ErrorCode::server_no, "NO"));
  });
  pass_often(flags(), 5);
  EXPECT_TRUE(attempts().empty());
}

TEST_F(Attempts, WhatWasNotCarriedOutIsNoEvidence) {
  pass_often(repair(), 5, [this](Engine& engine) {
    engine.outcomes.undone.insert({inbox_, kUid, {}, "repair"});
  });
  pass_often(flags(), 5, [](Engine& engine) { engine.mailboxes.front()->broken_off = true; });
  pass_often(deletion(), 5, [](Engine& engine) { engine.outcomes.removals_left = true; });
  EXPECT_TRUE(attempts().empty());
}

TEST_F(Attempts, OthersOfTheMailboxGoOn) {
  pass_often(flags(), 3);
  sync::Plan both = flags();
  both.actions.push_back(flags(Uid{4}).actions.front());
  EXPECT_EQ(pass(both).size(), 1U);
  EXPECT_EQ(failures().size(), 1U);
  EXPECT_EQ(left_.actions.size(), 2U);
  EXPECT_EQ(attempts().at(1).key.uid, Uid{4});
  EXPECT_EQ(attempts().at(1).times, 1U);
}

TEST_F(Attempts, ManyAreToldInOneLine) {
  sync::Plan many;
  for (const std::uint32_t uid : {2U, 3U, 4U, 9U}) {
    many.actions.push_back(flags(Uid{uid}).actions.front());
  }
  pass_often(many, 3);
  const auto errors = pass(many);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0], HasSubstr("UID 2:4,9"));
  EXPECT_EQ(failures().size(), 4U);
}

TEST_F(Attempts, AParkedRepairIsTakenOutOfThePlan) {
  pass_often(repair(), 3);
  EXPECT_EQ(left_.actions.size(), 1U);
  EXPECT_EQ(pass(repair()).size(), 1U);
  EXPECT_TRUE(left_.empty());
  EXPECT_TRUE(looks_again_);
  pass_often(repair(), 1);
  EXPECT_TRUE(left_.empty());
  clock_.shift_wall(minutes(1));
  pass_often(repair(), 1);
  EXPECT_EQ(left_.actions.size(), 1U);
}

TEST_F(Attempts, WhatIsAnotherThingByNowIsDoneAtOnce) {
  pass_often(repair(), 3);
  EXPECT_EQ(pass(repair()).size(), 1U);
  sync::Plan other = repair();
  std::get<sync::Repair>(other.actions.front().what).file.file.size = 5;
  pass_often(other, 1);
  EXPECT_EQ(left_.actions.size(), 1U);
  EXPECT_TRUE(failures().empty());
  EXPECT_EQ(attempts().at(0).times, 1U);
}

TEST_F(Attempts, WhatIsNotToBeDoneAnyMoreIsForgotten) {
  for (const sync::Plan& plan : {flags(), repair(), deletion()}) {
    pass_often(plan, 3);
    EXPECT_EQ(pass(plan).size(), 1U);
    EXPECT_EQ(failures().size(), 1U);
    EXPECT_TRUE(pass({}).empty());
    EXPECT_TRUE(failures().empty());
    EXPECT_TRUE(attempts().empty());
  }
}

TEST_F(Attempts, AMessageThatDoesNotComeHasARowThatWaits) {
  pass_often(download(), 3);
  EXPECT_EQ(pass(download()).size(), 1U);
  const auto row = *open()->message({inbox_, kUid});
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, RowState::quarantined);
  // The plan lacks it as long as it waits.
  EXPECT_TRUE(pass({}).empty());
  EXPECT_EQ(failures().size(), 1U);
}

// --- mailboxes as a whole ---

class MailboxDeeds : public Attempts {
 protected:
  enum class Plan : std::uint8_t { makes, waits, lacks };
  // Whether it is made, and not parked.
  bool pass_over(Plan planned) {
    AccountReport report;
    Progress progress;
    Engine engine(world(), settings_, {}, progress, Log{}, report);
    engine.store = open();
    const MailboxFailure about{MailboxId{}, "Neu", "create_mailbox"};
    auto attempts = MailboxAttempts::load(engine);
    EXPECT_TRUE(attempts);
    if (planned == Plan::makes) EXPECT_TRUE(attempts->plan(about));
    const bool made = planned == Plan::makes && !is_parked(engine, about);
    if (made) attempts->count(about);
    const std::set<std::string> unsaid =
        planned == Plan::waits ? std::set<std::string>{"Neu"} : std::set<std::string>{};
    EXPECT_TRUE(attempts->save(unsaid));
    errors_ += report.errors.size();
    return made;
  }
  std::size_t errors_ = 0;
};

TEST_F(MailboxDeeds, AreParkedWhenTheyChangeNothing) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(pass_over(Plan::makes));
    EXPECT_FALSE(pass_over(Plan::waits));
  }
  EXPECT_EQ(errors_, 0U);
  EXPECT_FALSE(pass_over(Plan::makes));
  EXPECT_EQ(errors_, 1U);
  EXPECT_FALSE(pass_over(Plan::makes));
  EXPECT_EQ(errors_, 1U);
  const auto parked = failures();
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked[0].base_name, "Neu");
  EXPECT_EQ(parked[0].action, "create_mailbox");
  clock_.shift_wall(minutes(1));
  EXPECT_TRUE(pass_over(Plan::makes));
}

TEST_F(MailboxDeeds, AreForgottenWhenTheyAreDone) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(pass_over(Plan::makes));
    EXPECT_FALSE(pass_over(Plan::lacks));
  }
  EXPECT_TRUE(attempts().empty());
}

}  // namespace
}  // namespace sterna::account::test
