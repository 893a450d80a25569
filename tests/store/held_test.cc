// SPDX-License-Identifier: Apache-2.0
// Held entries, approvals, failures, attempts and tombstones.
#include "support.h"

namespace sterna::store {
namespace {

HeldEntry held_entry(const std::string& kind, MailboxId mailbox, std::uint32_t uid,
                     std::int64_t since_ms, const std::string& reason = "too many") {
  HeldEntry entry;
  entry.kind = kind;
  entry.mailbox = mailbox;
  entry.uid = Uid{uid};
  entry.uidvalidity = UidValidity{9};
  entry.reason = reason;
  entry.since_ms = since_ms;
  return entry;
}

class Held : public testing::Test {
 protected:
  void replace(const std::vector<HeldEntry>& entries) {
    change(*store_, [&] { must(store_->replace_held(entries)); });
  }

  StateDirectory state_;
  std::unique_ptr<Store> store_ = state_.open();
  MailboxId inbox_ = add_mailbox(*store_, "INBOX");
};

TEST_F(Held, EntriesThatStayKeepTheirIdAndTheirTime) {
  replace({held_entry("delete_out", inbox_, 1, 100), held_entry("delete_out", inbox_, 2, 100)});
  const auto before = must(store_->held());
  ASSERT_EQ(before.size(), 2U);

  replace({held_entry("delete_out", inbox_, 2, 200, "still too many"),
           held_entry("delete_out", inbox_, 3, 200)});
  const auto after = must(store_->held());
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].id, before[1].id);
  EXPECT_EQ(after[0].uid, Uid{2});
  EXPECT_EQ(after[0].uidvalidity, UidValidity{9});
  EXPECT_EQ(after[0].since_ms, 100);
  EXPECT_EQ(after[0].reason, "still too many");
  EXPECT_EQ(after[1].uid, Uid{3});
  EXPECT_EQ(after[1].since_ms, 200);
}

TEST_F(Held, UnderAnotherUidValidityItIsAnother) {
  replace({held_entry("delete_out", inbox_, 1, 100)});
  const auto before = must(store_->held());
  HeldEntry entry = held_entry("delete_out", inbox_, 1, 200);
  entry.uidvalidity = UidValidity{10};
  replace({entry});
  const auto after = must(store_->held());
  ASSERT_EQ(after.size(), 1U);
  EXPECT_NE(after[0].id, before[0].id);
  EXPECT_EQ(after[0].uidvalidity, UidValidity{10});
  EXPECT_EQ(after[0].since_ms, 200);
}

TEST_F(Held, EveryPartOfTheKeyTellsEntriesApart) {
  HeldEntry orphan = held_entry("orphan", MailboxId{}, 0, 1);
  orphan.base_name = "a";
  HeldEntry other_name = orphan;
  other_name.base_name = "b";
  HeldEntry other_mailbox = orphan;
  other_mailbox.mailbox = inbox_;
  HeldEntry other_kind = orphan;
  other_kind.kind = "delete_in";
  HeldEntry other_uid = orphan;
  other_uid.uid = Uid{1};
  replace({orphan, other_name, other_mailbox, other_kind, other_uid});
  EXPECT_EQ(must(store_->held()).size(), 5U);
}

TEST_F(Held, TheSameEntryTwiceIsOne) {
  replace({held_entry("delete_out", inbox_, 1, 5), held_entry("delete_out", inbox_, 1, 6)});
  const auto entries = must(store_->held());
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].since_ms, 5);
}

TEST_F(Held, AnIdIsNeverGivenTwice) {
  replace({held_entry("delete_out", inbox_, 1, 5)});
  const std::int64_t first = must(store_->held())[0].id;
  replace({});
  EXPECT_TRUE(must(store_->held()).empty());
  replace({held_entry("delete_out", inbox_, 1, 6)});
  const auto entries = must(store_->held());
  EXPECT_GT(entries[0].id, first);
  EXPECT_EQ(entries[0].since_ms, 6);
}

TEST(Approvals, NameRowsAndUidValidity) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId a = add_mailbox(*store, "A");
  const MailboxId b = add_mailbox(*store, "B");
  change(*store, [&] {
    must(store->add_approval({{a, Uid{2}}, UidValidity{7}}));
    must(store->add_approval({{a, Uid{1}}, UidValidity{7}}));
    must(store->add_approval({{a, Uid{1}}, UidValidity{8}}));
    must(store->add_approval({{b, Uid{1}}, UidValidity{9}}));
  });
  auto entries = must(store->approvals());
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].key, (MessageKey{a, Uid{1}}));
  EXPECT_EQ(entries[0].uidvalidity, UidValidity{8});
  EXPECT_EQ(entries[1].key, (MessageKey{a, Uid{2}}));
  EXPECT_EQ(entries[2].key, (MessageKey{b, Uid{1}}));

  change(*store, [&] { must(store->remove_approval({a, Uid{1}})); });
  EXPECT_EQ(must(store->approvals()).size(), 2U);
  change(*store, [&] { must(store->take_all(a)); });
  entries = must(store->approvals());
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].key.mailbox, b);
}

TEST(Failures, AreCountedByMailboxUidNameAndAction) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  const Failure download{inbox, Uid{5}, "", "download", 1, 1000, "NO"};
  Failure again = download;
  again.count = 2;
  again.next_try_ms = 9000;
  again.reason = "NO again";
  const Failure upload{inbox, Uid{}, "17.host", "upload", 1, 2000, "too big"};
  const Failure account{MailboxId{}, Uid{}, "", "list", 1, 3000, "BAD"};
  change(*store, [&] {
    must(store->put_failure(download));
    must(store->put_failure(upload));
    must(store->put_failure(account));
    must(store->put_failure(again));
  });

  auto failures = must(store->failures());
  ASSERT_EQ(failures.size(), 3U);
  EXPECT_EQ(failures[0].action, "list");
  EXPECT_EQ(failures[1].base_name, "17.host");
  EXPECT_EQ(failures[1].reason, "too big");
  EXPECT_EQ(failures[2].mailbox, inbox);
  EXPECT_EQ(failures[2].uid, Uid{5});
  EXPECT_EQ(failures[2].count, 2U);
  EXPECT_EQ(failures[2].next_try_ms, 9000);
  EXPECT_EQ(failures[2].reason, "NO again");

  change(*store, [&] {
    must(store->clear_failure(inbox, Uid{5}, "", "upload"));
    must(store->clear_failure(inbox, Uid{}, "17.host", "upload"));
  });
  failures = must(store->failures());
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[1].action, "download");
}

TEST(Attempts, AreKeptByMailboxUidNameAndAction) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  const Attempt flags{{inbox, Uid{5}, "", "flags"}, 17, 1, 0, ""};
  Attempt again = flags;
  again.content = UINT64_MAX;
  again.times = 4;
  again.next_try_ms = 9000;
  again.answer = "OK";
  const Attempt move{{inbox, Uid{}, "17.host", "move"}, 18, 2, 0, ""};
  change(*store, [&] {
    must(store->put_attempt(flags));
    must(store->put_attempt(move));
    must(store->put_attempt(again));
  });
  auto attempts = must(store->attempts());
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].key, move.key);
  EXPECT_EQ(attempts[1].key, flags.key);
  EXPECT_EQ(attempts[1].content, UINT64_MAX);
  EXPECT_EQ(attempts[1].times, 4U);
  EXPECT_EQ(attempts[1].next_try_ms, 9000);
  EXPECT_EQ(attempts[1].answer, "OK");

  change(*store, [&] {
    must(store->clear_attempt({inbox, Uid{5}, "", "delete"}));
    must(store->clear_attempt(flags.key));
  });
  attempts = must(store->attempts());
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].key, move.key);
}

TEST(Tombstones, AreFoundByNameInTheirMailbox) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId a = add_mailbox(*store, "A");
  const MailboxId b = add_mailbox(*store, "B");
  change(*store, [&] {
    must(store->add_tombstone({{a, Uid{1}}, "17.host,U=1", 11, "boot one", 100}));
    must(store->add_tombstone({{a, Uid{2}}, "17.host,U=2", 12, "boot two", 200}));
    must(store->add_tombstone({{b, Uid{1}}, "18.host", UINT64_MAX, "boot two", 300}));
    must(store->add_tombstone({{b, Uid{2}}, "", 14, "boot two", 300}));
  });
  const auto newest = must(store->tombstone_of(a, "17.host"));
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->key, (MessageKey{a, Uid{2}}));
  EXPECT_EQ(newest->base_name, "17.host,U=2");
  EXPECT_EQ(newest->ino, 12U);
  EXPECT_EQ(newest->boot_id, "boot two");
  EXPECT_EQ(newest->at_ms, 200);
  EXPECT_EQ(must(store->tombstone_of(b, "18.host"))->ino, UINT64_MAX);
  EXPECT_FALSE(must(store->tombstone_of(b, "17.host")));
  EXPECT_FALSE(must(store->tombstone_of(b, "")));
}

TEST(Tombstones, KnowThatABackupOfTheirMailboxWasRestoredSince) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId a = add_mailbox(*store, "A");
  const MailboxId b = add_mailbox(*store, "B");
  change(*store, [&] {
    must(store->add_tombstone({{a, Uid{1}}, "17.host", 11, "boot", 100}));
    must(store->add_tombstone({{b, Uid{1}}, "18.host", 12, "boot", 100}));
    must(store->mark_tombstones_of_backup(a));
  });
  EXPECT_TRUE(must(store->tombstone_of(a, "17.host"))->of_backup);
  EXPECT_FALSE(must(store->tombstone_of(b, "18.host"))->of_backup);
  change(*store, [&] { must(store->add_tombstone({{a, Uid{1}}, "17.host", 13, "boot", 200})); });
  EXPECT_FALSE(must(store->tombstone_of(a, "17.host"))->of_backup);
}

}  // namespace
}  // namespace sterna::store
