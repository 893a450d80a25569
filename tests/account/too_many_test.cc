// SPDX-License-Identifier: Apache-2.0
// A server that bears fewer connections than the configuration allows says so once.
#include "src/account/pool.h"
#include "tests/account/living_account.h"

namespace sterna::account::test {
namespace {

class TooMany : public LivingAccount {
 protected:
  TooMany() {
    server_.mailboxes = {"INBOX", "a", "b", "c", "d"};
    how_.pushes = [](const MailboxName&) { return true; };
    settings_.connections = 10;
  }
};

TEST_F(TooMany, TheLinesBesideAreAsManyAsTheServerBears) {
  server_.lines_max = 3;
  begin(minutes(1));
  EXPECT_EQ(server_.open_lines(), 3U);
  EXPECT_EQ(life().pushed.size(), 3U);
  const std::size_t refusals = server_.refusals;
  const std::size_t dialled = server_.dialled.size();
  pass(minutes(30));
  EXPECT_EQ(server_.refusals, refusals);
  EXPECT_EQ(server_.dialled.size(), dialled);
  EXPECT_EQ(life().state, LifeState::watching);
}

TEST_F(TooMany, TheFirstConnectionComesBeforeThoseBeside) {
  begin();
  ASSERT_EQ(server_.open_lines(), 5U);
  server_.lines_max = 4;
  server_.cut(0);
  pass(minutes(30));
  EXPECT_EQ(server_.refusals, 1U) << "it is known then how many there may be";
  EXPECT_EQ(server_.open_lines(), 4U);
  EXPECT_EQ(life().pushed.size(), 4U);
}

TEST_F(TooMany, WhatTheServerBearsIsAskedAgainAfterSomeHoursAndInAnotherNetwork) {
  how_.poll_interval = minutes(5);
  for (const bool elsewhere : {false, true}) {
    server_.lines_max = 3;
    begin(minutes(15));
    ASSERT_EQ(life().pushed.size(), 3U);
    server_.lines_max = SIZE_MAX;
    if (elsewhere) account_->probe("network_changed");
    pass(elsewhere ? minutes(6) : std::chrono::hours(7));
    EXPECT_EQ(life().pushed.size(), 5U);
    end();
  }
}

TEST_F(TooMany, ANetworkThatGoesOnChangingDoesNotAskAllTheTime) {
  how_.poll_interval = seconds(30);
  server_.lines_max = 3;
  begin();
  const std::size_t refusals = server_.refusals;
  probe_each_five_seconds(minutes(60));
  EXPECT_LE(server_.refusals, refusals + 14) << "two lines, once in ten minutes";
}

TEST_F(TooMany, WhatWasRefusedForDownloadsIsNotAskedForAtEachOfThem) {
  server_.lines_max = 1;
  const Services services{clock_, worker_, server_, loop_.random(), loop_.file_system()};
  Pool pool(services, settings_, Log());
  const auto open = [](Pool& from, std::size_t index) -> coro::Task<bool> {
    const Result<Connection*> opened =
        index == 0 ? co_await from.primary() : co_await from.extra(index);
    co_return opened.has_value();
  };
  ASSERT_TRUE(clock_.run(open(pool, 0)));
  EXPECT_GT(pool.size_max(), 1U);
  ASSERT_FALSE(clock_.run(open(pool, 1)));
  EXPECT_EQ(pool.size_max(), 1U);
  pass(std::chrono::hours(7));
  EXPECT_GT(pool.size_max(), 1U) << "not for ever";
  ASSERT_FALSE(clock_.run(open(pool, 1)));
  pass(minutes(11));
  EXPECT_EQ(pool.size_max(), 1U);
  pool.doubt_refusals();
  EXPECT_GT(pool.size_max(), 1U) << "nor in another network";
}

}  // namespace
}  // namespace sterna::account::test
