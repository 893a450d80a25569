// SPDX-License-Identifier: Apache-2.0
// An account that lives: what it says of itself while its server is away, and what ends its waits.
#include "sterna/account/account.h"

#include <algorithm>
#include <optional>

#include "account/counted_worker.h"
#include "tests/account/living_account.h"

namespace sterna::account::test {
namespace {

const Error kAway(ErrorCode::connect, "no route to host");

TEST_F(LivingAccount, WhatChangesHereWhileTheServerIsAwayIsCountedAndStaysSo) {
  begin();
  ASSERT_EQ(life().state, LifeState::watching);
  EXPECT_EQ(life().pending, 0U);
  server_.unreachable = kAway;
  server_.cut(0);
  pass(seconds(10));
  ASSERT_EQ(life().state, LifeState::offline);
  const std::string cur = settings_.maildir + "/INBOX/cur";
  watcher_.tell(cur, {"a:2,", "a:2,S", "b:2,", "c:2,"});
  pass(seconds(1));
  EXPECT_EQ(life().pending, 3U);
  const std::uint64_t failed = life().counters.syncs_failed;
  pass(minutes(20));
  EXPECT_GT(life().counters.syncs_failed, failed + 2);
  EXPECT_EQ(life().pending, 3U);
  server_.unreachable.reset();
  pass(minutes(10));
  EXPECT_EQ(life().state, LifeState::watching);
  EXPECT_EQ(life().pending, 0U);
}

TEST_F(LivingAccount, WhatTheLastSyncLeftWaitingIsKnownFromTheStartAndAfterAFailure) {
  write([](store::Store& base) { ASSERT_TRUE(base.set("waiting", "4")); });
  server_.unreachable = kAway;
  begin();
  ASSERT_EQ(life().state, LifeState::offline);
  EXPECT_EQ(life().pending, 4U);
}

TEST_F(LivingAccount, WhatIsHeldIsKnownWhileSomebodyElseHasTheState) {
  write([](store::Store& base) {
    store::HeldEntry entry;
    entry.kind = "delete_remote";
    entry.mailbox = add_mailbox(base, "INBOX", "INBOX");
    entry.uid = Uid{1};
    ASSERT_TRUE(base.replace_held({entry}));
  });
  const auto theirs = open();
  begin();
  ASSERT_EQ(life().state, LifeState::backoff);
  EXPECT_GT(life().counters.syncs_failed, 0U);
  EXPECT_EQ(life().held, 1U);
}

TEST_F(LivingAccount, TheLastGoodSyncIsThatBeforeThisLifeUntilThereIsAnother) {
  write([](store::Store& base) { ASSERT_TRUE(base.set("last_sync_ms", "1600000000000")); });
  server_.unreachable = kAway;
  begin();
  ASSERT_EQ(life().state, LifeState::offline);
  EXPECT_EQ(life().last_sync_ms, 1'600'000'000'000);
  server_.unreachable.reset();
  pass(minutes(10));
  ASSERT_EQ(life().state, LifeState::watching);
  EXPECT_GT(life().last_sync_ms, 1'600'000'000'000);
}

TEST_F(LivingAccount, TheWaitBehindACaptivePortalEndsWithAnotherNetwork) {
  for (const ErrorCode code : {ErrorCode::certificate, ErrorCode::tls}) {
    server_.unreachable = Error(code, "signed by the hotel");
    begin(minutes(10));
    ASSERT_NE(life().state, LifeState::watching);
    server_.unreachable.reset();
    account_->probe("network_changed");
    pass(seconds(1));
    EXPECT_EQ(life().state, LifeState::watching) << to_string(code);
    end();
  }
}

TEST_F(LivingAccount, ANetworkThatGoesOnChangingDoesNotDialForEver) {
  server_.unreachable = Error(ErrorCode::tls, "no handshake");
  begin();
  std::size_t dialled = server_.dialled.size();
  probe_each_five_seconds(minutes(10));
  EXPECT_LE(server_.dialled.size() - dialled, 60U);
  server_.unreachable = Error(ErrorCode::unsupported, "no mechanism in common");
  pass(std::chrono::hours(1));
  ASSERT_EQ(life().state, LifeState::error);
  dialled = server_.dialled.size();
  probe_each_five_seconds(minutes(10));
  EXPECT_LE(server_.dialled.size() - dialled, 2U);
}

TEST_F(LivingAccount, ARefusedLoginIsNotTriedAgainForAnotherNetwork) {
  server_.lines_max = 0;
  server_.refusal = "NO [AUTHENTICATIONFAILED] who are you";
  begin();
  ASSERT_EQ(life().state, LifeState::needs_auth);
  const std::size_t dialled = server_.dialled.size();
  account_->probe("network_changed");
  pass(minutes(1));
  EXPECT_EQ(server_.dialled.size(), dialled);
}

// Of one mailbox beside INBOX.
class WatchingBeside : public LivingAccount {
 protected:
  WatchingBeside() {
    server_.mailboxes = {"INBOX", "Lists"};
    how_.pushes = [](const MailboxName&) { return true; };
  }
};

TEST_F(WatchingBeside, ASideLineThatDiedIsReplacedWhileASyncRuns) {
  begin();
  ASSERT_EQ(life().pushed.size(), 2U);
  ASSERT_EQ(server_.open_lines(), 2U);
  for (const auto& line : server_.lines) line->silent = true;
  server_.say(0, "* 1 EXISTS\r\n");  // a sync, over a line that answers no more
  pass(seconds(2));
  account_->probe("slept");
  pass(seconds(7));
  const auto probed = [&](std::size_t line) {
    return std::ranges::any_of(server_.said, [line](const TalkingServer::Said& one) {
      return one.line == line && one.command == "DONE" && one.at < seconds(24);
    });
  };
  EXPECT_TRUE(probed(1));
  EXPECT_TRUE(server_.lines[1]->ended) << "at most five seconds";
}

class WithALongHook : public LivingAccount {
 protected:
  coro::Task<void> before_sync(const Account&) override {
    if (hook_takes_.count() > 0) static_cast<void>(co_await clock_.sleep(hook_takes_));
  }
  seconds hook_takes_{0};
};

TEST_F(WithALongHook, ALineThatDiesDuringItIsFoundDeadDuringIt) {
  begin();
  hook_takes_ = seconds(60);
  server_.say(0, "* 1 EXISTS\r\n");
  pass(seconds(2));
  server_.lines[0]->silent = true;
  account_->probe("network_changed");
  pass(seconds(7));
  EXPECT_TRUE(server_.lines[0]->ended);
  hook_takes_ = seconds(0);
  pass(seconds(60));
  EXPECT_EQ(life().state, LifeState::watching);
}

TEST_F(LivingAccount, AfterWhatInotifyCouldNotTellAllIsLookedAtAtOnceAndItIsSaidUntilThen) {
  begin();
  EXPECT_EQ(life().watch_obstacle, "");
  const std::size_t before = server_.count("LIST");
  watcher_.overflow();
  pass(std::chrono::milliseconds(100));
  EXPECT_NE(life().watch_obstacle.find("all of it is looked at"), std::string::npos);
  pass(seconds(5));
  EXPECT_EQ(life().watch_obstacle, "");
  EXPECT_GT(server_.count("LIST"), before);
}

TEST_F(LivingAccount, ItIsStillSaidWhileTheServerIsAway) {
  begin();
  server_.unreachable = kAway;
  server_.cut(0);
  pass(seconds(10));
  watcher_.overflow();
  pass(minutes(30));
  EXPECT_NE(life().watch_obstacle, "");
  server_.unreachable.reset();
  pass(minutes(10));
  EXPECT_EQ(life().watch_obstacle, "");
}

TEST_F(LivingAccount, ANextTryIsInTheFutureThoughTheMachineSleptOrItsClockWasSet) {
  server_.unreachable = kAway;
  begin(minutes(10));
  ASSERT_EQ(life().state, LifeState::offline);
  const auto retry_at = life().retry_at;
  ASSERT_TRUE(retry_at);
  // By what is shown, and by what it waits.
  const auto left = [&] {
    return std::chrono::milliseconds(life().next_try_ms - clock_.wall_ns() / 1'000'000);
  };
  const auto is_as_it_waits = [&] {
    return std::chrono::abs(left() - (*retry_at - clock_.monotonic())) <= seconds(1);
  };
  EXPECT_TRUE(is_as_it_waits()) << left().count();
  clock_.suspend(std::chrono::hours(1));
  EXPECT_TRUE(is_as_it_waits()) << left().count();
  clock_.shift_wall(std::chrono::hours(24));
  EXPECT_TRUE(is_as_it_waits()) << left().count();
  clock_.shift_wall(-std::chrono::hours(48));
  EXPECT_TRUE(is_as_it_waits()) << left().count();
  EXPECT_EQ(life().retry_at, retry_at);
}

TEST_F(LivingAccount, WhatItSleptCountsWhereAServerAskedForTime) {
  server_.lines_max = 0;
  server_.refusal = "NO [UNAVAILABLE] request is throttled; try again in 30 minutes";
  begin();
  ASSERT_EQ(life().state, LifeState::backoff);
  server_.lines_max = SIZE_MAX;
  const std::size_t dialled = server_.dialled.size();
  clock_.suspend(minutes(20));
  account_->probe("slept");
  pass(seconds(1));
  EXPECT_EQ(server_.dialled.size(), dialled);
  EXPECT_EQ(life().state, LifeState::backoff);
  clock_.suspend(minutes(20));
  account_->probe("slept");
  pass(seconds(1));
  EXPECT_EQ(life().state, LifeState::watching);
}

TEST_F(LivingAccount, APauseEndsByTheWallClockAlsoWhereThatIsSet) {
  begin();
  account_->pause(clock_.wall_ns() / 1'000'000 + 7'200'000);
  pass(minutes(30));
  ASSERT_EQ(life().state, LifeState::paused);
  EXPECT_GE(life().retry_at, clock_.monotonic());
  clock_.shift_wall(std::chrono::hours(3));
  pass(minutes(6));
  EXPECT_EQ(life().state, LifeState::watching);
}

TEST_F(LivingAccount, ASlowDiskIsNoAccountThatStandsStill) {
  begin();
  EXPECT_GT(life().patience.count(), 0);
  worker_.takes = minutes(30);
  watcher_.tell(settings_.maildir + "/INBOX/cur", {"a:2,"});
  pass(minutes(10));
  EXPECT_EQ(life().patience.count(), 0);
}

TEST_F(LivingAccount, ADiskThatDoesNotAnswerIsTold) {
  begin();
  worker_.takes = minutes(30);
  watcher_.tell(settings_.maildir + "/INBOX/cur", {"a:2,"});
  pass(seconds(50));
  EXPECT_FALSE(life().disk_silent);
  pass(seconds(30));
  EXPECT_TRUE(life().disk_silent);
  worker_.takes = {};
  pass(minutes(31));
  EXPECT_FALSE(life().disk_silent);
  EXPECT_EQ(life().state, LifeState::watching);
}

coro::Task<void> run_job(io::Worker& worker, std::size_t& done) {
  co_await worker.run([&done] { ++done; });
}

// Others need the threads, too. Whoever is asked to stop has what it handed over done first.
TEST_F(LivingAccount, FewJobsOfOneAccountAreDoneAtATime) {
  worker_.takes = seconds(10);
  CountedWorker worker(worker_, clock_, [](bool) {});
  std::size_t done = 0;
  coro::Scope scope(clock_.queue());
  for (int i = 0; i < 5; ++i) scope.spawn(run_job(worker, done));
  pass(seconds(1));
  EXPECT_EQ(worker_.jobs, kJobsAtOnce);
  scope.cancel();
  pass(seconds(20));
  EXPECT_EQ(done, 4U);
  pass(seconds(10));
  EXPECT_EQ(done, 5U);
  EXPECT_EQ(worker.jobs(), 5U);
  sterna::test::end_scope(scope, clock_);
}

TEST_F(LivingAccount, AFullMaildirIsReadAPieceAtATimeAndAPauseWaitsForOneOfThem) {
  settings_.fsync = false;
  begin();
  account_->pause(std::nullopt);
  pass(seconds(1));
  for (int i = 0; i < 12'000; ++i)
    write_file("INBOX/cur/" + std::to_string(i) + ":2,", "Subject: x\n\n" + std::to_string(i));
  server_.mute_at = "SELECT";
  worker_.takes = seconds(10);
  account_->resume();
  pass(seconds(130));
  EXPECT_EQ(life().patience.count(), 0) << "of twelve pieces, some are not read yet";
  account_->pause(std::nullopt);
  pass(seconds(10));
  EXPECT_EQ(life().state, LifeState::paused);
}

class WithARequest : public LivingAccount {
 protected:
  void ask(std::vector<MailboxName> mailboxes = {}) {
    scope_->spawn(ask(*account_, std::move(mailboxes), report_));
  }
  std::optional<AccountReport> report_;

 private:
  class NoProgress final : public Progress {};
  static coro::Task<void> ask(Account& account, std::vector<MailboxName> mailboxes,
                              std::optional<AccountReport>& report) {
    NoProgress nothing;
    report = co_await account.sync(std::move(mailboxes), nothing);
  }
};

TEST_F(WithARequest, ForAMailboxThatThereIsNotTellsWhoAskedAndChangesNothing) {
  begin();
  ask({MailboxName("nope")});
  pass(seconds(5));
  ASSERT_TRUE(report_ && !report_->errors.empty());
  EXPECT_TRUE(report_->errors.front().is(ErrorCode::usage));
  EXPECT_EQ(life().state, LifeState::watching);
  EXPECT_FALSE(life().error);
  EXPECT_EQ(server_.logged_in(), 1U) << "over the line that there was";
}

TEST_F(WithARequest, ForAMailboxThatThereIsNotEndsNoWait) {
  begin();
  server_.unreachable = Error(ErrorCode::connect, "no route to host");
  server_.cut(0);
  pass(minutes(2));
  ASSERT_EQ(life().state, LifeState::offline);
  server_.unreachable.reset();
  ask({MailboxName("nope")});
  pass(seconds(1));
  ASSERT_TRUE(report_ && !report_->errors.empty());
  EXPECT_EQ(life().state, LifeState::offline);
  pass(minutes(10));
  EXPECT_EQ(life().state, LifeState::watching);
}

TEST_F(WithARequest, APauseAndAResumeAmidItsDiskJobsDoNotAnswerIt) {
  begin();
  server_.answers_after = seconds(1);
  worker_.takes = seconds(10);
  ask();
  pass(seconds(5));
  ASSERT_TRUE(worker_.jobs > 0 && life().state == LifeState::syncing);
  account_->pause(std::nullopt);
  account_->resume();
  worker_.takes = {};
  pass(minutes(1));
  ASSERT_TRUE(report_);
  EXPECT_TRUE(report_->anything_done);
  EXPECT_TRUE(report_->errors.empty()) << report_->errors.front().describe();
}

TEST_F(WithARequest, ThatFollowsAResumeIsNoneForThePauseToAnswer) {
  begin();
  server_.takes_after = seconds(3);
  account_->pause(std::nullopt);
  pass(seconds(1));  // it takes its leave
  ASSERT_EQ(life().state, LifeState::paused);
  account_->resume();
  ask();
  pass(minutes(2));
  ASSERT_TRUE(report_);
  EXPECT_GT(report_->seconds, 0);
}

TEST_F(LivingAccount, TheTimeOfASyncIsItsOwn) {
  begin();
  server_.answers_after = seconds(1);
  server_.say(0, "* 1 EXISTS\r\n");
  pass(seconds(2));
  ASSERT_EQ(life().state, LifeState::syncing);
  server_.unreachable = kAway;
  server_.cut(0);
  pass(minutes(30));
  server_.answers_after = seconds(0);
  ASSERT_EQ(life().state, LifeState::offline);
  server_.unreachable.reset();
  pass(minutes(10));
  ASSERT_EQ(life().state, LifeState::watching);
  EXPECT_LT(life().last_duration, seconds(1));
}

TEST_F(LivingAccount, ALifeThatGetsOnIsToldFromOneThatStandsStill) {
  begin();
  std::uint64_t progress = life().progress;
  pass(std::chrono::hours(1));
  EXPECT_GT(life().progress, progress) << "its line was renewed";
  EXPECT_GT(life().patience.count(), 0);
  server_.hangs = true;  // for longer than a dialler may
  server_.cut(0);
  pass(seconds(1));
  ASSERT_EQ(life().state, LifeState::syncing);
  progress = life().progress;
  pass(minutes(30));
  EXPECT_EQ(life().progress, progress);
  EXPECT_GT(life().patience.count(), 0);
  EXPECT_LT(life().patience, minutes(30));
}

TEST_F(WithALongHook, ALineThatWasDoubtedBeforeItIsProvedAtItsBegin) {
  begin();
  std::optional<Account::Loan> loan;
  const auto borrow = [](Account& from, std::optional<Account::Loan>& into) -> coro::Task<void> {
    Result<Account::Loan> lent = co_await from.lend();
    if (lent) into = std::move(*lent);
  };
  scope_->spawn(borrow(*account_, loan));
  pass(seconds(1));
  ASSERT_TRUE(loan);
  server_.say(0, "* 1 EXISTS\r\n");  // a sync, which waits for the state
  pass(seconds(1));
  server_.lines[0]->silent = true;
  account_->probe("slept");
  hook_takes_ = seconds(60);
  loan.reset();
  pass(seconds(7));
  EXPECT_TRUE(server_.lines[0]->ended);
}

TEST_F(WithALongHook, APauseDuringItHolds) {
  begin();
  hook_takes_ = seconds(60);
  server_.say(0, "* 1 EXISTS\r\n");
  pass(seconds(2));
  const std::uint64_t syncs = life().counters.syncs;
  account_->pause(std::nullopt);
  pass(seconds(70));
  EXPECT_EQ(life().state, LifeState::paused);
  EXPECT_EQ(life().counters.syncs, syncs);
}

TEST_F(WithALongHook, ItIsNotTheAccountThatStandsStillMeanwhile) {
  hook_takes_ = seconds(3600);
  begin();
  ASSERT_EQ(life().state, LifeState::syncing);
  EXPECT_EQ(life().patience.count(), 0);
}

TEST_F(LivingAccount, WhenTheTokenEndsIsToldAsItIsNow) {
  std::int64_t expires_ms = 0;
  settings_.token_expires_ms = [&] { return expires_ms; };
  begin();
  EXPECT_EQ(life().token_expires_ms, 0);
  expires_ms = 5;  // renewed beside the account
  EXPECT_EQ(life().token_expires_ms, 5);
}

}  // namespace
}  // namespace sterna::account::test
