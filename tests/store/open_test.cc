// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include "support.h"

namespace sterna::store {
namespace {

TEST(Open, MakesAStateThatOnlyItsOwnerReads) {
  const StateDirectory state;
  const auto store = state.open();
  EXPECT_TRUE(store->is_new());
  EXPECT_TRUE(must(store->mailboxes()).empty());
  EXPECT_EQ(mode_of(state.path()), 0700U);
  for (const char* name : {"state.db", "state.db-wal", "state.db-shm", "lock"}) {
    EXPECT_EQ(mode_of(state.path() + "/" + name), 0600U) << name;
  }
}

TEST(Open, FindsWhatItMade) {
  const StateDirectory state;
  add_mailbox(*state.open(), "INBOX");
  const auto store = state.open();
  EXPECT_FALSE(store->is_new());
  EXPECT_EQ(must(store->mailboxes()).size(), 1U);
}

TEST(Open, TakesAnEmptyFileForANewState) {
  const StateDirectory state;
  std::filesystem::create_directories(state.path());
  std::ofstream(state.file());
  const auto store = state.open();
  EXPECT_TRUE(store->is_new());
  EXPECT_EQ(add_mailbox(*store, "INBOX"), MailboxId{1});
}

TEST(Open, LeavesOneFileBehindIfTheLogIsLarge) {
  const StateDirectory state;
  {
    const auto store = state.open();
    add_mailbox(*store, "INBOX");
    change(*store, [&] { must(store->set("large", std::string(5'000'000, 'x'))); });
    ASSERT_GT(std::filesystem::file_size(state.file() + "-wal"), 4U * 1024 * 1024);
  }
  EXPECT_FALSE(std::filesystem::exists(state.file() + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(state.file() + "-shm"));
  EXPECT_EQ(must(state.open_to_read()->mailboxes()).size(), 1U);
}

TEST(Open, TellsWhatItTakesOnTheDisk) {
  const StateDirectory state;
  EXPECT_EQ(Store::octets(state.path()), 0U);
  const auto store = state.open();
  const std::uint64_t database = std::filesystem::file_size(state.file());
  const std::uint64_t log = std::filesystem::file_size(state.file() + "-wal");
  EXPECT_GT(database + log, 0U);
  EXPECT_EQ(Store::octets(state.path()), database + log);
}

TEST(Open, LeavesASmallLogToTheNextProcess) {
  const StateDirectory state;
  for (int i = 0; i < 5; ++i) {
    add_mailbox(*state.open(), "box" + std::to_string(i));
    EXPECT_TRUE(std::filesystem::exists(state.file() + "-wal"));
    EXPECT_EQ(must(state.open_to_read()->mailboxes()).size(), static_cast<std::size_t>(i) + 1);
  }
}

// A log that stays must not grow for ever, nor outlive a database that somebody deleted.
TEST(Open, ALogThatStaysIsCopiedOnceItIsLarge) {
  const StateDirectory state;
  bool copied = false;
  for (int i = 0; i < 400 && !copied; ++i) {
    const auto store = state.open();
    change(*store, [&] { must(store->set("key" + std::to_string(i), std::string(30000, 'x'))); });
    copied = i > 0 && std::filesystem::file_size(state.file()) > 1024U * 1024;
  }
  EXPECT_TRUE(copied);
}

TEST(Open, ALargeLogIsCopiedBesideItsStore) {
  const StateDirectory state;
  const auto store = state.open();
  const std::string log = state.file() + "-wal";
  const auto write = [&](int key, std::size_t octets) {
    change(*store,
           [&] { must(store->set("key" + std::to_string(key), std::string(octets, 'x'))); });
  };
  write(0, 10'000);
  write(1, 10'000);
  EXPECT_FALSE(Store::has_large_log(state.path()));
  const auto enlarge = [&](std::size_t octets) {
    for (int key = 2; key < 20; ++key) write(key, octets);
    EXPECT_TRUE(Store::has_large_log(state.path()));
  };
  enlarge(20'000);
  must(Store::copy_log(state.path()));
  EXPECT_EQ(std::filesystem::file_size(log), 0U);
  {
    enlarge(30'000);
    const auto reading = must(store->read());
    EXPECT_EQ(must(store->get("key9"))->size(), 30'000U);
    must(Store::copy_log(state.path()));
  }
  const auto large = std::filesystem::file_size(log);
  write(1, 20'000);
  EXPECT_NE(large, 0U);
  EXPECT_LT(std::filesystem::file_size(log), large) << "the log did not begin anew";
  EXPECT_FALSE(Store::has_large_log(state.path()));
  EXPECT_EQ(must(store->get("key9"))->size(), 30'000U);
  EXPECT_EQ(must(store->get("key1"))->size(), 20'000U);
}

TEST(Open, ALogWithoutItsDatabaseIsForgotten) {
  const StateDirectory state;
  add_mailbox(*state.open(), "INBOX");
  std::filesystem::remove(state.file());
  const auto store = state.open();
  EXPECT_TRUE(store->is_new());
  EXPECT_TRUE(must(store->mailboxes()).empty());
}

TEST(Open, ReadOnlyFindsNothingWhereNothingIsAndMakesNothing) {
  const StateDirectory state;
  auto store = Store::open(state.path(), true);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code(), ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(state.path()));

  std::filesystem::create_directories(state.path());
  store = Store::open(state.path(), true);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code(), ErrorCode::not_found);
  EXPECT_TRUE(std::filesystem::is_empty(state.path()));
}

TEST(Open, ReadOnlyTakesNoChange) {
  const StateDirectory state;
  add_mailbox(*state.open(), "INBOX");
  const auto store = state.open_to_read();
  EXPECT_FALSE(store->is_new());
  const auto transaction = store->begin(Durability::full);
  ASSERT_FALSE(transaction);
  EXPECT_EQ(transaction.error().code(), ErrorCode::permission);
  must(store->checkpoint());
  EXPECT_EQ(must(store->mailboxes()).size(), 1U);
}

TEST(Open, CheckpointEmptiesTheLogIntoTheDatabase) {
  const StateDirectory state;
  const auto store = state.open();
  const auto before = std::filesystem::file_size(state.file());
  const MailboxId inbox = add_mailbox(*store, "INBOX");
  change(*store, [&] {
    for (std::uint32_t uid = 1; uid <= 2000; ++uid)
      must(store->put_message(message_row(inbox, uid)));
  });
  must(store->checkpoint());
  EXPECT_GT(std::filesystem::file_size(state.file()), before + 2000U * 20);
}

TEST(Open, RefusesALaterVersionAndLeavesItAlone) {
  const StateDirectory state;
  add_mailbox(*state.open(), "INBOX");
  run_sql(state.file(), "PRAGMA user_version = 999");
  for (const bool read_only : {false, true}) {
    const auto store = Store::open(state.path(), read_only);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), ErrorCode::unsupported);
    EXPECT_EQ(store.error().scope(), ErrorScope::account);
    EXPECT_EQ(store.error().disposition(), Disposition::needs_user);
  }
  EXPECT_EQ(ask_sql(state.file(), "PRAGMA user_version"), std::vector<std::string>{"999"});
  EXPECT_EQ(ask_sql(state.file(), "SELECT name FROM mailbox"), std::vector<std::string>{"INBOX"});
}

}  // namespace
}  // namespace sterna::store
