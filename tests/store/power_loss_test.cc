// SPDX-License-Identifier: Apache-2.0
// The cable is pulled: what `full` commits wrote is there, what `normal` ones wrote may be gone,
// and the database is sound at every moment.
#include "forgetful_disk.h"
#include "support.h"

namespace sterna::store {
namespace {

// The UIDs of the only mailbox in what a disk kept in `directory`.
std::string uids_on(const std::string& directory) {
  const auto store = must(Store::open(directory, false));
  return must(store->remote_uids(MailboxId{1})).to_string();
}

class PowerLoss : public testing::Test {
 protected:
  void put(Store& store, std::uint32_t uid, Durability durability) {
    change(store, [&] { must(store.put_message(message_row(MailboxId{1}, uid))); }, durability);
  }
  // A directory with what is left if the power fails now.
  std::string after_power_loss() {
    const std::string directory = left_ / std::to_string(++losses_);
    disk_.copy_to(directory);
    return directory;
  }

  StateDirectory state_;
  test::TempDir kept_;
  test::TempDir left_;
  ForgetfulDisk disk_{kept_.path()};
  int losses_ = 0;
};

TEST_F(PowerLoss, KeepsFullCommitsAndWhatCameBeforeThem) {
  std::string after_full;
  std::string after_normal;
  std::string after_next_full;
  {
    const auto store = state_.open();
    add_mailbox(*store, "INBOX");
    put(*store, 1, Durability::full);
    after_full = after_power_loss();
    put(*store, 2, Durability::normal);
    after_normal = after_power_loss();
    put(*store, 3, Durability::full);
    after_next_full = after_power_loss();
  }
  EXPECT_EQ(uids_on(after_full), "1");
  EXPECT_EQ(uids_on(after_normal), "1");
  EXPECT_EQ(uids_on(after_next_full), "1:3");
}

TEST_F(PowerLoss, KeepsWhatCameBeforeAFullCommitThatFoundNothingToChange) {
  std::string after_nothing;
  std::string after_the_same;
  {
    const auto store = state_.open();
    add_mailbox(*store, "INBOX");
    put(*store, 1, Durability::normal);
    change(*store, [&] { must(store->unset("no such fact")); }, Durability::full);
    after_nothing = after_power_loss();
    put(*store, 2, Durability::normal);
    put(*store, 2, Durability::full);
    after_the_same = after_power_loss();
    EXPECT_EQ(store->flushes(), 3u);
  }
  EXPECT_EQ(uids_on(after_nothing), "1");
  EXPECT_EQ(uids_on(after_the_same), "1:2");
}

// SQLite changes no page where a value is what it was, and flushes none then.
TEST_F(PowerLoss, AFullCommitKeepsWhatANormalOneSaidBefore) {
  std::string left;
  {
    const auto store = state_.open();
    change(*store, [&] { must(store->set("epoch_pending", "3")); }, Durability::normal);
    change(*store, [&] { must(store->set("epoch_pending", "3")); }, Durability::full);
    left = after_power_loss();
  }
  EXPECT_EQ(must(must(Store::open(left, false))->get("epoch_pending")), "3");
}

TEST_F(PowerLoss, KeepsWhatACheckpointCopied) {
  std::string after_checkpoint;
  {
    const auto store = state_.open();
    add_mailbox(*store, "INBOX");
    put(*store, 1, Durability::normal);
    must(store->checkpoint());
    after_checkpoint = after_power_loss();
  }
  EXPECT_EQ(uids_on(after_checkpoint), "1");
}

TEST_F(PowerLoss, AtAnyFlushLeavesASoundDatabaseWithAllFullCommits) {
  struct Loss {
    std::string directory;
    std::uint32_t committed;  // UIDs up to here were answered
  };
  std::vector<Loss> losses;
  std::uint32_t committed = 0;
  {
    const auto store = state_.open();
    add_mailbox(*store, "INBOX");
    disk_.on_flush([&] { losses.push_back({after_power_loss(), committed}); });
    for (std::uint32_t uid = 1; uid <= 30; ++uid) {
      put(*store, uid, Durability::normal);
      put(*store, ++uid, Durability::full);
      committed = uid;
      if (uid % 10 == 0) must(store->checkpoint());
    }
  }
  disk_.on_flush(nullptr);
  ASSERT_GT(losses.size(), 20U);
  for (const Loss& loss : losses) {
    EXPECT_EQ(ask_sql(loss.directory + "/state.db", "PRAGMA integrity_check"),
              std::vector<std::string>{"ok"});
    const auto store = must(Store::open(loss.directory, false));
    EXPECT_FALSE(store->is_new());
    const UidSet uids = must(store->remote_uids(MailboxId{1}));
    EXPECT_GE(uids.count(), loss.committed);
    EXPECT_LE(uids.ranges().size(), 1U);
  }
}

TEST_F(PowerLoss, WhileTheFileIsMadeLeavesOneThatCanBeMade) {
  std::vector<std::string> losses;
  disk_.on_flush([&] { losses.push_back(after_power_loss()); });
  state_.open();
  disk_.on_flush(nullptr);
  ASSERT_FALSE(losses.empty());
  for (const std::string& directory : losses) {
    const auto store = must(Store::open(directory, false));
    EXPECT_EQ(add_mailbox(*store, "INBOX"), MailboxId{1});
  }
}

}  // namespace
}  // namespace sterna::store
