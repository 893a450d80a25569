// SPDX-License-Identifier: Apache-2.0
// When hooks run, and what follows from their end, on a clock that jumps; one real program at last.
#include "sterna/daemon/hooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "sterna/coro/scope.h"
#include "sterna/net/loop.h"
#include "tests/support/temp_dir.h"
#include "tests/support/virtual_clock.h"

namespace sterna::daemon {
namespace {

using namespace std::chrono_literals;
using account::FileChange;
using account::Life;
using account::LifeState;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string variable(const net::Program& program, const std::string& name) {
  for (const std::string& one : program.environment) {
    if (one.starts_with(name + "=")) return one.substr(name.size() + 1);
  }
  return "";
}

config::HooksConfig every_hook() {
  return {.before_sync = {"before"},
          .after_change = {"index"},
          .new_mail = {"notify"},
          .held = {"ask"},
          .needs_auth = {"login"},
          .error = {"alarm"}};
}

account::AccountReport report(const std::string& account, std::vector<FileChange> changes) {
  account::AccountReport report;
  report.account = account;
  report.changes = std::move(changes);
  return report;
}

FileChange added(const std::string& path, Role role = Role::none) {
  FileChange change;
  change.path = path;
  change.mailbox = "Box";
  change.role = role;
  return change;
}

class HooksTest : public testing::Test {
 protected:
  // A program that takes `takes_` and ends as `ends_` says.
  coro::Task<Status> run_program(net::Program program) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.monotonic());
    ran_.push_back(fmt::format("{} {} {} +{}", now.count(), program.argv.front(),
                               variable(program, "STERNA_ACCOUNT"),
                               variable(program, "STERNA_NEW")));
    programs_.push_back(program);
    ++running_;
    EXPECT_EQ(running_, 1);
    const auto rest = std::min<std::chrono::milliseconds>(takes_, program.deadline);
    Status slept = co_await clock_.sleep(rest);
    --running_;
    if (!slept) co_return slept;
    if (takes_ > program.deadline) co_return fail(ErrorCode::timeout, "it did not end");
    if (fails_) co_return fail(ErrorCode::io, "it ended with status 1");
    co_return Status();
  }

  Hooks make(config::HooksConfig config = every_hook()) {
    return Hooks(
        clock_, [this](net::Program program) { return run_program(std::move(program)); },
        std::move(config), Log());
  }

  // Lives with `hooks` for so long; what was scheduled happens meanwhile.
  void live(Hooks& hooks, std::chrono::milliseconds duration) {
    const auto life = [](io::Clock& clock, Hooks& living,
                         std::chrono::milliseconds time) -> coro::Task<void> {
      coro::Scope scope = co_await coro::make_scope();
      scope.spawn(living.run());
      static_cast<void>(co_await clock.sleep(time));
      co_await scope.close();
    };
    clock_.run(life(clock_, hooks, duration));
  }

  sterna::test::VirtualClock clock_;
  std::chrono::milliseconds takes_{100};
  bool fails_ = false;
  int running_ = 0;
  std::vector<std::string> ran_;  // "milliseconds program account +new"
  std::vector<net::Program> programs_;
};

TEST_F(HooksTest, RunOnceForABurst) {
  Hooks hooks = make({.after_change = {"index"}});
  hooks.on_synced(report("a", {added("/1")}));
  clock_.schedule(1500ms, [&] { hooks.on_synced(report("a", {added("/2"), added("/3")})); });
  live(hooks, 1min);
  EXPECT_THAT(ran_, ElementsAre("3500 index a +3"));
  EXPECT_THAT(programs_[0].input, HasSubstr("\"/1\""));
  EXPECT_THAT(programs_[0].input, HasSubstr("\"/3\""));
}

TEST_F(HooksTest, DoNotWaitForEverWhileEventsGoOn) {
  Hooks hooks = make({.after_change = {"index"}});
  for (int i = 0; i < 30; ++i)
    clock_.schedule(i * 1s, [&] { hooks.on_synced(report("a", {added("/x")})); });
  live(hooks, 1min);
  ASSERT_FALSE(ran_.empty());
  EXPECT_THAT(ran_[0], HasSubstr("20000 index a"));
}

TEST_F(HooksTest, RunOneAccountAfterTheOther) {
  Hooks hooks = make({.after_change = {"index"}});
  hooks.on_synced(report("b", {added("/1")}));
  hooks.on_synced(report("a", {added("/2")}));
  hooks.on_synced(report("b", {added("/3")}));
  live(hooks, 1min);
  EXPECT_THAT(ran_, ElementsAre("2000 index a +1", "2100 index b +2"));
}

TEST_F(HooksTest, OfDifferentEventsRunOneAfterTheOther) {
  Hooks hooks = make();
  hooks.on_synced(report("a", {added("/1")}));
  live(hooks, 1min);
  EXPECT_THAT(ran_, ElementsAre("2000 index a +1", "2100 notify a +1"));
}

TEST_F(HooksTest, WhatComesWhileOneRunsWaitsForTheNext) {
  takes_ = 10s;
  Hooks hooks = make({.after_change = {"index"}});
  hooks.on_synced(report("a", {added("/1")}));
  clock_.schedule(3s, [&] { hooks.on_synced(report("a", {added("/2")})); });
  clock_.schedule(4s, [&] { hooks.on_synced(report("a", {added("/3")})); });
  live(hooks, 1min);
  EXPECT_THAT(ran_, ElementsAre("2000 index a +1", "12000 index a +2"));
}

TEST_F(HooksTest, AreNotRunForASyncThatChangedNothingHere) {
  Hooks hooks = make();
  hooks.on_synced(report("a", {}));
  live(hooks, 1min);
  EXPECT_THAT(ran_, IsEmpty());
}

TEST_F(HooksTest, OfNewMailLeaveOutWhatNobodyWaitsFor) {
  Hooks hooks = make({.new_mail = {"notify"}});
  hooks.on_synced(report("a", {added("/1", Role::sent), added("/2", Role::junk),
                               added("/3", Role::trash), added("/4", Role::drafts)}));
  FileChange moved = added("/5");
  moved.kind = FileChange::Kind::renamed;
  hooks.on_synced(report("b", {moved}));
  hooks.on_synced(report("c", {added("/6", Role::inbox), added("/7", Role::sent)}));
  live(hooks, 1min);
  EXPECT_THAT(ran_, ElementsAre("2000 notify c +1"));
  EXPECT_THAT(programs_[0].input, Not(HasSubstr("/7")));
}

TEST_F(HooksTest, AreNotRunWithoutACommand) {
  Hooks hooks = make({});
  hooks.on_synced(report("a", {added("/1")}));
  live(hooks, 1min);
  EXPECT_THAT(ran_, IsEmpty());
}

TEST_F(HooksTest, MayComeAndGoWithTheConfiguration) {
  Hooks hooks = make({.after_change = {"index"}});
  hooks.on_synced(report("a", {added("/1")}));
  clock_.schedule(1s, [&] { hooks.configure({.new_mail = {"notify"}}); });
  clock_.schedule(10s, [&] { hooks.on_synced(report("a", {added("/2")})); });
  live(hooks, 1min);
  EXPECT_THAT(ran_, ElementsAre("12000 notify a +1"));
}

TEST(NeedsChanges, WhereAHookIsToldThem) {
  EXPECT_FALSE(needs_changes({}));
  EXPECT_FALSE(needs_changes({.held = {"ask"}}));
  EXPECT_TRUE(needs_changes({.new_mail = {"notify"}}));
  EXPECT_TRUE(needs_changes({.after_change = {"index"}}));
}

TEST_F(HooksTest, ThatFailRunAgainAtTheNextEvent) {
  fails_ = true;
  Hooks hooks = make({.after_change = {"index"}});
  hooks.on_synced(report("a", {added("/1")}));
  clock_.schedule(20s, [&] { hooks.on_synced(report("a", {added("/2")})); });
  live(hooks, 1min);
  EXPECT_THAT(ran_, ElementsAre("2000 index a +1", "22000 index a +1"));
}

TEST_F(HooksTest, WithoutDebounceRunAtOnce) {
  Hooks hooks = make({.after_change = {"index"}, .debounce = 0s});
  clock_.schedule(5s, [&] { hooks.on_synced(report("a", {added("/1")})); });
  live(hooks, 1min);
  EXPECT_THAT(ran_, ElementsAre("5000 index a +1"));
}

Life life(LifeState state, std::optional<Error> error = {}, std::uint64_t held = 0) {
  Life life;
  life.state = state;
  life.error = std::move(error);
  life.held = held;
  return life;
}

TEST_F(HooksTest, TellATroubleOnceAndAgainWhenItWasOver) {
  Hooks hooks = make();
  const Error refused(ErrorCode::login, "the server refuses the password");
  const auto at = [&](std::chrono::milliseconds when, const Life& what) {
    clock_.schedule(when, [&hooks, what] { hooks.on_life("a", what); });
  };
  at(1s, life(LifeState::syncing));
  at(2s, life(LifeState::needs_auth, refused));
  at(900s, life(LifeState::syncing, refused));
  at(901s, life(LifeState::offline));
  at(902s, life(LifeState::needs_auth, refused));
  at(1000s, life(LifeState::watching));
  at(2000s, life(LifeState::needs_secret, refused));
  live(hooks, 1h);
  EXPECT_THAT(ran_, ElementsAre("4000 login a +0", "2002000 login a +0"));
  EXPECT_EQ(variable(programs_[0], "STERNA_MESSAGE"), refused.describe());
}

TEST_F(HooksTest, TellWhatIsHeldWhenItBegins) {
  Hooks hooks = make();
  clock_.schedule(1s, [&] { hooks.on_life("a", life(LifeState::watching, {}, 0)); });
  clock_.schedule(10s, [&] { hooks.on_life("a", life(LifeState::watching, {}, 60)); });
  clock_.schedule(20s, [&] { hooks.on_life("a", life(LifeState::watching, {}, 60)); });
  clock_.schedule(30s, [&] { hooks.on_life("a", life(LifeState::watching, {}, 0)); });
  clock_.schedule(40s, [&] { hooks.on_life("a", life(LifeState::held)); });
  live(hooks, 1h);
  EXPECT_THAT(ran_, ElementsAre("12000 ask a +0", "42000 ask a +0"));
  EXPECT_EQ(variable(programs_[0], "STERNA_MESSAGE"),
            "60 changes wait for a decision; sterna held list a");
}

TEST_F(HooksTest, TellAnErrorForEachAccount) {
  Hooks hooks = make();
  hooks.on_life("a", life(LifeState::error));
  hooks.on_life("b", life(LifeState::error));
  hooks.on_life("b", life(LifeState::error));
  live(hooks, 1h);
  EXPECT_THAT(ran_, ElementsAre("2000 alarm a +0", "2100 alarm b +0"));
}

TEST_F(HooksTest, OfAnAccountThatIsGoneAreNotRun) {
  Hooks hooks = make();
  hooks.on_life("a", life(LifeState::error));
  hooks.forget("a");
  live(hooks, 1min);
  EXPECT_THAT(ran_, IsEmpty());
}

TEST_F(HooksTest, EndWithTheDaemon) {
  takes_ = 1h;
  Hooks hooks = make();
  hooks.on_synced(report("a", {added("/1")}));
  live(hooks, 10s);
  EXPECT_THAT(ran_, ElementsAre("2000 index a +1"));
  EXPECT_EQ(running_, 0);
  EXPECT_EQ(clock_.monotonic(), 10s);
}

TEST_F(HooksTest, BeforeASyncAreWaitedFor) {
  takes_ = 3s;
  Hooks hooks = make();
  clock_.run(hooks.before_sync("a"));
  EXPECT_EQ(clock_.monotonic(), 3s);
  EXPECT_THAT(ran_, ElementsAre("0 before a +0"));
}

TEST_F(HooksTest, BeforeASyncThatFailOrHangDoNotStopIt) {
  Hooks hooks = make();
  fails_ = true;
  clock_.run(hooks.before_sync("a"));
  takes_ = 1h;
  clock_.run(hooks.before_sync("a"));
  EXPECT_EQ(clock_.monotonic(), 100ms + 2min);
}

coro::Task<void> sync_beside(io::Clock& clock, Hooks& hooks) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(hooks.run());
  static_cast<void>(co_await clock.sleep(10s));
  co_await hooks.before_sync("b");
  co_await scope.close();
}

// The limit of 2 minutes is that of the sync's waiting, whoever it waits for.
TEST_F(HooksTest, BeforeASyncWaitForOthersWithinTheirTime) {
  takes_ = 110s;
  Hooks hooks = make({.before_sync = {"before"}, .after_change = {"index"}});
  hooks.on_synced(report("a", {added("/1")}));
  clock_.run(sync_beside(clock_, hooks));
  EXPECT_THAT(ran_, ElementsAre("2000 index a +1", "112000 before b +0"));
  EXPECT_EQ(clock_.monotonic(), 10s + 2min);
}

coro::Task<void> run_for(io::Clock& clock, Hooks& hooks, std::string until) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(hooks.run());
  while (!std::ifstream(until)) static_cast<void>(co_await clock.sleep(5ms));
  co_await scope.close();
}

TEST(HooksOfPrograms, AreToldWhatChanged) {
  sterna::test::TempDir directory;
  net::Loop loop;
  const std::string script = "cat > " + (directory / "in") +
                             "; echo \"$STERNA_EVENT:$STERNA_NEW\" > " + (directory / "half") +
                             "; mv " + (directory / "half") + " " + (directory / "out");
  Hooks hooks(
      loop.clock(),
      [&loop](net::Program program) { return net::run_program(loop, std::move(program)); },
      {.after_change = {"/bin/sh", "-c", script}, .debounce = 0s}, Log());
  hooks.on_synced(report("a", {added("/m/\xff")}));
  loop.run(run_for(loop.clock(), hooks, directory / "out"));
  std::string in;
  std::getline(std::ifstream(directory / "in"), in);
  EXPECT_EQ(in, R"([{"event":"added","path":"/m/\udcff","mailbox":"Box"}])");
  std::string out;
  std::getline(std::ifstream(directory / "out"), out);
  EXPECT_EQ(out, "after_change:1");
}

}  // namespace
}  // namespace sterna::daemon
