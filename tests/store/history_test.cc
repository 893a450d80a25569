// SPDX-License-Identifier: Apache-2.0
// History, undo, and the removals that the brake counts.
#include "support.h"

namespace sterna::store {
namespace {

HistoryEntry entry(std::int64_t at_ms, const std::string& path, const std::string& event) {
  HistoryEntry entry;
  entry.at_ms = at_ms;
  entry.mailbox = "INBOX";
  entry.uid = Uid{4'000'000'000};
  entry.path = path;
  entry.event = event;
  entry.side = "local";
  entry.detail = "\\Seen";
  entry.reason = "the server says so";
  return entry;
}

std::vector<std::string> events(const std::vector<HistoryEntry>& entries) {
  std::vector<std::string> words;
  for (const HistoryEntry& entry : entries) words.push_back(entry.event);
  return words;
}

using Words = std::vector<std::string>;

class History : public testing::Test {
 protected:
  History() {
    change(*store_, [&] {
      must(store_->add_history(entry(10, "new/17.host", "downloaded")));
      must(store_->add_history(entry(20, "cur/17.host,U=3:2,S", "flags")));
      must(store_->add_history(entry(30, "Archive/cur/17.host:2,S", "moved")));
      must(store_->add_history(entry(40, "new/18.host", "downloaded too")));
      must(store_->add_history(entry(50, "", "deleted")));
    });
  }

  StateDirectory state_;
  std::unique_ptr<Store> store_ = state_.open();
};

TEST_F(History, IsToldNewestFirst) {
  EXPECT_EQ(events(must(store_->history({.limit = 2}))), (Words{"deleted", "downloaded too"}));
  EXPECT_EQ(must(store_->history({.limit = 100})).size(), 5U);
  EXPECT_TRUE(must(store_->history({.limit = 0})).empty());
  const HistoryEntry newest = must(store_->history({.limit = 1}))[0];
  EXPECT_EQ(newest.at_ms, 50);
  EXPECT_EQ(newest.mailbox, "INBOX");
  EXPECT_EQ(newest.uid, Uid{4'000'000'000});
  EXPECT_EQ(newest.path, "");
  EXPECT_EQ(newest.side, "local");
  EXPECT_EQ(newest.detail, "\\Seen");
  EXPECT_EQ(newest.reason, "the server says so");
}

TEST_F(History, FollowsAFileThroughItsNames) {
  const Words all{"moved", "flags", "downloaded"};
  EXPECT_EQ(events(must(
                store_->history({.path = "/home/ann/Mail/Archive/cur/17.host:2,RS", .limit = 9}))),
            all);
  EXPECT_EQ(events(must(store_->history({.path = "17.host", .limit = 9}))), all);
  EXPECT_EQ(events(must(store_->history({.path = "17.host", .limit = 1}))), Words{"moved"});
  EXPECT_TRUE(must(store_->history({.path = "19.host", .limit = 9})).empty());
}

TEST(HistoryOfAMailbox, IsNoOther) {
  const StateDirectory state;
  const auto store = state.open();
  HistoryEntry there = entry(10, "INBOX/new/17.host", "downloaded");
  there.mailbox = "INBOX";
  HistoryEntry elsewhere = entry(20, "Archive/cur/17.host:2,S", "moved");
  elsewhere.mailbox = "Archive";
  change(*store, [&] {
    must(store->add_history(there));
    must(store->add_history(elsewhere));
  });
  EXPECT_EQ(events(must(store->history({.mailbox = "INBOX", .limit = 9}))), Words{"downloaded"});
  EXPECT_EQ(events(must(store->history({.path = "17.host", .mailbox = "Archive", .limit = 9}))),
            Words{"moved"});
  EXPECT_TRUE(must(store->history({.mailbox = "Sent", .limit = 9})).empty());
}

TEST_F(History, IsAskedByUidAndTime) {
  EXPECT_EQ(events(must(store_->history({.since_ms = 30, .until_ms = 40}))),
            (Words{"downloaded too", "moved"}));
  EXPECT_EQ(must(store_->history({.mailbox = "INBOX", .uid = Uid{4'000'000'000}})).size(), 5U);
  EXPECT_TRUE(must(store_->history({.mailbox = "INBOX", .uid = Uid{1}})).empty());
}

TEST(HistoryOfAMessage, HasAllNamesOfItsFilesAlsoOnceItIsGone) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  HistoryEntry gone = entry(30, "INBOX/cur/17.host:2,S", "deleted");
  gone.message_id = "<one@host>";
  MessageRow row;
  row.key = {inbox, Uid{9}};
  row.state = RowState::present;
  row.base_name = "18.host";
  row.identity = identity_of("one");
  row.identity->message_id = "<one@host>";
  change(*store, [&] {
    must(store->put_message(row));
    must(store->add_history(entry(10, "INBOX/new/17.host", "downloaded")));
    must(store->add_history(entry(20, "INBOX/new/19.host", "another")));
    must(store->add_history(gone));
    must(store->add_history(entry(40, "INBOX/cur/18.host:2,", "restored")));
  });
  EXPECT_EQ(events(must(store->history({.message_id = "<one@host>"}))),
            (Words{"restored", "deleted", "downloaded"}));
  EXPECT_TRUE(must(store->history({.message_id = "<two@host>"})).empty());
}

TEST(Undo, KeepsWhatIsNeededToBringAMessageBack) {
  const StateDirectory state;
  const auto store = state.open();
  UndoEntry undo;
  undo.file = "0001.eml";
  undo.mailbox = "Lists/dev";
  undo.base_name = "17.host";
  undo.flags = FlagSet::parse("\\Seen work");
  undo.size = 5'000'000'000;
  undo.identity = identity_of("one");
  undo.at_ms = 77;
  undo.reason = "expunged on the server";
  std::int64_t first = 0;
  change(*store, [&] {
    first = must(store->add_undo(undo));
    undo.identity.reset();
    must(store->add_undo(undo));
  });
  const auto entries = must(store->undo_entries());
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].id, first);
  EXPECT_EQ(entries[0].file, "0001.eml");
  EXPECT_EQ(entries[0].mailbox, "Lists/dev");
  EXPECT_EQ(entries[0].base_name, "17.host");
  EXPECT_EQ(entries[0].flags, undo.flags);
  EXPECT_EQ(entries[0].size, 5'000'000'000U);
  EXPECT_EQ(fields(entries[0].identity), fields(identity_of("one")));
  EXPECT_EQ(entries[0].at_ms, 77);
  EXPECT_EQ(entries[0].reason, "expunged on the server");
  EXPECT_FALSE(entries[1].identity);
}

TEST(Removals, AreSummedOverAWindowBySideAndMailbox) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  change(*store, [&] {
    must(store->add_removals(inbox, "remote", 5, 1000, 90));
    must(store->add_removals(inbox, "remote", 7, 2000, 85));
    must(store->add_removals(inbox, "local", 1, 2000, 500));
    must(store->add_removals(MailboxId{}, "remote", 100, 2000, 9000));
  });
  const auto both = must(store->removals_since(inbox, "remote", 1000));
  EXPECT_EQ(both.count, 12U);
  EXPECT_EQ(both.messages_before, 90U);
  const auto later = must(store->removals_since(inbox, "remote", 1001));
  EXPECT_EQ(later.count, 7U);
  EXPECT_EQ(later.messages_before, 85U);
  const auto account = must(store->removals_since(MailboxId{}, "remote", 0));
  EXPECT_EQ(account.count, 100U);
  EXPECT_EQ(account.messages_before, 9000U);
  EXPECT_EQ(must(store->removals_since(inbox, "flags", 0)).count, 0U);
}

}  // namespace
}  // namespace sterna::store
