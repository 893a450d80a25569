// SPDX-License-Identifier: Apache-2.0
// How the undo area and the tables beside it are trimmed, and that no clock empties them.
#include "src/account/trim.h"

#include <set>

#include "src/account/passed_time.h"
#include "tests/account/account_world.h"
#include "tests/support/virtual_clock.h"

namespace sterna::account::test {
namespace {

using std::chrono::days;
using std::chrono::hours;

class Trim : public AccountWorld {
 protected:
  // One sync in which nothing changed but what `meanwhile` does; whether trimming came to its end.
  bool sync(const std::function<void(Engine&)>& meanwhile = [](Engine&) {}) {
    Services world{clock_, loop_.worker(), loop_.dialer(), loop_.random(), loop_.file_system()};
    AccountReport report;
    Progress progress;
    Engine engine(world, settings_, {}, progress, Log{}, report);
    engine.store = open();
    EXPECT_TRUE(live_on(engine));
    meanwhile(engine);
    const Status trimmed = loop_.run(trim_aged(engine));
    write(*engine.store, [&engine](store::Store& base) {
      EXPECT_TRUE(base.set("last_sync_ms", std::to_string(engine.now_ms())));
      EXPECT_TRUE(base.keep_lived());
    });
    return trimmed.has_value();
  }
  void sync_daily(int times) {
    for (int day = 0; day < times; ++day) {
      clock_.shift_wall(days(1));
      EXPECT_TRUE(sync());
    }
  }

  // 32 hexadecimal digits that begin with this one.
  static std::string name(char digit) { return digit + std::string(31, '0'); }
  void put_file(const std::string& file) {
    std::filesystem::create_directories(area());
    std::ofstream(area() + "/" + file) << "Subject: x\n\n";
  }
  void keep(const std::string& file) {
    put_file(file);
    sync([&file](Engine& engine) {
      store::UndoEntry entry;
      entry.file = file;
      entry.mailbox = "INBOX";
      entry.at_ms = engine.now_ms();
      write(*engine.store, [&entry](store::Store& base) { EXPECT_TRUE(base.add_undo(entry)); });
    });
  }
  std::string area() const { return settings_.state_dir + "/undo"; }

  using Names = std::set<std::string>;
  Names files() const {
    Names names;
    if (!std::filesystem::exists(area())) return names;
    for (const auto& entry : std::filesystem::directory_iterator(area())) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  Names entries() {
    Names names;
    for (const store::UndoEntry& entry : *open()->undo_entries()) names.insert(entry.file);
    return names;
  }

  sterna::test::VirtualClock clock_;
};

TEST_F(Trim, WhatIsOldEnoughLeavesTheUndoArea) {
  sync();
  keep(name('a'));
  sync_daily(10);
  keep(name('b'));
  EXPECT_EQ(files(), (Names{name('a'), name('b')}));
  sync_daily(5);
  EXPECT_EQ(files(), Names{name('b')});
  EXPECT_EQ(entries(), Names{name('b')});
  sync_daily(10);
  EXPECT_EQ(files(), Names{});
  EXPECT_EQ(entries(), Names{});
}

TEST_F(Trim, AClockThatJumpsIsADayAtMost) {
  sync();
  keep(name('a'));
  for (int i = 0; i < 6; ++i) {
    clock_.shift_wall(days(3650));
    sync();
    clock_.shift_wall(-days(3650));
    sync();
  }
  EXPECT_EQ(files(), Names{name('a')});
  EXPECT_EQ(entries(), Names{name('a')});
}

TEST_F(Trim, AMachineThatWasOffForAYearForgetsNothing) {
  sync();
  keep(name('a'));
  clock_.shift_wall(days(365));
  sync();
  sync();
  EXPECT_EQ(files(), Names{name('a')});
}

// What comes after a long pause must not be as old as the pause.
TEST_F(Trim, WhatComesInIsAsYoungAsItsOwnSync) {
  settings_.undo = hours(20);
  sync();
  clock_.shift_wall(days(1));
  keep(name('a'));
  EXPECT_EQ(files(), Names{name('a')});
}

TEST_F(Trim, AFileWithoutAnEntryGetsOneAndLivesFromThen) {
  sync();
  put_file(name('c'));
  sync_daily(1);
  EXPECT_EQ(entries(), Names{name('c')});
  EXPECT_EQ(open()->undo_entries()->front().size, 12U);
  sync_daily(13);
  EXPECT_EQ(files(), Names{name('c')});
  sync_daily(2);
  EXPECT_EQ(files(), Names{});
  EXPECT_EQ(entries(), Names{});
}

// A crash between the two leaves what AFileWithoutAnEntryGetsOne is about, and no entry whose file
// is gone.
TEST_F(Trim, AnEntryLeavesBeforeItsFile) {
  sync();
  keep(name('a'));
  keep(name('b'));
  std::filesystem::remove(area() + "/" + name('a'));
  std::filesystem::create_directories(area() + "/" + name('a'));
  EXPECT_FALSE(sync([](Engine& engine) { engine.store->live(days(20)); }));
  EXPECT_EQ(entries(), Names{});
  EXPECT_EQ(files(), Names{name('a')}) << "one that cannot be removed stops no other";
}

TEST_F(Trim, WhatSternaDidNotNameStays) {
  sync();
  keep(name('a'));
  for (const char* file : {"notes.txt", ".hidden", "ABCDEF00000000000000000000000000"}) {
    put_file(file);
  }
  put_file(name('d') + ".part");
  std::filesystem::create_directories(area() + "/" + name('e'));
  sync_daily(20);
  EXPECT_EQ(files(),
            (Names{"notes.txt", ".hidden", "ABCDEF00000000000000000000000000", name('e')}));
  EXPECT_EQ(entries(), Names{});
}

// With `undo = "0"` deletions are not kept; what is kept all the same has its fortnight.
TEST_F(Trim, WithoutAnUndoTimeTheRestIsKeptForAFortnight) {
  settings_.undo = {};
  sync();
  keep(name('a'));
  sync_daily(14);
  EXPECT_EQ(files(), Names{name('a')});
  sync_daily(2);
  EXPECT_EQ(files(), Names{});
}

TEST_F(Trim, MoreThanAPortionGoesInSeveralSyncs) {
  sync();
  sync([](Engine& engine) {
    write(*engine.store, [](store::Store& base) {
      for (int i = 0; i < 6000; ++i) EXPECT_TRUE(base.add_history({}));
    });
  });
  sync_daily(90);
  EXPECT_EQ(open()->history({.limit = 10'000})->size(), 6000U);
  sync_daily(1);
  EXPECT_EQ(open()->history({.limit = 10'000})->size(), 1000U);
  sync();
  EXPECT_EQ(open()->history({.limit = 10'000})->size(), 0U);
}

TEST_F(Trim, ATombstoneIsKeptAsLongAsWhatLiesInTheUndoArea) {
  settings_.undo = days(100);
  write([](store::Store& base) {
    const MailboxId inbox = add_mailbox(base, "INBOX", "INBOX");
    EXPECT_TRUE(base.add_tombstone({{inbox, Uid{1}}, "17.host", 5, "boot", 0}));
  });
  const auto is_remembered = [this] {
    return open()->tombstone_of(MailboxId{1}, "17.host")->has_value();
  };
  sync();
  sync_daily(99);
  EXPECT_TRUE(is_remembered());
  sync_daily(2);
  EXPECT_FALSE(is_remembered());
}

TEST_F(Trim, WithinADayNothingIsLookedAt) {
  sync();
  put_file(name('c'));
  clock_.shift_wall(hours(23));
  sync();
  EXPECT_EQ(entries(), Names{});
  clock_.shift_wall(hours(1));
  sync();
  EXPECT_EQ(entries(), Names{name('c')});
}

}  // namespace
}  // namespace sterna::account::test
