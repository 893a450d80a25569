// SPDX-License-Identifier: Apache-2.0
// Lines that may have died unnoticed, and are in use when that turns out.
#include <gtest/gtest.h>

#include <optional>

#include "tests/account/living_account.h"

namespace sterna::account::test {
namespace {

class DoubtedLine : public LivingAccount {
 protected:
  DoubtedLine() {
    server_.mailboxes = {"INBOX", "Lists"};
    how_.pushes = [](const MailboxName&) { return true; };
    settings_.password = [this] { return password_after(asks_for_); };
  }
  void ask() { scope_->spawn(ask(*account_, report_)); }
  void borrow() { scope_->spawn(borrow(*account_, loan_)); }

  seconds asks_for_{0};
  std::optional<AccountReport> report_;
  std::optional<Account::Loan> loan_;

 private:
  coro::Task<Result<Secret>> password_after(seconds time) {
    static_cast<void>(co_await clock_.sleep(time));
    co_return Secret("x");
  }
  static coro::Task<void> ask(Account& account, std::optional<AccountReport>& report) {
    Progress nothing;
    report = co_await account.sync({}, nothing);
  }
  static coro::Task<void> borrow(Account& from, std::optional<Account::Loan>& into) {
    Result<Account::Loan> lent = co_await from.lend();
    if (lent) into = std::move(*lent);
  }
};

TEST_F(DoubtedLine, IsProvedByTheNextAnswerHoweverLongASyncIsBusyWithItself) {
  begin();
  worker_.takes = seconds(20);
  server_.say(0, "* 1 EXISTS\r\n");
  pass(seconds(10));  // it opens the state
  ASSERT_EQ(life().state, LifeState::syncing);
  for (const auto& line : server_.lines) line->silent = true;
  account_->probe("slept");
  pass(seconds(50));
  worker_.takes = {};
  pass(seconds(25));
  EXPECT_TRUE(server_.lines[0]->ended);
  EXPECT_EQ(life().counters.reconnects.at("slept"), 2U) << "and that beside it";
  EXPECT_EQ(life().state, LifeState::watching);
}

TEST_F(DoubtedLine, IsLeftAloneOnceItAnswered) {
  begin();
  worker_.takes = seconds(20);
  server_.say(0, "* 1 EXISTS\r\n");
  pass(seconds(10));
  account_->probe("slept");
  server_.answers_after = seconds(3);
  pass(minutes(10));
  EXPECT_EQ(server_.lines.size(), 2U);
}

TEST_F(DoubtedLine, ThatIsBeingOpenedIsProvedAlsoAfterTheSecretWasGiven) {
  settings_.endpoint.tunnel = {"true"};  // which may need none: it is asked for behind the greeting
  begin();
  asks_for_ = seconds(30);
  server_.cut(1);
  pass(seconds(10));
  ASSERT_EQ(server_.lines.size(), 3U);
  account_->probe("network_changed");
  server_.mute_at = "AUTHENTICATE";
  pass(seconds(25));
  ASSERT_EQ(server_.logged_in(), 1U);
  server_.mute_at.clear();
  asks_for_ = seconds(0);
  pass(seconds(5));
  EXPECT_TRUE(server_.lines[2]->ended);
  EXPECT_EQ(life().pushed.size(), 2U);
}

TEST_F(DoubtedLine, ARequestOverOneThatDiedLongAgoIsDoneOverAnother) {
  begin();
  server_.bears = minutes(5);
  pass(minutes(6));
  ask();
  pass(seconds(5));
  ASSERT_TRUE(report_);
  EXPECT_TRUE(report_->errors.empty()) << report_->errors.front().describe();
  EXPECT_TRUE(report_->anything_done);
}

TEST_F(DoubtedLine, ARequestThatFailsOverTheOtherOneTooIsAnswered) {
  begin();
  server_.bears = minutes(5);
  pass(minutes(6));
  server_.unreachable = Error(ErrorCode::connect, "no route to host");
  ask();
  pass(seconds(5));
  ASSERT_TRUE(report_);
  ASSERT_EQ(report_->errors.size(), 1U);
  EXPECT_EQ(report_->errors.front().code(), ErrorCode::connect);
}

TEST_F(DoubtedLine, ARequestThatWaitedForTheStateGoesOverALineThatIsProved) {
  begin();
  borrow();
  pass(seconds(1));
  ASSERT_TRUE(loan_);
  ask();
  pass(seconds(1));
  for (const auto& line : server_.lines) line->silent = true;
  account_->probe("slept");
  pass(seconds(10));
  loan_.reset();
  pass(seconds(6));
  ASSERT_TRUE(report_);
  EXPECT_TRUE(report_->errors.empty()) << report_->errors.front().describe();
}

TEST_F(DoubtedLine, APauseWhileTheLineOfARequestIsProvedHolds) {
  begin();
  borrow();
  pass(seconds(1));
  ask();
  pass(seconds(1));
  server_.answers_after = seconds(3);
  account_->probe("slept");
  pass(seconds(1));
  loan_.reset();
  pass(seconds(1));
  const std::uint64_t syncs = life().counters.syncs;
  account_->pause(std::nullopt);
  pass(minutes(1));
  EXPECT_EQ(life().state, LifeState::paused);
  EXPECT_EQ(life().counters.syncs, syncs);
  EXPECT_TRUE(report_);
}

// For whoever supervises it; to be waited for by others is no reason.
TEST_F(DoubtedLine, OfALentAccountIsTriedNoMoreUntilTheStateIsBack) {
  begin();
  borrow();
  pass(seconds(1));
  ASSERT_TRUE(loan_);
  server_.say(0, "* BYE [UNAVAILABLE] maintenance, try again in 2 minutes\r\n");
  pass(seconds(1));
  ask();
  ASSERT_EQ(life().state, LifeState::backoff);
  ASSERT_TRUE(life().retry_at);
  pass(minutes(9));
  EXPECT_FALSE(life().retry_at);
  EXPECT_EQ(life().patience.count(), 0);
  loan_.reset();
  server_.mute_at = "LIST";
  pass(seconds(2));
  ASSERT_FALSE(report_);
  EXPECT_GT(life().patience.count(), 0) << "now it works";
}

class OnlyLine : public DoubtedLine {
 protected:
  OnlyLine() { server_.mailboxes = {"INBOX"}; }
  // How many lines another network each five seconds costs.
  std::size_t dialled_while_doubted(nanoseconds time) {
    const std::size_t before = server_.dialled.size();
    probe_each_five_seconds(time);
    return server_.dialled.size() - before;
  }
};

// No hook runs before a look at what is watched for the first time.
TEST_F(OnlyLine, IsProvedAfterALoanAlsoWhereNoHookRuns) {
  server_.answers_after = std::chrono::milliseconds(100);
  begin(seconds(0));
  borrow();
  pass(seconds(10));
  ASSERT_TRUE(loan_);
  server_.lines[0]->silent = true;
  account_->probe("slept");
  pass(seconds(1));
  loan_.reset();
  pass(seconds(6));
  EXPECT_TRUE(server_.lines[0]->ended);
  EXPECT_EQ(life().state, LifeState::watching);
}

TEST_F(OnlyLine, ThatTakesWhatIsSentIsNotDeadThoughNobodyAnswersMeanwhile) {
  begin();
  server_.takes_after = seconds(10);
  server_.say(0, "* 1 EXISTS\r\n");
  pass(seconds(1));
  account_->probe("network_changed");
  pass(seconds(1));
  server_.takes_after = seconds(0);  // what follows
  pass(minutes(5));
  EXPECT_EQ(server_.dialled.size(), 1U);
  EXPECT_EQ(life().state, LifeState::watching);
}

TEST_F(OnlyLine, ThatSeemsDeadAgainAndAgainIsReplacedLaterEachTime) {
  begin();
  server_.mute_at = "LIST";
  server_.cut(0);
  EXPECT_LE(dialled_while_doubted(minutes(10)), 10U);
  server_.mute_at.clear();
  pass(minutes(10));
  EXPECT_EQ(life().state, LifeState::watching);
}

TEST_F(OnlyLine, OfASlowServerIsBelievedAfterAnother) {
  begin();
  const auto synced = life().last_sync_ms;
  server_.answers_after = seconds(6);
  server_.cut(0);
  EXPECT_LE(dialled_while_doubted(minutes(1)), 3U);
  EXPECT_GT(life().last_sync_ms, synced);
}

// What finds the second one dead is the sync that is about to begin: it is put off, too.
TEST_F(OnlyLine, ThatIsFoundDeadForTheSecondTimeByASyncIsTriedLaterByThat) {
  begin();
  server_.lines[0]->silent = true;
  account_->probe("slept");
  pass(seconds(5));
  ASSERT_EQ(life().state, LifeState::watching);
  borrow();
  pass(seconds(1));
  ASSERT_TRUE(loan_);
  server_.say(1, "* 1 EXISTS\r\n");
  pass(seconds(1));
  server_.lines[1]->silent = true;
  account_->probe("slept");
  loan_.reset();
  while (life().state != LifeState::offline) {
    ASSERT_LT(server_.dialled.size(), 3U);
    pass(std::chrono::milliseconds(100));
  }
  pass(std::chrono::milliseconds(100));
  EXPECT_EQ(life().state, LifeState::offline);
  EXPECT_EQ(server_.dialled.size(), 2U);
  pass(seconds(10));
  EXPECT_EQ(life().state, LifeState::watching);
}

// A laptop that sleeps twice a day.
TEST_F(OnlyLine, IsReplacedWithinFiveSecondsAtEachResume) {
  begin();
  for (std::size_t resumes = 0; resumes < 3; ++resumes) {
    pass(std::chrono::hours(1));
    ASSERT_EQ(server_.lines.size(), resumes + 1);
    server_.lines[resumes]->silent = true;
    account_->probe("slept");
    pass(seconds(5));
    EXPECT_EQ(server_.dialled.size(), resumes + 2);
    EXPECT_EQ(life().state, LifeState::watching);
  }
}

// A sync that makes a mailbox here before it is cut short.
class CutShort : public OnlyLine {
 protected:
  void on_life(const Account& account) override { syncs_told_ = account.life().counters.syncs; }
  void on_synced(const Account& account, const AccountReport& report) override {
    EXPECT_EQ(syncs_told_, account.life().counters.syncs);
    reports_.push_back(report);
    server_.hangs_up_at.clear();
  }
  void ask_for_more() {
    reports_.clear();
    server_.mailboxes.push_back("News");
    ask();
    pass(seconds(5));
  }

  std::uint64_t syncs_told_ = 0;
  std::vector<AccountReport> reports_;
};

TEST_F(CutShort, ByALineThatWasLostItsWorkIsInTheAnswerOfTheNextTry) {
  begin();
  server_.hangs_up_at = "SELECT \"News\"";
  ask_for_more();
  ASSERT_TRUE(report_);
  EXPECT_TRUE(report_->errors.empty());
  EXPECT_EQ(report_->counts.mailboxes_in, 1U);
}

TEST_F(CutShort, ByALineThatWasLostForGoodItsWorkIsInTheAnswerToo) {
  begin();
  server_.hangs_up_at = "SELECT \"News\"";
  server_.unreachable = Error(ErrorCode::connect, "no route to host");
  ask_for_more();
  ASSERT_TRUE(report_);
  ASSERT_EQ(report_->errors.size(), 1U);
  EXPECT_EQ(report_->errors.front().code(), ErrorCode::connect);
  EXPECT_TRUE(report_->anything_done);
  EXPECT_EQ(report_->counts.mailboxes_in, 1U);
}

TEST_F(CutShort, ByAPauseItsWorkIsToldAndInTheAnswer) {
  server_.mute_at = "SELECT \"News\"";
  begin();
  ask_for_more();
  set_log_level(LogLevel::info);
  testing::internal::CaptureStderr();
  account_->pause(std::nullopt);
  pass(seconds(5));
  const std::string log = testing::internal::GetCapturedStderr();
  set_log_level(LogLevel::off);
  EXPECT_NE(log.find("synced: 1 mailbox"), std::string::npos) << log;
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].counts.mailboxes_in, 1U);
  EXPECT_TRUE(reports_[0].errors.empty());
  ASSERT_TRUE(report_);
  EXPECT_EQ(report_->counts.mailboxes_in, 1U);
  EXPECT_GT(report_->seconds, 0);
}

}  // namespace
}  // namespace sterna::account::test
