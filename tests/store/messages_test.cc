// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <random>

#include "support.h"

namespace sterna::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr RowState kStates[] = {RowState::wanted,   RowState::present,  RowState::stub,
                                RowState::dropped,  RowState::detached, RowState::quarantined,
                                RowState::dropping, RowState::deleting, RowState::tombstone};

MessageRow whole_row(MailboxId mailbox) {
  MessageRow row = message_row(mailbox, UINT32_MAX, RowState::stub, "17.\xff,U=3");
  row.flags = FlagSet::parse("\\Seen $Forwarded Work l\xc3\xa9gal");
  row.in_new = true;
  row.info = ":2,S";
  row.file = {UINT64_MAX, UINT64_MAX - 1, 5'000'000'000, INT64_MIN, INT64_MAX};
  row.internal_date = -1;
  row.remote_size = 5'100'000'000;
  row.remote_header = sha256("there");
  row.email_id = "M0001";
  row.modseq = ModSeq{INT64_MAX};
  row.identity = identity_of("whole");
  row.remote_since = Generation{8};
  row.local_since = Generation{9};
  return row;
}

class Messages : public testing::Test {
 protected:
  void put(const std::vector<MessageRow>& rows) {
    change(*store_, [&] {
      for (const MessageRow& row : rows) must(store_->put_message(row));
    });
  }
  // A row of each state, UIDs 1 to 9 in the order of kStates.
  void put_every_state(MailboxId mailbox) {
    std::uint32_t uid = 0;
    for (const RowState state : kStates) put({message_row(mailbox, ++uid, state)});
  }

  StateDirectory state_;
  std::unique_ptr<Store> store_ = state_.open();
  MailboxId inbox_ = add_mailbox(*store_, "INBOX");
  MailboxId sent_ = add_mailbox(*store_, "Sent");
};

TEST_F(Messages, ComeBackAsTheyWereWritten) {
  const MessageRow whole = whole_row(inbox_);
  const MessageRow bare = message_row(inbox_, 1, RowState::wanted);
  put({whole, bare});
  store_.reset();
  store_ = state_.open();
  EXPECT_EQ(fields(*must(store_->message(whole.key))), fields(whole));
  EXPECT_EQ(fields(*must(store_->message(bare.key))), fields(bare));
  EXPECT_EQ(must(store_->message({sent_, Uid{1}})), std::nullopt);
}

TEST_F(Messages, AnIdentityOfNothingIsAnIdentity) {
  MessageRow row = message_row(inbox_, 1);
  row.identity = Identity{};
  put({row});
  EXPECT_EQ(fields(*must(store_->message(row.key))), fields(row));
}

TEST_F(Messages, AreReplacedWhole) {
  MessageRow row = whole_row(inbox_);
  put({row});
  row = message_row(inbox_, row.key.uid.value, RowState::dropped);
  put({row});
  EXPECT_EQ(fields(*must(store_->message(row.key))), fields(row));
  EXPECT_THAT(must(store_->messages_by_base_name("17.\xff,U=3")), IsEmpty());
}

TEST_F(Messages, TellWhetherAnyIsDetached) {
  put({message_row(inbox_, 1), message_row(inbox_, 2, RowState::dropped)});
  EXPECT_FALSE(must(store_->has_detached(inbox_)));
  put({message_row(inbox_, 3, RowState::detached)});
  EXPECT_TRUE(must(store_->has_detached(inbox_)));
  EXPECT_FALSE(must(store_->has_detached(MailboxId{inbox_.value + 1})));
}

TEST_F(Messages, NeedTheirMailbox) {
  Store::Transaction transaction = must(store_->begin(Durability::full));
  const Status put = store_->put_message(message_row(MailboxId{99}, 1));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code(), ErrorCode::internal);
}

TEST_F(Messages, AreRemovedOneByOne) {
  put({message_row(inbox_, 1), message_row(inbox_, 2), message_row(sent_, 1)});
  change(*store_, [&] { must(store_->remove_message({inbox_, Uid{1}})); });
  EXPECT_FALSE(must(store_->message({inbox_, Uid{1}})));
  EXPECT_TRUE(must(store_->message({inbox_, Uid{2}})));
  EXPECT_TRUE(must(store_->message({sent_, Uid{1}})));
}

TEST_F(Messages, AreReadByRangesOfUids) {
  for (const std::uint32_t uid : {1U, 2U, 5U, 7U, 4'000'000'000U}) {
    put({message_row(inbox_, uid), message_row(sent_, uid + 1)});
  }
  const auto read = [&](const char* set) {
    return uids_of(must(store_->messages(inbox_, *UidSet::parse(set))));
  };
  EXPECT_THAT(read("1:4294967295"), ElementsAre(1U, 2U, 5U, 7U, 4'000'000'000U));
  EXPECT_THAT(read("2:5,7,9"), ElementsAre(2U, 5U, 7U));
  EXPECT_THAT(read("3:4"), IsEmpty());
  EXPECT_THAT(must(store_->messages(inbox_, UidSet())), IsEmpty());
}

TEST_F(Messages, AreFoundByBaseNameWithoutForeignFields) {
  put({message_row(inbox_, 1, RowState::present, "17.host,U=1"),
       message_row(inbox_, 2, RowState::present, "18.host"),
       message_row(sent_, 3, RowState::tombstone, "17.host,S=4,W=5"),
       message_row(sent_, 4, RowState::wanted)});
  EXPECT_THAT(uids_of(must(store_->messages_by_base_name("17.host"))), ElementsAre(1U, 3U));
  EXPECT_THAT(uids_of(must(store_->messages_by_base_name("17.host,U=99"))), ElementsAre(1U, 3U));
  EXPECT_THAT(uids_of(must(store_->messages_by_base_name("18.host"))), ElementsAre(2U));
  EXPECT_THAT(must(store_->messages_by_base_name("17.hos")), IsEmpty());
  EXPECT_THAT(must(store_->messages_by_base_name("")), IsEmpty());
}

TEST_F(Messages, AreFoundByTheServersId) {
  const auto with_id = [](MessageRow row, std::string id) {
    row.email_id = std::move(id);
    return row;
  };
  put({with_id(message_row(inbox_, 1), "M1"), with_id(message_row(inbox_, 2), "M2"),
       with_id(message_row(sent_, 3), "M1"), message_row(sent_, 4)});
  EXPECT_THAT(uids_of(must(store_->messages_of_email_id("M1", 9))), ElementsAre(1U, 3U));
  EXPECT_THAT(uids_of(must(store_->messages_of_email_id("M1", 1))), ElementsAre(1U));
  EXPECT_THAT(must(store_->messages_of_email_id("M", 9)), IsEmpty());
  EXPECT_THAT(must(store_->messages_of_email_id("", 9)), IsEmpty());
}

TEST_F(Messages, AreFoundByTheIdThatTheyHaveNow) {
  MessageRow row = message_row(inbox_, 1, RowState::present, "1.name");
  for (const char* id : {"", "M1", "M2"}) {
    row.email_id = id;
    put({row});
    EXPECT_EQ(fields(*must(store_->message(row.key))), fields(row));
  }
  EXPECT_THAT(must(store_->messages_of_email_id("M1", 9)), IsEmpty());
  EXPECT_THAT(uids_of(must(store_->messages_of_email_id("M2", 9))), ElementsAre(1U));
  change(*store_, [&] { must(store_->set_state(row.key, RowState::deleting)); });
  EXPECT_EQ(must(store_->messages_of_email_id("M2", 9)).front().state, RowState::deleting);
  change(*store_, [&] { must(store_->remove_message(row.key)); });
  EXPECT_THAT(must(store_->messages_of_email_id("M2", 9)), IsEmpty());
}

TEST_F(Messages, AreFoundByStateInTheAccount) {
  put_every_state(inbox_);
  put({message_row(sent_, 40, RowState::wanted)});
  EXPECT_THAT(uids_of(must(store_->messages_in_state(RowState::wanted))), ElementsAre(1U, 40U));
  std::uint32_t uid = 0;
  for (const RowState state : kStates) {
    const auto rows = must(store_->messages_in_state(state));
    ASSERT_FALSE(rows.empty());
    EXPECT_EQ(rows[0].key, (MessageKey{inbox_, Uid{++uid}}));
    EXPECT_EQ(rows[0].state, state);
  }
}

TEST_F(Messages, WithAFileAreVisitedInOrder) {
  put_every_state(inbox_);
  MessageRow row = message_row(inbox_, 10, RowState::present, "17.host");
  row.in_new = true;
  row.info = ":2,";
  row.file.ino = UINT64_MAX;
  put({row, message_row(sent_, 1)});
  std::vector<std::uint32_t> uids;
  must(store_->for_each_local(inbox_, [&](const LocalRow& local) {
    uids.push_back(local.uid.value);
    if (local.uid != row.key.uid) return;
    EXPECT_EQ(local.state, RowState::present);
    EXPECT_EQ(local.ino, UINT64_MAX);
    EXPECT_TRUE(local.in_new);
    EXPECT_EQ(local.base_name, "17.host");
    EXPECT_EQ(local.info, ":2,");
  }));
  EXPECT_THAT(uids, ElementsAre(2U, 3U, 5U, 10U));
}

TEST_F(Messages, WithAFileAreVisitedWithItsStamp) {
  put_every_state(inbox_);
  MessageRow row = message_row(inbox_, 10, RowState::present, "17.host");
  row.file = {UINT64_MAX, 7, 5'000'000'000, INT64_MIN, INT64_MAX};
  row.local_since = Generation{9};
  put({row, message_row(sent_, 1)});
  std::vector<std::uint32_t> uids;
  must(store_->for_each_stamp(inbox_, [&](const StampedRow& stamped) {
    uids.push_back(stamped.uid.value);
    if (stamped.uid != row.key.uid) return;
    EXPECT_EQ(stamped.state, RowState::present);
    EXPECT_EQ(stamped.base_name, "17.host");
    EXPECT_EQ(stamped.file, row.file);
    EXPECT_EQ(stamped.local_since, Generation{9});
  }));
  EXPECT_THAT(uids, ElementsAre(2U, 3U, 5U, 10U));
}

TEST_F(Messages, OfAnyStateAreVisitedWhole) {
  put_every_state(inbox_);
  put({whole_row(inbox_), message_row(sent_, 1)});
  std::vector<MessageRow> rows;
  must(store_->for_each(inbox_, [&](const MessageRow& row) { rows.push_back(row); }));
  EXPECT_THAT(uids_of(rows), ElementsAre(1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, UINT32_MAX));
  EXPECT_EQ(fields(rows.back()), fields(whole_row(inbox_)));
}

TEST_F(Messages, OnTheServerAreAllButDetachedAndTombstones) {
  put_every_state(inbox_);
  put({message_row(inbox_, UINT32_MAX), message_row(sent_, 77)});
  EXPECT_EQ(must(store_->remote_uids(inbox_)).to_string(), "1:4,6:8,4294967295");
  EXPECT_TRUE(must(store_->remote_uids(MailboxId{99})).empty());
}

TEST_F(Messages, AreCountedByWhatTheyAre) {
  put_every_state(inbox_);
  put({message_row(inbox_, 20), message_row(sent_, 1)});
  const auto counts = must(store_->counts(inbox_));
  EXPECT_EQ(counts.on_server, 8U);
  EXPECT_EQ(counts.present, 3U);
  EXPECT_EQ(counts.quarantined, 1U);
  EXPECT_EQ(must(store_->counts(MailboxId{99})).on_server, 0U);
}

// A count is kept by triggers, whatever changes it.
TEST_F(Messages, AreCountedAnewAfterEachChange) {
  const auto present = [&] { return must(store_->counts(inbox_)).present; };
  const auto row = message_row(inbox_, 2);
  put({message_row(inbox_, 1)});
  EXPECT_EQ(present(), 1U);
  put({row});
  EXPECT_EQ(present(), 2U);
  change(*store_, [&] { must(store_->set_state(row.key, RowState::detached)); });
  EXPECT_EQ(present(), 1U);
  change(*store_, [&] { must(store_->set_state(row.key, RowState::present)); });
  EXPECT_EQ(present(), 2U);
  change(*store_, [&] { must(store_->set_state(row.key, RowState::deleting)); });
  EXPECT_EQ(present(), 1U);
  put({message_row(inbox_, 2, RowState::wanted)});
  EXPECT_EQ(present(), 1U);
  {
    const auto transaction = must(store_->begin(Durability::normal));
    must(store_->remove_message({inbox_, Uid{1}}));
    EXPECT_EQ(present(), 0U);
  }
  EXPECT_EQ(present(), 1U);  // it was rolled back
  change(*store_, [&] { must(store_->remove_message({inbox_, Uid{1}})); });
  EXPECT_EQ(present(), 0U);
  EXPECT_EQ(must(store_->counts(inbox_)).on_server, 1U);
  change(*store_, [&] { must(store_->remove_mailbox(inbox_)); });
  EXPECT_EQ(must(store_->counts(inbox_)).on_server, 0U);
  EXPECT_EQ(ask_sql(state_.file(), "SELECT count(*) FROM tally"), std::vector<std::string>{"0"});
}

TEST_F(Messages, AreCountedRightAfterAnyRowOfChanges) {
  std::mt19937 dice(1);
  const auto uid = [&] { return static_cast<std::uint32_t>(1 + dice() % 8); };
  for (int round = 0; round < 300; ++round) {
    change(*store_, [&] {
      const MailboxId mailbox = dice() % 2 == 0 ? inbox_ : sent_;
      const RowState state = kStates[dice() % std::size(kStates)];
      switch (dice() % 5) {
        case 0:
          must(store_->remove_message({mailbox, Uid{uid()}}));
          break;
        case 1:
          must(store_->set_state({mailbox, Uid{uid()}}, state));
          break;
        case 2:
          if (dice() % 20 == 0) must(store_->take_all(mailbox));
          break;
        default:
          must(store_->put_message(message_row(mailbox, uid(), state, std::to_string(dice() % 3))));
      }
    });
    ASSERT_EQ(ask_sql(state_.file(),
                      "SELECT mailbox || ' ' || state || ' ' || messages FROM tally "
                      "WHERE messages != 0 ORDER BY mailbox, state"),
              ask_sql(state_.file(),
                      "SELECT mailbox || ' ' || state || ' ' || count(*) "
                      "FROM message GROUP BY mailbox, state "
                      "ORDER BY mailbox, state"));
  }
}

TEST_F(Messages, GiveTheirFlagsByRange) {
  MessageRow first = message_row(inbox_, 3, RowState::present);
  first.flags = FlagSet::parse("\\Seen work");
  first.modseq = ModSeq{70};
  put({first, message_row(inbox_, 5, RowState::wanted), message_row(inbox_, 9),
       message_row(sent_, 4)});
  std::vector<std::string> seen;
  must(store_->for_each_flags(
      inbox_, *UidSet::parse("1:5,8"),
      [&](Uid uid, RowState state, const FlagSet& flags, ModSeq modseq) {
        seen.push_back(std::to_string(uid.value) + " " + std::string(to_string(state)) + " " +
                       flags.to_string() + " " + std::to_string(modseq.value));
      }));
  EXPECT_THAT(seen, ElementsAre("3 present \\Seen work 70", "5 wanted  0"));
}

TEST_F(Messages, AreTakenAllAtOnce) {
  put({message_row(inbox_, 1), whole_row(inbox_), message_row(sent_, 1)});
  std::vector<MessageRow> taken;
  change(*store_, [&] { taken = must(store_->take_all(inbox_)); });
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(fields(taken[1]), fields(whole_row(inbox_)));
  EXPECT_EQ(must(store_->counts(inbox_)).on_server, 0U);
  EXPECT_EQ(must(store_->counts(sent_)).on_server, 1U);
}

// A UID names another message once its mailbox is paired anew; a file name does not.
TEST_F(Messages, AreTakenWithWhatWasKnownByTheirUids) {
  const auto about = [](MailboxId mailbox, std::uint32_t uid, const char* base) {
    return ActionKey{mailbox, Uid{uid}, base, "download"};
  };
  const std::vector<ActionKey> keys = {about(inbox_, 1, ""), about(inbox_, 9, ""),
                                       about(inbox_, 0, "a"), about(sent_, 1, "")};
  change(*store_, [&] {
    for (const ActionKey& key : keys) {
      must(store_->put_failure({key.mailbox, key.uid, key.base_name, key.action, 1, 1000, "NO"}));
      must(store_->put_attempt({key, 7, 1, 0, ""}));
    }
    must(store_->take_all(inbox_));
  });
  std::vector<ActionKey> failures;
  for (const Failure& failure : must(store_->failures())) {
    failures.push_back({failure.mailbox, failure.uid, failure.base_name, failure.action});
  }
  std::vector<ActionKey> attempts;
  for (const Attempt& attempt : must(store_->attempts())) attempts.push_back(attempt.key);
  EXPECT_THAT(failures, ElementsAre(keys[2], keys[3]));
  EXPECT_THAT(attempts, ElementsAre(keys[2], keys[3]));
}

TEST_F(Messages, OfAWholeMailboxNeedNotFitIntoTheCache) {
  constexpr std::uint32_t kRows = 30'000;
  for (std::uint32_t uid = 1; uid <= kRows;) {
    change(*store_, [&] {
      for (const std::uint32_t end = uid + 1000; uid < end; ++uid) {
        MessageRow row = message_row(inbox_, uid, RowState::present, "17.h" + std::to_string(uid));
        row.identity = Identity{};
        must(store_->put_message(row));
      }
    });
  }
  std::uint32_t next = 1;
  must(store_->for_each_local(inbox_, [&](const LocalRow& row) {
    EXPECT_EQ(row.uid.value, next);
    EXPECT_EQ(row.base_name, "17.h" + std::to_string(next));
    ++next;
  }));
  EXPECT_EQ(next, kRows + 1);
  EXPECT_EQ(must(store_->remote_uids(inbox_)), UidSet::range(Uid{1}, Uid{kRows}));
  EXPECT_THAT(uids_of(must(store_->messages_by_base_name("17.h29999"))), ElementsAre(29'999U));
}

TEST(MessageRows, TellsWhichOfSomeUidsTheServerHas) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  change(*store, [&] {
    for (const std::uint32_t uid : {1U, 2U, 3U, 7U}) {
      MessageRow row = message_row(inbox, uid);
      if (uid == 3) row.state = RowState::detached;
      if (uid == 7) row.state = RowState::quarantined;
      must(store->put_message(row));
    }
  });
  UidSet asked = UidSet::range(Uid{2}, Uid{5});
  asked.add_all(UidSet::range(Uid{7}, kUidMax));
  EXPECT_EQ(must(store->remote_uids_among(inbox, asked)).to_string(), "2,7");
  EXPECT_TRUE(must(store->remote_uids_among(inbox, {})).empty());
}

// A row that keeps its state and name is updated in place; one that does not must be found by the
// new ones and no more by the old.
TEST(MessageRows, ARowThatChangesIsFoundByWhatItIsNow) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  MessageRow row = message_row(inbox, 1);
  row.base_name = "one";
  change(*store, [&] { must(store->put_message(row)); });
  row.flags = FlagSet::parse("\\Seen work");
  row.info = ":2,Sa";
  change(*store, [&] { must(store->put_message(row)); });
  EXPECT_EQ(must(store->message(row.key))->flags, row.flags);
  EXPECT_EQ(must(store->messages_by_base_name("one")).size(), 1U);
  row.base_name = "two";
  row.state = RowState::deleting;
  change(*store, [&] { must(store->put_message(row)); });
  EXPECT_TRUE(must(store->messages_by_base_name("one")).empty());
  EXPECT_EQ(must(store->messages_by_base_name("two")).size(), 1U);
  EXPECT_TRUE(must(store->messages_in_state(RowState::present)).empty());
  EXPECT_EQ(must(store->messages_in_state(RowState::deleting)).size(), 1U);
}

TEST(MessageRows, AStateAloneIsChangedAndFound) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  const MessageRow row = message_row(inbox, 1);
  change(*store, [&] {
    must(store->put_message(row));
    must(store->put_message(message_row(inbox, 2)));
    must(store->set_state(row.key, RowState::deleting));
    must(store->set_state({inbox, Uid{3}}, RowState::deleting));  // no such row
  });
  const std::vector<MessageRow> deleting = must(store->messages_in_state(RowState::deleting));
  ASSERT_EQ(deleting.size(), 1U);
  EXPECT_EQ(deleting.front().key, row.key);
  EXPECT_EQ(deleting.front().base_name, row.base_name);
  EXPECT_EQ(must(store->messages_in_state(RowState::present)).size(), 1U);
}

TEST(MessageRows, AreFoundByTheirHeaders) {
  const StateDirectory state;
  const auto store = state.open();
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  const MailboxId other = add_mailbox(*store, "other");
  change(*store, [&] {
    for (const auto& [mailbox, uid, text] :
         {std::tuple(inbox, 1U, "a"), {inbox, 2U, "b"}, {other, 1U, "a"}, {other, 2U, "c"}}) {
      MessageRow row = message_row(mailbox, uid);
      row.identity = identity_of(text);
      must(store->put_message(row));
    }
    must(store->put_message(message_row(other, 3)));  // of unknown content
  });
  const auto found = must(store->messages_with_headers({sha256("a"), sha256("b"), sha256("z")}));
  std::vector<MessageKey> keys;
  for (const MessageRow& row : found) keys.push_back(row.key);
  EXPECT_EQ(keys, (std::vector<MessageKey>{{inbox, Uid{1}}, {inbox, Uid{2}}, {other, Uid{1}}}));
}

// A state that passes is the row's state wherever rows are read, and as durable as the row.
class PassingState : public testing::TestWithParam<RowState> {
 protected:
  PassingState() {
    for (const std::uint32_t uid : {1U, 2U, 3U}) {
      change(*store_, [&] {
        must(store_->put_message(
            message_row(inbox_, uid, RowState::present, "name" + std::to_string(uid))));
      });
    }
    change(*store_, [&] { must(store_->set_state(key_, GetParam())); });
  }
  std::vector<RowState> states() {
    std::vector<RowState> found;
    must(store_->for_each(inbox_, [&](const MessageRow& row) { found.push_back(row.state); }));
    return found;
  }
  std::size_t rows_in_table() { return ask_sql(state_.file(), "SELECT uid FROM passing").size(); }
  void reopen() {
    store_.reset();
    store_ = state_.open();
  }

  const StateDirectory state_;
  std::unique_ptr<Store> store_ = state_.open();
  const MailboxId inbox_ = add_mailbox(*store_, "INBOX");
  const MessageKey key_{inbox_, Uid{2}};
};

TEST_P(PassingState, IsSeenByEveryQuestion) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(must(store_->message(key_))->state, GetParam());
    EXPECT_EQ(must(store_->messages(inbox_, UidSet::single(key_.uid))).front().state, GetParam());
    EXPECT_EQ(states(), (std::vector{RowState::present, GetParam(), RowState::present}));
    ASSERT_EQ(must(store_->messages_by_base_name("name2")).size(), 1U);
    EXPECT_EQ(must(store_->messages_by_base_name("name2")).front().state, GetParam());
    ASSERT_EQ(must(store_->messages_in_state(GetParam())).size(), 1U);
    EXPECT_EQ(must(store_->messages_in_state(GetParam())).front().key, key_);
    EXPECT_EQ(must(store_->messages_in_state(RowState::present)).size(), 2U);
    EXPECT_EQ(must(store_->counts(inbox_)).present, 2U);
    EXPECT_EQ(must(store_->counts(inbox_)).on_server, 3U);
    EXPECT_EQ(must(store_->remote_uids(inbox_)).count(), 3U);
    EXPECT_EQ(must(store_->remote_uids_among(inbox_, UidSet::single(key_.uid))).count(), 1U);
    std::vector<Uid> local;
    must(store_->for_each_local(inbox_, [&](const LocalRow& row) { local.push_back(row.uid); }));
    EXPECT_EQ(local, (std::vector{Uid{1}, Uid{3}}));
    RowState told{};
    must(store_->for_each_flags(inbox_, UidSet::single(key_.uid),
                                [&](Uid, RowState one, const FlagSet&, ModSeq) { told = one; }));
    EXPECT_EQ(told, GetParam());
    reopen();
  }
}

TEST_P(PassingState, EndsWithWhateverIsSaidOfTheRowNext) {
  change(*store_, [&] { must(store_->set_state(key_, RowState::present)); });
  EXPECT_EQ(must(store_->message(key_))->state, RowState::present);
  EXPECT_EQ(rows_in_table(), 0U);

  change(*store_, [&] { must(store_->set_state(key_, GetParam())); });
  MessageRow row = *must(store_->message(key_));
  row.flags.set(Flag::seen, true);
  change(*store_, [&] { must(store_->put_message(row)); });
  reopen();
  EXPECT_EQ(must(store_->message(key_))->state, GetParam());
  EXPECT_TRUE(must(store_->message(key_))->flags.has(Flag::seen));
  EXPECT_EQ(rows_in_table(), 0U);

  row.state = RowState::present;
  change(*store_, [&] { must(store_->put_message(row)); });
  change(*store_, [&] { must(store_->set_state(key_, GetParam())); });
  change(*store_, [&] { must(store_->remove_message(key_)); });
  change(*store_, [&] { must(store_->put_message(row)); });
  EXPECT_EQ(must(store_->message(key_))->state, RowState::present);
  EXPECT_EQ(rows_in_table(), 0U);
}

TEST_P(PassingState, GoesBackWithItsTransaction) {
  {
    auto transaction = must(store_->begin(Durability::full));
    must(store_->set_state({inbox_, Uid{1}}, GetParam()));
    must(store_->remove_message(key_));
  }
  EXPECT_EQ(states(), (std::vector{RowState::present, GetParam(), RowState::present}));
  EXPECT_EQ(must(store_->messages_in_state(GetParam())).size(), 1U);
}

TEST_P(PassingState, GoesWithItsMailbox) {
  change(*store_, [&] { EXPECT_EQ(must(store_->take_all(inbox_))[1].state, GetParam()); });
  EXPECT_EQ(rows_in_table(), 0U);
  change(*store_, [&] { must(store_->put_message(message_row(inbox_, 2))); });
  EXPECT_NE(must(store_->message(key_))->state, GetParam());
}

INSTANTIATE_TEST_SUITE_P(MessageRows, PassingState,
                         testing::Values(RowState::deleting, RowState::dropping));

}  // namespace
}  // namespace sterna::store
