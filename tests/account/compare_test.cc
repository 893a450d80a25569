// SPDX-License-Identifier: Apache-2.0
// The comparison behind `sterna verify`: what is a difference, and what is a note.
#include "src/account/compare.h"

#include <algorithm>

#include "src/account/decisions.h"
#include "tests/account/account_world.h"

namespace sterna::account::test {
namespace {

class Compare : public AccountWorld {
 protected:
  Compare() {
    make_mailbox("INBOX");
    base_ = open();
    write(*base_, [this](store::Store& base) { inbox_ = add_mailbox(base, "INBOX", "INBOX"); });
    facts_.row = base_->mailboxes()->front();
    facts_.directory = settings_.maildir + "/INBOX";
    facts_.remote.emplace();
  }

  void on_server(std::uint32_t uid, FlagSet flags = {}) {
    facts_.remote->messages.push_back({Uid{uid}, std::move(flags), {}, {}});
  }
  void in_base(std::uint32_t uid, const std::string& base_name, FlagSet flags = {},
               RowState state = RowState::present) {
    MessageRow added = row(inbox_, uid, base_name, state);
    added.flags = std::move(flags);
    put(added);
  }
  void put(const MessageRow& added) {
    write(*base_, [&added](store::Store& base) { ASSERT_TRUE(base.put_message(added)); });
  }
  void file(const std::string& name) { write_file("INBOX/cur/" + name, "Subject: x\n\n"); }

  void run() {
    auto excuses = read_excuses(*base_);
    ASSERT_TRUE(excuses) << excuses.error().describe();
    auto root = files().open_root(settings_.maildir, false);
    Comparison comparison(facts_, *excuses);
    auto done = comparison.run(*base_, **root);
    ASSERT_TRUE(done) << done.error().describe();
    lines_ = std::move(comparison.lines);
    pairs_ = std::move(comparison.pairs);
    compared_ = comparison.compared;
  }

  static std::string sign_of(DifferenceKind kind) {
    const std::string signs = "!hp-";
    return signs.substr(static_cast<std::size_t>(kind), 1);
  }

  // "!2 gone from the server" for differences, "h2 ...", "p2 ..." for what is held and parked,
  // "-2 ..." for other notes, in the order of the lines.
  std::vector<std::string> told() {
    run();
    std::vector<std::string> texts;
    for (const Difference& line : lines_) {
      texts.push_back(sign_of(line.kind) + std::to_string(line.uid) + " " + line.what);
    }
    return texts;
  }
  using Told = std::vector<std::string>;

  std::unique_ptr<store::Store> base_;
  MailboxId inbox_;
  MailboxFacts facts_;
  std::vector<Difference> lines_;
  std::vector<BodyPair> pairs_;
  std::uint64_t compared_ = 0;
};

TEST_F(Compare, EqualTreesDifferInNothing) {
  in_base(1, "one", {Flag::seen});
  in_base(2, "two");
  on_server(1, {Flag::seen});
  on_server(2);
  file("one:2,S");
  file("two:2,");
  EXPECT_EQ(told(), Told{});
  EXPECT_EQ(compared_, 2U);
  ASSERT_EQ(pairs_.size(), 2U);
  EXPECT_EQ(pairs_[0].file.name, "one:2,S");
}

TEST_F(Compare, WhatOneSideLacksIsADifference) {
  in_base(2, "two");
  in_base(3, "three");
  in_base(4, "four");
  on_server(1);
  on_server(3);
  on_server(9);
  file("two:2,");
  file("stray:2,F");
  EXPECT_EQ(told(), (Told{"!1 on the server only", "!2 gone from the server",
                          "!3 gone from the Maildir", "!4 gone on both sides, still in the base",
                          "!9 on the server only", "!0 in the Maildir only"}));
  EXPECT_EQ(lines_.back().path, facts_.directory + "/cur/stray:2,F");
  EXPECT_TRUE(pairs_.empty());
}

TEST_F(Compare, FlagsAreComparedOnBothSides) {
  in_base(1, "one", {Flag::seen});
  in_base(2, "two", {Flag::seen});
  on_server(1, {Flag::flagged});
  on_server(2, {Flag::seen});
  file("one:2,S");
  file("two:2,RS");
  EXPECT_EQ(told(), (Told{"!1 flags on the server: \\Flagged; in the base: \\Seen",
                          "!2 flags in the file's name: \\Answered \\Seen; in the base: \\Seen"}));
}

TEST_F(Compare, KeywordsThatASideCannotHoldAreNoDifference) {
  write_file("INBOX/dovecot-keywords", "0 known\n");
  in_base(1, "one", FlagSet::parse("known beyond"));
  facts_.remote->any_keyword = false;
  facts_.remote->storable = FlagSet::parse("known");
  on_server(1, FlagSet::parse("known"));
  file("one:2,a");
  EXPECT_EQ(told(), Told{});
  facts_.remote->any_keyword = true;
  EXPECT_EQ(told(), (Told{"!1 flags on the server: known; in the base: beyond known"}));
}

TEST_F(Compare, AKeywordThatIsNoAtomIsNoDifference) {
  write_file("INBOX/dovecot-keywords", "0 we(ird\n");
  in_base(1, "one", FlagSet::parse("we(ird"));
  on_server(1);
  file("one:2,a");
  EXPECT_EQ(told(), Told{});
}

TEST_F(Compare, HeldAndParkedMessagesAreNotes) {
  in_base(1, "one");
  in_base(2, "", {}, RowState::wanted);
  on_server(1);
  on_server(2);
  file("stray:2,");
  store::HeldEntry gone;
  gone.kind = "delete_remote";
  gone.mailbox = inbox_;
  gone.uid = Uid{1};
  gone.reason = "many at once";
  store::HeldEntry orphan = gone;
  orphan.kind = "orphan";
  orphan.uid = Uid{};
  orphan.base_name = "stray";
  write(*base_, [&](store::Store& base) {
    ASSERT_TRUE(base.replace_held({gone, orphan}));
    ASSERT_TRUE(base.put_failure({inbox_, Uid{2}, "", "download", 3, 0, "no body"}));
  });
  EXPECT_EQ(told(), (Told{"h1 gone from the Maildir (held: many at once)",
                          "p2 wanted, and not fetched yet (quarantined, download failed: no body)",
                          "h0 in the Maildir only (held: many at once)"}));
}

TEST_F(Compare, WhatThePolicyKeepsHereIsANote) {
  file("mine:2,");
  write(*base_, [this](store::Store& base) {
    ASSERT_TRUE(base.set(consumed_key(inbox_, "mine"), kDecided));
  });
  EXPECT_EQ(told(), (Told{"-0 in the Maildir only, as the settings wanted it"}));
}

TEST_F(Compare, StatesSayWhatIsToBeThere) {
  in_base(1, "", {}, RowState::dropped);
  in_base(2, "kept", {}, RowState::detached);
  in_base(3, "", {}, RowState::deleting);
  in_base(4, "back", {}, RowState::tombstone);
  in_base(5, "", {}, RowState::tombstone);
  in_base(6, "head", {}, RowState::stub);
  in_base(7, "", {}, RowState::quarantined);
  on_server(1);
  on_server(3);
  on_server(6);
  on_server(7);
  file("kept:2,");
  file("back:2,");
  file("head:2,");
  EXPECT_EQ(told(), (Told{"-1 kept on the server only", "-2 gone from the server, kept here",
                          "!3 its removal is not finished", "!4 deleted, and here again",
                          "-6 a stub: its body is on the server only", "p7 parked, and tried again",
                          "-0 2 deleted messages remembered"}));
  EXPECT_TRUE(pairs_.empty());
}

TEST_F(Compare, WhatTheServerDidNotTellIsNotCompared) {
  in_base(1, "one");
  file("one:2,");
  facts_.remote->complete = false;
  EXPECT_EQ(told(), Told{});
  facts_.remote.reset();
  EXPECT_EQ(told(), Told{});
}

TEST_F(Compare, AMissingDirectoryIsOneDifference) {
  in_base(1, "one");
  in_base(2, "two");
  on_server(1);
  on_server(2);
  std::filesystem::remove_all(facts_.directory);
  EXPECT_EQ(told(), (Told{"!0 the mailbox is missing in the Maildir"}));
}

TEST_F(Compare, AnotherMessageUnderAKnownUidIsSeenBySizeAndDate) {
  MessageRow known = row(inbox_, 1, "one");
  known.remote_size = 100;
  known.internal_date = 1000;
  put(known);
  file("one:2,");
  facts_.remote->messages.push_back({Uid{1}, {}, 200, 2000});
  const Told lines = told();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "!1 size on the server: 200; in the base: 100");
  EXPECT_EQ(lines[1], "!1 the server gives another INTERNALDATE than the base has");
  EXPECT_TRUE(lines[2].starts_with("-0 1 file with a time other than")) << lines[2];
  facts_.remote->sizes_reliable = false;
  EXPECT_EQ(told().size(), 2U);
}

}  // namespace
}  // namespace sterna::account::test
