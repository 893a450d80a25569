// SPDX-License-Identifier: Apache-2.0
// Lived time: how it passes, and what is trimmed by it.
#include "support.h"

namespace sterna::store {
namespace {

using std::chrono::milliseconds;
using Names = std::vector<std::string>;

TEST(Lived, StandsStillUnlessItIsMoved) {
  const StateDirectory state;
  {
    const auto store = state.open();
    EXPECT_EQ(store->lived_ms(), 0);
    store->live(milliseconds(70));
    store->live(milliseconds(7));
    EXPECT_EQ(store->lived_ms(), 77);
  }
  EXPECT_EQ(state.open()->lived_ms(), 0);
  {
    const auto store = state.open();
    store->live(milliseconds(5));
    change(*store, [&] { must(store->keep_lived()); });
  }
  EXPECT_EQ(state.open()->lived_ms(), 5);
  EXPECT_EQ(state.open_to_read()->lived_ms(), 5);
}

// Three rows in each table, written when the clock showed 0, 100 and 200. The machine's clock was
// years ahead at the first, and ran backwards since.
class Aged : public testing::Test {
 protected:
  Aged() {
    for (int i = 0; i < 3; ++i) {
      const std::int64_t at_ms = 2'000'000'000'000 - i;
      const std::string name = "file" + std::to_string(i);
      change(*store_, [&] {
        must(store_->add_tombstone(
            {{inbox_, Uid{9U - static_cast<unsigned>(i)}}, name, 1, "", at_ms}));
        UndoEntry undo;
        undo.file = name;
        undo.at_ms = at_ms;
        must(store_->add_undo(undo));
        HistoryEntry history;
        history.at_ms = at_ms;
        history.event = name;
        must(store_->add_history(history));
        must(store_->add_removals(inbox_, "remote", 1, at_ms, 1));
      });
      store_->live(milliseconds(100));
    }
  }

  Names tombstones() {
    Names names;
    for (const char* name : {"file0", "file1", "file2"}) {
      if (must(store_->tombstone_of(inbox_, name))) names.emplace_back(name);
    }
    return names;
  }
  Names history() {
    Names names;
    for (const HistoryEntry& entry : must(store_->history({.limit = 9})))
      names.push_back(entry.event);
    return names;
  }
  Names undo() {
    Names names;
    for (const UndoEntry& entry : must(store_->undo_entries())) names.push_back(entry.file);
    return names;
  }
  std::uint64_t removals() { return must(store_->removals_since(inbox_, "remote", 0)).count; }

  StateDirectory state_;
  std::unique_ptr<Store> store_ = state_.open();
  MailboxId inbox_ = add_mailbox(*store_, "INBOX");
};

TEST_F(Aged, WhatWasWrittenBeforeThenIsTrimmed) {
  change(*store_, [&] {
    EXPECT_EQ(must(store_->trim_tombstones(200, 9)), 2U);
    EXPECT_EQ(must(store_->trim_history(200, 9)), 2U);
    EXPECT_EQ(must(store_->trim_removals(200, 9)), 2U);
    EXPECT_EQ(must(store_->take_undo(200, 9)), (Names{"file0", "file1"}));
  });
  EXPECT_EQ(tombstones(), Names{"file2"});
  EXPECT_EQ(history(), Names{"file2"});
  EXPECT_EQ(removals(), 1U);
  EXPECT_EQ(undo(), Names{"file2"});
}

TEST_F(Aged, TheOldestGoFirstWhereNotAllMayGoAtOnce) {
  change(*store_, [&] {
    EXPECT_EQ(must(store_->trim_tombstones(300, 1)), 1U);
    EXPECT_EQ(must(store_->trim_history(300, 1)), 1U);
    EXPECT_EQ(must(store_->trim_removals(300, 2)), 2U);
    EXPECT_EQ(must(store_->take_undo(300, 1)), Names{"file0"});
  });
  EXPECT_EQ(tombstones(), (Names{"file1", "file2"}));
  EXPECT_EQ(history(), (Names{"file2", "file1"}));
  EXPECT_EQ(removals(), 1U);
  EXPECT_EQ(undo(), (Names{"file1", "file2"}));
}

}  // namespace
}  // namespace sterna::store
