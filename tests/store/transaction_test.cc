// SPDX-License-Identifier: Apache-2.0
#include "support.h"

namespace sterna::store {
namespace {

TEST(Transaction, ThatIsNotCommittedLeavesNothing) {
  const StateDirectory state;
  const auto store = state.open();
  {
    Store::Transaction transaction = must(store->begin(Durability::full));
    must(store->set("epoch", "1"));
    EXPECT_EQ(must(store->get("epoch")), "1");
  }
  EXPECT_EQ(must(store->get("epoch")), std::nullopt);
  change(*store, [&] { must(store->set("epoch", "2")); });
  EXPECT_EQ(must(store->get("epoch")), "2");
}

TEST(Transaction, CanBeMovedAndIsCommittedOnce) {
  const StateDirectory state;
  const auto store = state.open();
  Store::Transaction first = must(store->begin(Durability::normal));
  Store::Transaction moved = std::move(first);
  must(store->set("epoch", "1"));
  must(moved.commit());
  EXPECT_EQ(must(store->get("epoch")), "1");
}

TEST(Transaction, InWhichAChangeFailedCannotBeCommitted) {
  const StateDirectory state;
  const auto store = state.open();
  {
    Store::Transaction transaction = must(store->begin(Durability::full));
    must(store->set("epoch", "1"));
    ASSERT_FALSE(store->put_message(message_row(MailboxId{99}, 1)));
    EXPECT_FALSE(store->set("epoch", "2"));
    const Status committed = transaction.commit();
    ASSERT_FALSE(committed);
    EXPECT_EQ(committed.error().code(), ErrorCode::internal);
  }
  EXPECT_EQ(must(store->get("epoch")), std::nullopt);
  change(*store, [&] { must(store->set("epoch", "3")); });
  EXPECT_EQ(must(store->get("epoch")), "3");
}

TEST(Transaction, OfEitherDurabilityMayFollowTheOther) {
  const StateDirectory state;
  const auto store = state.open();
  for (const Durability durability : {Durability::normal, Durability::full, Durability::full,
                                      Durability::normal, Durability::full}) {
    change(*store, [&] { must(store->set("epoch", "1")); }, durability);
  }
  EXPECT_EQ(must(store->get("epoch")), "1");
}

TEST(TransactionDeath, AChangeOutsideOfOneIsOurOwnMistake) {
  const StateDirectory state;
  const auto store = state.open();
  EXPECT_DEATH(static_cast<void>(store->set("epoch", "1")), "in_transaction_");
}

TEST(TransactionDeath, OneInsideAnotherIsOurOwnMistake) {
  const StateDirectory state;
  const auto store = state.open();
  const Store::Transaction outer = must(store->begin(Durability::full));
  EXPECT_DEATH(static_cast<void>(store->begin(Durability::full)), "in_transaction_");
}

TEST(TransactionDeath, AVisitorMustNotRunTheQueryThatCallsIt) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  change(*store, [&] { must(store->put_message(message_row(inbox, 1))); });
  const auto nothing = [](const MessageRow&) {};
  EXPECT_DEATH(static_cast<void>(store->for_each(
                   inbox, [&](const MessageRow&) { must(store->for_each(inbox, nothing)); })),
               "sqlite3_stmt_busy");
}

TEST(Reading, SeesOneStateWhateverIsWrittenMeanwhile) {
  const StateDirectory state;
  const auto store = state.open();
  add_mailbox(*store, "one");
  const auto reader = state.open_to_read();
  {
    const auto reading = must(reader->read());
    EXPECT_EQ(must(reader->mailboxes()).size(), 1U);
    add_mailbox(*store, "two");
    EXPECT_EQ(must(reader->mailboxes()).size(), 1U);
  }
  EXPECT_EQ(must(reader->mailboxes()).size(), 2U);
  // And the store itself can write again afterwards.
  {
    const auto reading = must(store->read());
  }
  add_mailbox(*store, "three");
  EXPECT_EQ(must(store->mailboxes()).size(), 3U);
}

}  // namespace
}  // namespace sterna::store
