// SPDX-License-Identifier: Apache-2.0
#include "support.h"

namespace sterna::store {
namespace {

auto fields(const MailboxRow& row) {
  return std::tuple_cat(
      std::tuple(row.name, row.wire, row.delimiter, row.mailbox_id, row.role, row.path,
                 row.has_local, row.has_remote),
      std::tuple(row.cursor.uidvalidity, row.cursor.uid_next, row.cursor.highest_modseq,
                 row.cursor.messages, row.cursor.storable.any, row.cursor.storable.listed,
                 row.cur_dev, row.cur_ino, row.cur_btime_ns, row.stamp, row.listed_since,
                 row.remote_absences, row.pair_anew));
}

MailboxRow whole_row() {
  MailboxRow row;
  row.name = MailboxName(
      "Lists/d\xc3\xa9v\x1f"
      "x");
  row.wire = WireName{"Lists.d&AOk-v"};
  row.delimiter = '\0';
  row.mailbox_id = "F2212ea87";
  row.role = Role::important;
  row.path = "Lists/\xff";
  row.has_local = true;
  row.has_remote = true;
  row.cursor = {UidValidity{UINT32_MAX},
                kUidMax,
                ModSeq{INT64_MAX},
                UINT32_MAX,
                {false, FlagSet::parse("\\Seen $Forwarded work")}};
  row.cur_dev = UINT64_MAX;
  row.cur_ino = UINT64_MAX - 1;
  row.cur_btime_ns = INT64_MAX;
  row.stamp = "1.2.3.4";
  row.listed_since = Generation{6};
  row.remote_absences = 1;
  row.pair_anew = true;
  return row;
}

TEST(Mailboxes, ComeBackAsTheyWereWritten) {
  const StateDirectory state;
  MailboxId id;
  {
    const auto store = state.open();
    change(*store, [&] { id = must(store->add_mailbox(whole_row())); });
  }
  const auto rows = must(state.open()->mailboxes());
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].id, id);
  EXPECT_EQ(fields(rows[0]), fields(whole_row()));
}

TEST(Mailboxes, OfEveryRoleComeBack) {
  const StateDirectory state;
  const auto store = state.open();
  const Role roles[] = {Role::none, Role::inbox,   Role::trash, Role::sent,    Role::drafts,
                        Role::junk, Role::archive, Role::all,   Role::flagged, Role::important};
  char name = 'a';
  change(*store, [&] {
    for (const Role role : roles) {
      MailboxRow row;
      row.name = MailboxName(std::string(1, name++));
      row.role = role;
      must(store->add_mailbox(row));
    }
  });
  const auto rows = must(store->mailboxes());
  ASSERT_EQ(rows.size(), std::size(roles));
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].role, roles[i]);
}

TEST(Mailboxes, AreListedByNameAndUpdatedById) {
  const StateDirectory state;
  const auto store = state.open();
  add_mailbox(*store, "Sent");
  const MailboxId archive = add_mailbox(*store, "Archive");
  MailboxRow renamed = whole_row();
  renamed.id = archive;
  renamed.name = MailboxName("Zoo");
  change(*store, [&] { must(store->update_mailbox(renamed)); });
  const auto rows = must(store->mailboxes());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].name.text(), "Sent");
  EXPECT_EQ(rows[1].id, archive);
  EXPECT_EQ(fields(rows[1]), fields(renamed));
}

TEST(Mailboxes, OfOneNameAreRefusedAndTheTransactionGoesOn) {
  const StateDirectory state;
  const auto store = state.open();
  add_mailbox(*store, "INBOX");
  Store::Transaction transaction = must(store->begin(Durability::full));
  MailboxRow row;
  row.name = MailboxName("INBOX");
  const auto second = store->add_mailbox(row);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::exists);
  must(store->set("epoch", "1"));
  must(transaction.commit());
  EXPECT_EQ(must(store->get("epoch")), "1");
}

TEST(Mailboxes, IdsAreNeverGivenTwice) {
  const StateDirectory state;
  MailboxId first;
  {
    const auto store = state.open();
    first = add_mailbox(*store, "A");
    change(*store, [&] { must(store->remove_mailbox(first)); });
  }
  EXPECT_GT(add_mailbox(*state.open(), "A"), first);
}

TEST(Mailboxes, GoWithAllThatIsTheirs) {
  const StateDirectory state;
  const auto store = state.open();
  for (const std::string name : {"A", "B"}) {
    const MailboxId id = add_mailbox(*store, name);
    change(*store, [&] {
      must(store->put_message(message_row(id, 1)));
      Intent intent;
      intent.mailbox = id;
      must(store->add_intent(intent));
      must(store->add_approval({{id, Uid{1}}, UidValidity{1}}));
      must(store->put_failure({id, Uid{1}, "", "download", 1, 0, ""}));
      must(store->put_attempt({{id, Uid{1}, "", "download"}, 5, 1, 0, ""}));
      must(store->add_tombstone({{id, Uid{2}}, "17.host", 1, "", 0}));
      must(store->add_removals(id, "remote", 1, 0, 1));
      HistoryEntry history;
      history.mailbox = name;
      must(store->add_history(history));
    });
  }
  const auto rows = must(store->mailboxes());
  const MailboxId a = rows[0].id;
  const MailboxId b = rows[1].id;
  HeldEntry held_a;
  held_a.mailbox = a;
  HeldEntry held_b;
  held_b.mailbox = b;
  change(*store, [&] { must(store->replace_held({held_a, held_b})); });

  change(*store, [&] { must(store->remove_mailbox(a)); });
  EXPECT_EQ(must(store->mailboxes()).size(), 1U);
  EXPECT_FALSE(must(store->message({a, Uid{1}})));
  EXPECT_TRUE(must(store->message({b, Uid{1}})));
  EXPECT_EQ(must(store->intents()).size(), 1U);
  EXPECT_EQ(must(store->approvals()).size(), 1U);
  EXPECT_EQ(must(store->failures()).size(), 1U);
  EXPECT_EQ(must(store->attempts()).size(), 1U);
  EXPECT_EQ(must(store->held()).size(), 1U);
  EXPECT_FALSE(must(store->tombstone_of(a, "17.host")));
  EXPECT_TRUE(must(store->tombstone_of(b, "17.host")));
  EXPECT_EQ(must(store->removals_since(a, "remote", 0)).count, 0U);
  EXPECT_EQ(must(store->removals_since(b, "remote", 0)).count, 1U);
  EXPECT_EQ(must(store->history({.limit = 9})).size(), 2U);
}

}  // namespace
}  // namespace sterna::store
