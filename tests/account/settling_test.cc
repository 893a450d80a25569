// SPDX-License-Identifier: Apache-2.0
// What is done while what changed here settles.
#include <gtest/gtest.h>

#include "sterna/store/store.h"
#include "tests/account/living_account.h"

namespace sterna::account::test {
namespace {

class Settling : public LivingAccount {
 protected:
  Settling() { make_mailbox("INBOX"); }
  void tell_of_a_file() {
    begin();
    ASSERT_EQ(life().state, LifeState::watching);
    ASSERT_FALSE(state_is_held());
    watcher_.tell(settings_.maildir + "/INBOX/cur", {"a:2,"});
    pass(std::chrono::milliseconds(100));
  }
  bool state_is_held() const {
    const auto opened = store::Store::open(settings_.state_dir, false);
    return !opened && opened.error().is(ErrorCode::locked);
  }
};

TEST_F(Settling, TheStateIsOpenedMeanwhileAndClosedAfterTheSync) {
  tell_of_a_file();
  EXPECT_TRUE(state_is_held());
  pass(seconds(1));
  EXPECT_FALSE(state_is_held());
}

TEST_F(Settling, WhoBorrowsTheStateGetsIt) {
  tell_of_a_file();
  bool lent = false;
  const auto borrow = [](Account& account, bool& done) -> coro::Task<void> {
    const Result<Account::Loan> loan = co_await account.lend();
    done = loan.has_value();
  };
  scope_->spawn(borrow(*account_, lent));
  pass(std::chrono::milliseconds(1));
  EXPECT_TRUE(lent);
  EXPECT_FALSE(state_is_held());
}

TEST_F(Settling, APauseLetsGoOfTheState) {
  tell_of_a_file();
  account_->pause(std::nullopt);
  pass(std::chrono::milliseconds(10));
  EXPECT_FALSE(state_is_held());
}

}  // namespace
}  // namespace sterna::account::test
