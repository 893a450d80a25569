// SPDX-License-Identifier: Apache-2.0
// What the user decides about what is held, and about a Maildir whose marker is not ours.
#include <algorithm>

#include "src/account/decisions.h"
#include "src/account/inspect_parts.h"
#include "sterna/account/inspect.h"
#include "tests/account/account_world.h"

namespace sterna::account::test {
namespace {

class Decide : public AccountWorld {
 protected:
  Decide() {
    write([this](store::Store& base) {
      inbox_ = add_mailbox(base, "INBOX", "INBOX");
      lists_ = add_mailbox(base, "Lists", "Lists");
      for (std::uint32_t uid = 1; uid <= 4; ++uid) {
        EXPECT_TRUE(base.put_message(row(inbox_, uid, "file" + std::to_string(uid))));
      }
      EXPECT_TRUE(base.put_message(row(lists_, 1, "other")));
    });
  }

  void hold(const std::vector<store::HeldEntry>& entries) {
    write([&entries](store::Store& base) { EXPECT_TRUE(base.replace_held(entries)); });
  }
  store::HeldEntry held(std::string kind, MailboxId mailbox, std::uint32_t uid) const {
    store::HeldEntry entry;
    entry.kind = std::move(kind);
    entry.mailbox = mailbox;
    entry.uid = Uid{uid};
    entry.uidvalidity = UidValidity{7};
    entry.base_name = "file" + std::to_string(uid);
    entry.reason = "many at once";
    return entry;
  }
  store::HeldEntry held_file(std::string kind, std::string base_name) const {
    store::HeldEntry entry = held(std::move(kind), inbox_, 0);
    entry.base_name = std::move(base_name);
    return entry;
  }

  std::uint64_t decide(HeldDecision decision, std::optional<MailboxName> mailbox = {}) {
    auto decided = decide_held(settings_, decision, std::move(mailbox));
    EXPECT_TRUE(decided) << decided.error().describe();
    return decided.value_or(0);
  }
  std::optional<std::string> fact(const std::string& key) { return *open()->get(key); }
  std::size_t approvals() { return open()->approvals()->size(); }
  std::string stamp_of(MailboxId id) {
    const auto rows = *open()->mailboxes();
    return std::ranges::find(rows, id, &MailboxRow::id)->stamp;
  }

  MailboxId inbox_;
  MailboxId lists_;
};

TEST_F(Decide, HeldLinesNameMailboxAndFile) {
  hold({held("delete_remote", inbox_, 2), held_file("orphan", "stray")});
  const auto lines = read_held(settings_);
  ASSERT_TRUE(lines) << lines.error().describe();
  ASSERT_EQ(lines->size(), 2U);
  const auto removal = std::ranges::find(*lines, "delete_remote", &HeldLine::kind);
  ASSERT_NE(removal, lines->end());
  EXPECT_EQ(removal->mailbox, "INBOX");
  EXPECT_EQ(removal->uid, 2U);
  EXPECT_EQ(removal->path, settings_.maildir + "/INBOX/cur/file2:2,");
  const auto orphan = std::ranges::find(*lines, "orphan", &HeldLine::kind);
  ASSERT_NE(orphan, lines->end());
  EXPECT_EQ(orphan->path, settings_.maildir + "/INBOX/cur/stray");
}

TEST_F(Decide, ApplyApprovesRowsUnderTheirUidValidity) {
  hold({held("delete_remote", inbox_, 1), held("delete_local", inbox_, 2),
        held("flags_lost", inbox_, 3)});
  EXPECT_EQ(decide(HeldDecision::apply), 3U);
  const auto approvals = *open()->approvals();
  ASSERT_EQ(approvals.size(), 3U);
  EXPECT_EQ(approvals[0].uidvalidity, UidValidity{7});
  EXPECT_EQ(stamp_of(inbox_), "");
  EXPECT_EQ(stamp_of(lists_), "as listed");
}

TEST_F(Decide, AYesReachesOtherAccountsOnlyWhereTheyWereTheReason) {
  hold({held("moved_away", inbox_, 1), held("delete_remote", inbox_, 2)});
  EXPECT_EQ(decide(HeldDecision::apply), 2U);
  EXPECT_EQ(approvals(), 2U);
  EXPECT_EQ(fact(elsewhere_apply_key({inbox_, Uid{1}})), "7");
  EXPECT_EQ(fact(elsewhere_apply_key({inbox_, Uid{2}})), std::nullopt);
}

TEST_F(Decide, RestoreOfWhatMovedAwayFetchesItAgain) {
  hold({held("moved_away", inbox_, 1)});
  EXPECT_EQ(decide(HeldDecision::apply), 1U);
  EXPECT_EQ(decide(HeldDecision::restore), 1U);
  EXPECT_EQ(approvals(), 0U);
  EXPECT_EQ(fact(elsewhere_apply_key({inbox_, Uid{1}})), std::nullopt);
  EXPECT_EQ((*open()->message({inbox_, Uid{1}}))->state, RowState::wanted);
}

TEST_F(Decide, OnlyTheMailboxThatWasNamed) {
  hold({held("delete_remote", inbox_, 1), held("delete_remote", lists_, 1)});
  EXPECT_EQ(decide(HeldDecision::apply, MailboxName("Lists")), 1U);
  ASSERT_EQ(approvals(), 1U);
  EXPECT_EQ((*open()->approvals())[0].key.mailbox, lists_);
}

TEST_F(Decide, UidsOfAnotherUidValidityAreNotDecided) {
  store::HeldEntry old = held("delete_remote", inbox_, 1);
  old.uidvalidity = UidValidity{6};
  hold({old});
  EXPECT_EQ(decide(HeldDecision::apply), 0U);
  EXPECT_EQ(approvals(), 0U);
}

TEST_F(Decide, OfAMailboxAsAWholeTheLaterDecisionStands) {
  for (const std::string kind : {"mailbox_remote", "mailbox_local"}) {
    hold({held(kind, lists_, 0)});
    EXPECT_EQ(decide(HeldDecision::apply), 1U);
    EXPECT_EQ(fact(mailbox_apply_key(lists_)), kDecided);
    EXPECT_EQ(decide(HeldDecision::restore), 1U);
    EXPECT_EQ(fact(mailbox_apply_key(lists_)), std::nullopt);
    EXPECT_EQ(fact(mailbox_restore_key(lists_)), kDecided);
  }
}

TEST_F(Decide, AMailboxThatThePolicyKeepsCanOnlyComeBack) {
  hold({held("mailbox_kept", lists_, 0)});
  EXPECT_EQ(decide(HeldDecision::apply), 0U);
  EXPECT_EQ(fact(mailbox_apply_key(lists_)), std::nullopt);
  EXPECT_EQ(decide(HeldDecision::restore), 1U);
  EXPECT_EQ(fact(mailbox_restore_key(lists_)), kDecided);
}

TEST_F(Decide, ANameThatIsNotClearIsNotDecidedHere) {
  hold({held("mailbox_name", lists_, 0)});
  EXPECT_EQ(decide(HeldDecision::apply), 0U);
  EXPECT_EQ(decide(HeldDecision::restore), 0U);
}

TEST_F(Decide, RestoreOfLostFilesFetchesThemAgain) {
  hold({held("delete_remote", inbox_, 1)});
  EXPECT_EQ(decide(HeldDecision::restore), 1U);
  const auto row = *open()->message({inbox_, Uid{1}});
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, RowState::wanted);
  EXPECT_EQ(row->base_name, "");
  EXPECT_EQ(row->info, "");
}

TEST_F(Decide, RestoreOfARemovalThatWasBegunFetchesItAgain) {
  write([this](store::Store& base) {
    MessageRow begun = row(inbox_, 1, "file1");
    begun.state = RowState::deleting;
    EXPECT_TRUE(base.put_message(begun));
  });
  hold({held("delete_remote", inbox_, 1)});
  EXPECT_EQ(decide(HeldDecision::restore), 1U);
  EXPECT_EQ((*open()->message({inbox_, Uid{1}}))->state, RowState::wanted);
}

TEST_F(Decide, RestoreOfWhatTheServerLostUploadsTheFile) {
  hold({held("delete_local", inbox_, 2)});
  EXPECT_EQ(decide(HeldDecision::restore), 1U);
  EXPECT_FALSE(*open()->message({inbox_, Uid{2}}));
  EXPECT_EQ(fact(orphan_restore_key("file2")), kDecided);
}

TEST_F(Decide, AStubIsNeverUploaded) {
  write([this](store::Store& base) {
    EXPECT_TRUE(base.put_message(row(inbox_, 2, "file2", RowState::stub)));
  });
  hold({held("delete_local", inbox_, 2)});
  EXPECT_EQ(decide(HeldDecision::restore), 0U);
  EXPECT_TRUE(*open()->message({inbox_, Uid{2}}));
  EXPECT_FALSE(fact(orphan_restore_key("file2")));
}

TEST_F(Decide, TheLaterDecisionStands) {
  hold({held("flags_lost", inbox_, 3), held_file("orphan", "stray")});
  EXPECT_EQ(decide(HeldDecision::apply), 2U);
  EXPECT_EQ(approvals(), 1U);
  EXPECT_EQ(fact(orphan_apply_key(inbox_, "stray")), kDecided);
  EXPECT_EQ(decide(HeldDecision::restore), 2U);
  EXPECT_EQ(approvals(), 0U);
  EXPECT_EQ(fact(flags_restore_key(inbox_, Uid{3})), kDecided);
  EXPECT_FALSE(fact(orphan_apply_key(inbox_, "stray")));
  EXPECT_EQ(fact(orphan_restore_key("stray")), kDecided);
}

TEST_F(Decide, WhileASyncRunsNothingIsDecided) {
  hold({held("delete_remote", inbox_, 1)});
  const auto running = open();
  const auto decided = decide_held(settings_, HeldDecision::apply, std::nullopt);
  ASSERT_FALSE(decided);
  EXPECT_TRUE(decided.error().is(ErrorCode::locked)) << decided.error().describe();
}

class Adopt : public AccountWorld {
 protected:
  Adopt() { make_mailbox("INBOX"); }

  Adoption run() {
    Services world = services();
    auto adopted = adopt(world, settings_);
    EXPECT_TRUE(adopted) << adopted.error().describe();
    return adopted.value_or(Adoption{});
  }
  maildir::Marker marker() {
    auto root = files().open_root(settings_.maildir, false);
    auto read = maildir::read_marker(**root);
    EXPECT_TRUE(read) << read.error().describe();
    return read.value_or(maildir::Marker{});
  }
  void put_marker(std::uint64_t tree, std::uint64_t state, std::string machine,
                  std::uint64_t epoch) {
    auto root = files().open_root(settings_.maildir, false);
    ASSERT_TRUE(
        maildir::write_marker(**root, {TreeId{tree}, StateId{state}, std::move(machine), epoch}));
  }
  void set(std::string_view key, std::string_view value) {
    write([&](store::Store& base) { ASSERT_TRUE(base.set(key, value)); });
  }
  void put_own_marker() {
    set("tree", "00000000000000cc");
    set("state", "00000000000000aa");
    set("epoch", "9");
    put_marker(0xcc, 0xaa, files().machine_id(), 9);
  }
  // Whose directories were others than they are.
  void put_mailboxes(const std::vector<std::string>& names) {
    write([&](store::Store& base) {
      for (const std::string& name : names) {
        MailboxRow row;
        row.name = MailboxName(name);
        row.path = name;
        row.has_local = row.has_remote = true;
        row.cursor.uidvalidity = UidValidity{7};
        row.cur_dev = row.cur_ino = 1;
        ASSERT_TRUE(base.add_mailbox(row));
      }
    });
  }
  std::string fact(std::string_view key) { return open()->get(key)->value_or(""); }
  // A sync would accept it now.
  bool accepted() {
    auto root = files().open_root(settings_.maildir, false);
    auto base = open_base(settings_);
    return judge_marker(**root, settings_.name, files().machine_id(), base->get()).has_value();
  }
};

TEST_F(Adopt, WhereThereWasNoMarker) {
  set("state", "00000000000000aa");
  set("tree", "00000000000000bb");
  set("epoch", "5");
  set("marker_held", "1");
  write_file("INBOX/new/one", "Subject: x\n\n");
  EXPECT_FALSE(accepted());
  EXPECT_EQ(run().found, "no marker; 1 message in 1 mailbox");
  EXPECT_TRUE(accepted());
  const maildir::Marker made = marker();
  EXPECT_EQ(made.state, StateId{0xaa});
  EXPECT_NE(made.tree, TreeId{0xbb});
  EXPECT_EQ(made.epoch, 6U);
  EXPECT_EQ(made.machine, files().machine_id());
  EXPECT_EQ(fact("tree"), print_id(made.tree.value));
  EXPECT_EQ(fact("epoch"), "6");
  EXPECT_EQ(fact(kAdoptingKey), kDecided);
  EXPECT_EQ(fact("marker_held"), "");
}

TEST_F(Adopt, NotWhileAnotherStateIsAtWorkThere) {
  const auto at_work = files().open_root(settings_.maildir, false);
  ASSERT_TRUE(*(*at_work)->lock());
  Services world = services();
  const auto adopted = adopt(world, settings_);
  ASSERT_FALSE(adopted);
  EXPECT_TRUE(adopted.error().is(ErrorCode::locked)) << adopted.error().describe();
  EXPECT_FALSE((*at_work)->stat_at(".sterna"));
}

TEST_F(Adopt, FromAnotherMachineTheTreeStays) {
  set("tree", "00000000000000cc");
  set("state", "00000000000000aa");
  put_marker(0xcc, 0xaa, "elsewhere", 9);
  EXPECT_TRUE(run().found.starts_with("this account's marker, written on another machine;"));
  EXPECT_EQ(marker().tree, TreeId{0xcc});
  EXPECT_EQ(marker().epoch, 10U);
  EXPECT_TRUE(accepted());
}

TEST_F(Adopt, OfAnotherStateTheTreeIsNew) {
  set("tree", "00000000000000bb");
  set("state", "00000000000000aa");
  put_marker(0xcc, 0xdd, files().machine_id(), 9);
  EXPECT_FALSE(accepted());
  EXPECT_TRUE(run().found.starts_with("the marker of another state on this machine;"));
  EXPECT_EQ(marker().state, StateId{0xaa});
  EXPECT_NE(marker().tree, TreeId{0xcc});
  EXPECT_TRUE(accepted());
}

TEST_F(Adopt, ADamagedMarkerIsReplaced) {
  write_file(".sterna", "tree unreadable\n");
  EXPECT_TRUE(run().found.starts_with("a damaged marker;"));
  EXPECT_EQ(print_id(marker().state.value), fact("state"));
  EXPECT_TRUE(accepted());
}

TEST_F(Adopt, WhereNothingIsWrongNothingIsChanged) {
  put_own_marker();
  const Adoption adopted = run();
  EXPECT_FALSE(adopted.changed);
  EXPECT_EQ(adopted.found, "this account's own marker; 0 messages in 1 mailbox");
  EXPECT_EQ(marker().epoch, 9U);
  EXPECT_EQ(fact("epoch"), "9");
  EXPECT_EQ(fact(kAdoptingKey), "");
}

TEST_F(Adopt, AFolderThatWasReplacedIsTaken) {
  put_own_marker();
  put_mailboxes({"INBOX"});
  const Adoption adopted = run();
  EXPECT_FALSE(adopted.changed);
  EXPECT_EQ(adopted.mailboxes, std::vector<std::string>{"INBOX"});
  EXPECT_TRUE(open()->mailboxes()->at(0).pair_anew);
  EXPECT_EQ(marker().epoch, 9U);
}

// Not one that is gone, which is held, and asks what to do; nor one whose disk may not be mounted.
TEST_F(Adopt, AFolderThatLacksAPartIsTaken) {
  put_own_marker();
  put_mailboxes({"Half", "Bare", "Gone"});
  std::filesystem::create_directories(settings_.maildir + "/Half/new");
  std::filesystem::create_directories(settings_.maildir + "/Bare");
  EXPECT_EQ(run().mailboxes, std::vector<std::string>{"Half"});
}

TEST_F(Adopt, AMaildirThatIsNotThereIsNotMade) {
  std::filesystem::remove_all(settings_.maildir);
  Services world = services();
  const auto adopted = adopt(world, settings_);
  ASSERT_FALSE(adopted);
  EXPECT_TRUE(adopted.error().is(ErrorCode::not_found));
  EXPECT_FALSE(std::filesystem::exists(settings_.maildir));
}

}  // namespace
}  // namespace sterna::account::test
