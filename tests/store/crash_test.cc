// SPDX-License-Identifier: Apache-2.0
// SIGKILL at any moment: what was committed is there, what was not is gone, and no transaction is
// there in part.
#include "child.h"
#include "support.h"

namespace sterna::store {
namespace {

constexpr std::uint32_t kRowsInTransaction = 3;

// Commits transactions of three rows each until it is killed, and reports each commit.
int commit_for_ever(const StateDirectory& state, Durability durability,
                    const Child::Report& report) {
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  for (std::uint32_t uid = 1;; uid += kRowsInTransaction) {
    change(
        *store,
        [&] {
          for (std::uint32_t i = 0; i < kRowsInTransaction; ++i) {
            must(store->put_message(message_row(inbox, uid + i)));
          }
        },
        durability);
    report();
  }
}

class Crash : public testing::TestWithParam<Durability> {};

TEST_P(Crash, KeepsWhatWasCommittedAndNoPartOfATransaction) {
  for (const std::uint32_t commits : {1U, 2U, 7U, 40U, 200U}) {
    const StateDirectory state;
    Child child(
        [&](const Child::Report& report) { return commit_for_ever(state, GetParam(), report); });
    ASSERT_TRUE(child.wait_for(commits));
    child.kill();

    const auto store = state.open();
    const UidSet uids = must(store->remote_uids(MailboxId{1}));
    EXPECT_GE(uids.count(), commits * kRowsInTransaction);
    EXPECT_EQ(uids.count() % kRowsInTransaction, 0U);
    EXPECT_EQ(uids.ranges().size(), 1U);
    EXPECT_EQ(uids.first(), Uid{1});
  }
}

INSTANTIATE_TEST_SUITE_P(Durabilities, Crash, testing::Values(Durability::full, Durability::normal),
                         [](const auto& info) {
                           return info.param == Durability::full ? "full" : "normal";
                         });

TEST(Crash, ForgetsATransactionThatWasNotCommitted) {
  const StateDirectory state;
  Child child([&](const Child::Report& report) {
    const auto store = state.open();
    const MailboxId inbox = add_mailbox(*store, "INBOX");
    Store::Transaction transaction = must(store->begin(Durability::full));
    must(store->put_message(message_row(inbox, 1)));
    report();
    ::pause();
    return 0;
  });
  ASSERT_TRUE(child.wait_for(1));
  child.kill();

  const auto store = state.open();
  EXPECT_EQ(must(store->mailboxes()).size(), 1U);
  EXPECT_TRUE(must(store->remote_uids(MailboxId{1})).empty());
}

TEST(Crash, LeavesALogThatAReaderReads) {
  const StateDirectory state;
  Child child([&](const Child::Report& report) {
    const auto store = state.open();
    change(*store, [&] { must(store->set("epoch", "7")); });
    report();
    ::pause();
    return 0;
  });
  ASSERT_TRUE(child.wait_for(1));
  child.kill();

  EXPECT_EQ(must(state.open_to_read()->get("epoch")), "7");
  EXPECT_EQ(must(state.open()->get("epoch")), "7");
}

TEST(Crash, WhileTheFileIsMadeLeavesOneThatIsMadeAgain) {
  const StateDirectory state;
  std::filesystem::create_directories(state.path());
  run_sql(state.file(), "PRAGMA journal_mode = WAL");

  const auto reader = Store::open(state.path(), true);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), ErrorCode::not_found);
  const auto store = state.open();
  EXPECT_TRUE(store->is_new());
  EXPECT_EQ(add_mailbox(*store, "INBOX"), MailboxId{1});
}

}  // namespace
}  // namespace sterna::store
