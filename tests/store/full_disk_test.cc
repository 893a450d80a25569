// SPDX-License-Identifier: Apache-2.0
// A disk that takes no more: the transaction fails as a whole, what was committed stays, and the
// store goes on when there is room again.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "child.h"
#include "store/db.h"
#include "support.h"
#include "tests/support/leave_out.h"

namespace sterna::store {
namespace {

// More than SQLite's cache holds, so that changes are written before the commit.
constexpr std::uint32_t kManyRows = 20'000;

// Puts rows until one fails; the error, or a failure to fail.
Error put_until_it_fails(Store& store, MailboxId mailbox) {
  for (std::uint32_t uid = 100; uid < 100 + kManyRows; ++uid) {
    const Status put = store.put_message(
        message_row(mailbox, uid, RowState::present, std::string(200, 'n') + std::to_string(uid)));
    if (!put) return put.error();
  }
  throw std::runtime_error("every row found room");
}

// One committed row, then a transaction that fails in its middle with `expected`. `make_room` ends
// the shortage. 0 if all is as it should be, else the number of the first thing that is not.
template <class MakeRoom>
int fill(const std::string& directory, ErrorCode expected, MakeRoom make_room) {
  {
    const auto store = must(Store::open(directory, false));
    const MailboxId inbox = add_mailbox(*store, "INBOX");
    change(*store, [&] { must(store->put_message(message_row(inbox, 1))); });

    Store::Transaction transaction = must(store->begin(Durability::full));
    const Error error = put_until_it_fails(*store, inbox);
    if (error.code() != expected || error.scope() != ErrorScope::account) return 10;
    const Status after = store->put_message(message_row(inbox, 2));
    if (after || after.error().code() != expected) return 11;
    const Status committed = transaction.commit();
    if (committed || committed.error().code() != expected) return 12;
    if (must(store->remote_uids(inbox)) != UidSet::single(Uid{1})) return 13;

    make_room();
    change(*store, [&] { must(store->put_message(message_row(inbox, 3))); });
  }
  const auto store = must(Store::open(directory, false));
  const UidSet uids = must(store->remote_uids(MailboxId{1}));
  return uids.to_string() == "1,3" ? 0 : 14;
}

void limit_file_size(rlim_t octets) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = octets == 0 ? limit.rlim_max : octets;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

TEST(FullDisk, AWriteThatFailsSpoilsTheTransaction) {
  const StateDirectory state;
  Child child([&](const Child::Report&) {
    std::signal(SIGXFSZ, SIG_IGN);
    limit_file_size(rlim_t{2} << 20U);
    return fill(state.path(), ErrorCode::io, [] { limit_file_size(0); });
  });
  EXPECT_EQ(child.wait(), 0);
}

constexpr int kNoNamespace = 77;

// A file system of 4 MiB on `directory`, seen by this process alone; false if it may not be made.
bool mount_small(const std::string& directory) {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  if (user != 0) {
    // A file cannot be made by somebody whom the new namespace does not know.
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1\n";
    std::ofstream("/proc/self/gid_map") << "0 " << group << " 1\n";
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=4m") == 0;
}

TEST(FullDisk, IsNoSpace) {
  const test::TempDir root;
  Child child([&](const Child::Report&) {
    if (!mount_small(root.path())) return kNoNamespace;
    // Room that the test can give back.
    std::ofstream(root / "ballast") << std::string(std::size_t{2} << 20U, 'b');
    return fill(root / "account", ErrorCode::no_space,
                [&] { std::filesystem::remove(root / "ballast"); });
  });
  const int status = child.wait();
  if (status == kNoNamespace) STERNA_LEAVE_OUT("mounting is not allowed here");
  EXPECT_EQ(status, 0);
}

TEST(FullDisk, ADatabaseThatMayNotGrowIsNoSpace) {
  const test::TempDir root;
  std::ofstream(root / "a.db");
  Db db = must(Db::open(root / "a.db", Access::read_write));
  must(db.execute("CREATE TABLE t (a); PRAGMA max_page_count = 3"));
  const Status result = db.execute("INSERT INTO t VALUES (zeroblob(100000))");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::no_space);
  EXPECT_EQ(result.error().disposition(), Disposition::needs_user);
}

}  // namespace
}  // namespace sterna::store
