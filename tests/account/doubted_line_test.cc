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

  seconds asks_for_{0};
  std::optional<AccountReport> report_;

 private:
  coro::Task<Result<Secret>> password_after(seconds time) {
    static_cast<void>(co_await clock_.sleep(time));
    co_return Secret("x");
  }
  static coro::Task<void> ask(Account& account, std::optional<AccountReport>& report) {
    Progress nothing;
    report = co_await account.sync({}, nothing);
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
  std::optional<Account::Loan> loan;
  const auto borrow = [](Account& from, std::optional<Account::Loan>& into) -> coro::Task<void> {
    Result<Account::Loan> lent = co_await from.lend();
    if (lent) into = std::move(*lent);
  };
  scope_->spawn(borrow(*account_, loan));
  pass(seconds(1));
  ASSERT_TRUE(loan);
  ask();
  pass(seconds(1));
  for (const auto& line : server_.lines) line->silent = true;
  account_->probe("slept");
  pass(seconds(10));
  loan.reset();
  pass(seconds(6));
  ASSERT_TRUE(report_);
  EXPECT_TRUE(report_->errors.empty()) << report_->errors.front().describe();
}

}  // namespace
}  // namespace sterna::account::test
