// SPDX-License-Identifier: Apache-2.0
#include "src/account/local_watch.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/account/living_account.h"
#include "tests/support/end_scope.h"

namespace sterna::account::test {
namespace {

using ::testing::ElementsAre;

class LocalWatchTest : public LivingAccount {
 protected:
  LocalWatchTest() {
    make_mailbox("INBOX");
    make_mailbox("Lists");
    watch_.cover({"", "INBOX", "Lists"});
    listening_.spawn(watch_.run());
    pass(seconds(1));
    static_cast<void>(watch_.take());
    watch_.looked(LocalWatch::Look::everything);
  }
  ~LocalWatchTest() override { sterna::test::end_scope(listening_, clock_); }
  std::string cur(const std::string& mailbox) const {
    return settings_.maildir + "/" + mailbox + "/cur";
  }

  coro::Event wake_;
  Services services_{clock_, worker_, server_, loop_.random(), loop_.file_system()};
  LocalWatch watch_{services_, watcher_, settings_, wake_, Log()};
  coro::Scope listening_{clock_.queue()};
};

TEST_F(LocalWatchTest, CountsMessagesAndNotTheNamesThatTheyHad) {
  EXPECT_EQ(watch_.count(), 0U);
  watcher_.tell(cur("INBOX"), {"a:2,", "a:2,S", "b:2,"});
  watcher_.tell(cur("Lists"), {"b:2,S", "c"});
  pass(seconds(1));
  EXPECT_EQ(watch_.count(), 3U) << "one of them was moved";
}

// What changed its name where it is, as for a flag, did neither.
TEST_F(LocalWatchTest, TellsToWhichMailboxesFilesCameOrWhichTheyLeft) {
  watcher_.tell(cur("INBOX"), {"a:2,", "a:2,S"});
  pass(seconds(1));
  EXPECT_THAT(watch_.take().came_or_went, ElementsAre());
  watch_.looked(LocalWatch::Look::some);
  watcher_.tell(cur("INBOX"), {"a:2,S"});
  watcher_.tell(cur("Lists"), {"a:2,S", "b:2,", "b:2,S"});
  pass(seconds(1));
  EXPECT_THAT(watch_.take().came_or_went, ElementsAre("INBOX", "Lists"));
  watch_.looked(LocalWatch::Look::failed);
  EXPECT_THAT(watch_.take().came_or_went, ElementsAre("INBOX", "Lists"));
}

TEST_F(LocalWatchTest, WhatALookThatFailedWasForCountsAsBefore) {
  watcher_.tell(cur("INBOX"), {"a:2,", "b:2,"});
  pass(seconds(1));
  static_cast<void>(watch_.take());
  EXPECT_EQ(watch_.count(), 0U);
  watcher_.tell(cur("INBOX"), {"own:2,"});
  pass(seconds(1));
  watch_.looked(LocalWatch::Look::failed);
  EXPECT_EQ(watch_.count(), 2U);
  static_cast<void>(watch_.take());
  watch_.looked(LocalWatch::Look::some);
  EXPECT_EQ(watch_.count(), 0U);
}

TEST_F(LocalWatchTest, AfterAnOverflowEachMailboxMayHaveFilesThatWereWrittenTo) {
  watcher_.overflow();
  pass(seconds(1));
  EXPECT_TRUE(watch_.ripe_at());
  EXPECT_THAT(watch_.take().written, ElementsAre("INBOX", "Lists"));
  watch_.looked(LocalWatch::Look::some);
  EXPECT_NE(watch_.shortcoming(), "");
  static_cast<void>(watch_.take());
  watch_.looked(LocalWatch::Look::everything);
  EXPECT_EQ(watch_.shortcoming(), "");
}

TEST_F(LocalWatchTest, AfterAnOverflowAllDirectoriesAreWatchedAnew) {
  const std::size_t before = watch_.size();
  watcher_.overflow();
  pass(seconds(1));
  watcher_.forget();
  watch_.cover({"", "INBOX", "Lists"});
  EXPECT_EQ(watch_.size(), before);
}

TEST_F(LocalWatchTest, AFolderThatWasRenamedAndMadeAnewIsWatchedWithAllThatIsBelowIt) {
  make_mailbox("Lists/deep");
  watch_.cover({"", "INBOX", "Lists", "Lists/deep"});
  watcher_.move_away(settings_.maildir + "/Lists");
  pass(seconds(1));
  EXPECT_TRUE(watch_.ripe_at());
  watch_.cover({"", "INBOX", "Lists", "Lists/deep"});
  EXPECT_EQ(watch_.size(), 10U);
  static_cast<void>(watch_.take());
  watch_.looked(LocalWatch::Look::everything);
  for (const char* mailbox : {"Lists", "Lists/deep", "INBOX"}) {
    watcher_.tell(cur(mailbox), {"a"});
    pass(seconds(1));
    EXPECT_EQ(watch_.count(), 1U) << mailbox;
    static_cast<void>(watch_.take());
    watch_.looked(LocalWatch::Look::some);
  }
}

TEST_F(LocalWatchTest, WhatIsWatchedForTheFirstTimeIsLookedAtAndCountsForNothing) {
  make_mailbox("Lists/deep");
  watch_.cover({"", "INBOX", "Lists", "Lists/deep"});
  EXPECT_TRUE(watch_.ripe_at());
  EXPECT_EQ(watch_.count(), 0U);
}

class OwnWritesTest : public LocalWatchTest {
 protected:
  // What a sync left: a:2,S, which was a:2, before.
  OwnWrites own() {
    const std::string in = cur("INBOX");
    return {{{in + "/a:2,", std::nullopt}, {in + "/a:2,S", stamp_of("a:2,S")}}, is_large_};
  }
  FileStamp stamp_of(const std::string& name) {
    const auto directory = services_.files.open_root(cur("INBOX"), false);
    return to_stamp(*(*directory)->stat_at(name));
  }
  void write(const std::string& name, const std::string& content = "a message") {
    std::ofstream(cur("INBOX") + "/" + name) << content;
  }
  void rename(const std::string& from, const std::string& to) {
    std::filesystem::rename(cur("INBOX") + "/" + from, cur("INBOX") + "/" + to);
  }
  void tell(const std::set<std::string>& names, bool written = false) {
    watcher_.tell(cur("INBOX"), names, written);
    pass(seconds(1));
  }
  // A sync that renames the file, and is told of `names` meanwhile, if any.
  void look(const std::set<std::string>& names, LocalWatch::Look look = LocalWatch::Look::some) {
    write("a:2,");
    static_cast<void>(watch_.take());
    rename("a:2,", "a:2,S");
    if (!names.empty()) tell(names);
    watch_.looked(look, own());
  }
  bool is_to_look() const { return watch_.ripe_at().has_value(); }

  bool is_large_ = false;
};

TEST_F(OwnWritesTest, AreNoNewsWhetherTheyAreToldDuringTheSyncOrAfterIt) {
  look({"a:2,", "a:2,S"});
  EXPECT_FALSE(is_to_look());
  EXPECT_EQ(watch_.count(), 0U);
  tell({"a:2,", "a:2,S"});
  EXPECT_FALSE(is_to_look());
}

TEST_F(OwnWritesTest, OfALookAtSomeMailboxesAreNoNewsEitherAndWhatWasToldBeforeIsStill) {
  for (const bool told_before : {false, true}) {
    if (told_before) tell({"b:2,", "c:2,"});
    write("a:2,");
    watch_.begin_partly();
    rename("a:2,", "a:2,S");
    tell({"a:2,", "a:2,S"});
    watch_.looked(LocalWatch::Look::partly, own());
    EXPECT_EQ(is_to_look(), told_before);
    EXPECT_EQ(watch_.count(), told_before ? 2U : 0U);
    tell({"a:2,S"});
    EXPECT_EQ(watch_.count(), told_before ? 2U : 0U);
  }
}

TEST_F(OwnWritesTest, DoNotHideWhatOthersDoDuringALookAtSomeMailboxes) {
  watch_.begin_partly();
  tell({"b:2,"});
  watch_.looked(LocalWatch::Look::partly);
  EXPECT_TRUE(is_to_look());
  EXPECT_TRUE(watch_.is_told());
}

TEST_F(OwnWritesTest, InALargeMailboxAreLookedAtAndCountForNothing) {
  is_large_ = true;
  look({"a:2,", "a:2,S"});
  EXPECT_TRUE(is_to_look());
  EXPECT_FALSE(watch_.is_told());
  look({});
  EXPECT_FALSE(is_to_look());
  tell({"a:2,S"});
  EXPECT_TRUE(is_to_look());
  EXPECT_FALSE(watch_.is_told());
  EXPECT_EQ(watch_.count(), 0U);
  tell({"b:2,"});
  EXPECT_TRUE(watch_.is_told());
  EXPECT_EQ(watch_.count(), 1U);
}

TEST_F(OwnWritesTest, AnotherNameIsNews) {
  look({"a:2,", "a:2,S", "b:2,"});
  EXPECT_TRUE(is_to_look());
}

TEST_F(OwnWritesTest, ANameThatIsNotAsTheSyncLeftItIsNews) {
  look({});
  rename("a:2,S", "a:2,");
  tell({"a:2,S"});
  EXPECT_TRUE(is_to_look()) << "it is gone";
  look({});
  EXPECT_FALSE(is_to_look());
  write("a:2,");
  tell({"a:2,"});
  EXPECT_TRUE(is_to_look()) << "another one is there";
}

TEST_F(OwnWritesTest, AnotherFileOfTheSameNameIsNews) {
  look({});
  write("b", "another one");
  rename("b", "a:2,S");
  tell({"a:2,S"});
  EXPECT_TRUE(is_to_look());
}

TEST_F(OwnWritesTest, WhatIsWrittenInPlaceIsNews) {
  look({});
  tell({"a:2,S"}, true);
  EXPECT_TRUE(is_to_look());
  EXPECT_THAT(watch_.take().written, ElementsAre("INBOX"));
}

TEST_F(OwnWritesTest, ASyncThatFailedDidNotDoAllThatItWouldHave) {
  look({"a:2,", "a:2,S"}, LocalWatch::Look::failed);
  EXPECT_TRUE(is_to_look());
}

TEST_F(OwnWritesTest, WhatWasLostIsNews) {
  write("a:2,S");
  static_cast<void>(watch_.take());
  watcher_.overflow();
  tell({"a:2,S"});
  watch_.looked(LocalWatch::Look::everything, own());
  EXPECT_TRUE(is_to_look());
}

TEST_F(OwnWritesTest, AreForgottenWhenSomebodyElseUsesTheState) {
  look({});
  watch_.forget_own();
  tell({"a:2,S"});
  EXPECT_TRUE(is_to_look());
}

TEST_F(OwnWritesTest, TheMarkerIsOne) {
  const std::string root = settings_.maildir;
  std::ofstream(root + "/.sterna") << "as it was";
  static_cast<void>(watch_.take());
  std::ofstream(root + "/..sterna.new") << "as it is";
  std::filesystem::rename(root + "/..sterna.new", root + "/.sterna");
  const auto directory = services_.files.open_root(root, false);
  OwnWrites own{{{root + "/.sterna", to_stamp(*(*directory)->stat_at(".sterna"))},
                 {root + "/..sterna.new", std::nullopt}}};
  watcher_.tell(root, {".sterna", "..sterna.new"}, true);
  pass(seconds(1));
  watch_.looked(LocalWatch::Look::some, own);
  EXPECT_FALSE(is_to_look());
  std::filesystem::remove(root + "/.sterna");
  watcher_.tell(root, {".sterna"});
  pass(seconds(1));
  EXPECT_TRUE(is_to_look());
}

class WithAHook : public LivingAccount {
 protected:
  coro::Task<void> before_sync(const Account&) override {
    ++hooks_;
    co_return;
  }
  std::size_t hooks_ = 0;
};

TEST_F(WithAHook, ItRunsForWhatOthersDidAndNotForWhatIsWatchedForTheFirstTime) {
  make_mailbox("INBOX");
  begin();
  EXPECT_EQ(life().counters.syncs, 2U) << "one to come into step, one for what was not watched";
  EXPECT_EQ(hooks_, 1U);
  watcher_.tell(settings_.maildir + "/INBOX/cur", {"a:2,"});
  pass(seconds(1));
  EXPECT_EQ(hooks_, 2U);
  server_.say(0, "* 1 EXISTS\r\n");
  pass(seconds(1));
  EXPECT_EQ(hooks_, 3U);
}

}  // namespace
}  // namespace sterna::account::test
