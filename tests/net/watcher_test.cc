// SPDX-License-Identifier: Apache-2.0
// io::Watcher over inotify, on real directories.
#include "sterna/io/watcher.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "sterna/coro/scope.h"
#include "sterna/io/deadline.h"
#include "sterna/net/loop.h"
#include "tests/support/leave_out.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;
using Tags = std::set<io::WatchTag>;

class WatcherTest : public testing::Test {
 protected:
  WatcherTest() {
    for (const char* name : {"cur", "new"}) std::filesystem::create_directory(path(name));
  }
  std::string path(const std::string& name) const { return temporary_ / name; }
  void write(const std::string& name) const { std::ofstream(path(name)) << "x"; }

  std::unique_ptr<io::Watch> open() {
    auto watch = loop_.watcher().open();
    EXPECT_TRUE(watch) << watch.error().describe();
    return std::move(*watch);
  }
  // Of cur as 1 and new as 2.
  std::unique_ptr<io::Watch> open_both() {
    std::unique_ptr<io::Watch> watch = open();
    EXPECT_TRUE(watch->add(path("cur"), 1));
    EXPECT_TRUE(watch->add(path("new"), 2));
    return watch;
  }
  // What is reported within the next moments, in all.
  io::WatchReport reports(io::Watch& watch) { return loop_.run(gather(watch)); }

  net::Loop loop_;
  test::TempDir temporary_;

 private:
  coro::Task<io::WatchReport> gather(io::Watch& watch) {
    io::WatchReport all;
    while (true) {
      auto limited = co_await io::with_deadline(loop_.clock(), 50ms, watch.next());
      if (!limited) co_return all;
      all.changed.merge(limited->changed);
      all.written.merge(limited->written);
      all.gone.merge(limited->gone);
      all.overflow = all.overflow || limited->overflow;
    }
  }
};

TEST_F(WatcherTest, TellsOfEveryWayInWhichEntriesChange) {
  const auto watch = open_both();
  EXPECT_TRUE(reports(*watch).empty());
  write("new/1");
  EXPECT_EQ(reports(*watch).changed, Tags{2}) << "a new file";
  std::filesystem::rename(path("new/1"), path("cur/1:2,S"));
  const io::WatchReport across = reports(*watch);
  EXPECT_EQ(across.changed, (Tags{1, 2})) << "a rename across";
  EXPECT_TRUE(across.written.empty());
  std::filesystem::rename(path("cur/1:2,S"), path("cur/1:2,RS"));
  EXPECT_EQ(reports(*watch).changed, Tags{1}) << "flags";
  write("cur/1:2,RS");
  const io::WatchReport edit = reports(*watch);
  EXPECT_EQ(edit.changed, Tags{1}) << "an edit in place";
  EXPECT_EQ(edit.written, Tags{1});
  std::filesystem::create_hard_link(path("cur/1:2,RS"), path("new/2"));
  EXPECT_EQ(reports(*watch).changed, Tags{2}) << "a link";
  std::filesystem::remove(path("cur/1:2,RS"));
  EXPECT_EQ(reports(*watch).changed, Tags{1}) << "a removal";
  std::filesystem::create_directory(path("cur/folder"));
  EXPECT_EQ(reports(*watch).changed, Tags{1}) << "a folder";
}

TEST_F(WatcherTest, ReadingIsNoChange) {
  write("cur/1");
  const auto watch = open_both();
  std::ifstream(path("cur/1")).get();
  for (const auto& entry : std::filesystem::directory_iterator(path("cur"))) entry.file_size();
  EXPECT_TRUE(reports(*watch).empty());
}

TEST_F(WatcherTest, KeepsWhatIsReportedBeforeAnybodyAsks) {
  const auto watch = open_both();
  write("cur/1");
  EXPECT_TRUE(loop_.run(loop_.clock().sleep(20ms)));
  write("new/2");
  EXPECT_EQ(reports(*watch).changed, (Tags{1, 2}));
}

TEST_F(WatcherTest, ADirectoryThatIsRemovedOrRenamedIsGoneAndCanBeWatchedAnew) {
  const auto watch = open_both();
  std::filesystem::remove(path("new"));
  std::filesystem::rename(path("cur"), path("elsewhere"));
  EXPECT_EQ(reports(*watch).gone, (Tags{1, 2}));
  EXPECT_EQ(watch->size(), 0U);
  write("elsewhere/1");
  EXPECT_TRUE(reports(*watch).empty()) << "nobody knows its path any more";

  std::filesystem::rename(path("elsewhere"), path("cur"));
  ASSERT_TRUE(watch->add(path("cur"), 1));
  write("cur/2");
  const io::WatchReport report = reports(*watch);
  EXPECT_EQ(report.changed, Tags{1});
  EXPECT_TRUE(report.gone.empty());
}

TEST_F(WatcherTest, ATagMeansTheDirectoryThatWasAddedLast) {
  const auto watch = open();
  ASSERT_TRUE(watch->add(path("cur"), 7));
  ASSERT_TRUE(watch->add(path("cur"), 7));
  ASSERT_TRUE(watch->add(path("new"), 7));
  write("cur/1");
  EXPECT_TRUE(reports(*watch).empty());
  write("new/1");
  EXPECT_EQ(reports(*watch).changed, Tags{7});
}

TEST_F(WatcherTest, OwnersThatLeadToOneDirectoryAreBothTold) {
  std::filesystem::create_directory_symlink(path("cur"), path("link"));
  const auto one = open_both();
  const auto other = open();
  ASSERT_TRUE(other->add(path("link"), 5));
  write("cur/1");
  EXPECT_EQ(reports(*one).changed, Tags{1});
  EXPECT_EQ(reports(*other).changed, Tags{5});
  other->remove(5);
  write("cur/2");
  EXPECT_EQ(reports(*one).changed, Tags{1}) << "the other one's leaving does not end it";
  EXPECT_TRUE(reports(*other).empty());
}

TEST_F(WatcherTest, ForgetsWhatWasReportedOfWhatIsRemoved) {
  const auto watch = open_both();
  write("cur/1");
  EXPECT_TRUE(loop_.run(loop_.clock().sleep(20ms)));
  watch->remove(1);
  watch->remove(99);
  EXPECT_TRUE(reports(*watch).empty());
}

TEST_F(WatcherTest, SaysWhatCannotBeWatched) {
  const auto watch = open();
  write("file");
  EXPECT_TRUE(watch->add(path("nowhere"), 1).error().is(ErrorCode::not_found));
  EXPECT_FALSE(watch->add(path("file"), 1));
  EXPECT_EQ(watch->size(), 0U);
}

TEST_F(WatcherTest, SaysWhenTheKernelLostCount) {
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  int queued = 0;
  limit >> queued;
  if (queued <= 0 || queued > 100'000)
    STERNA_LEAVE_OUT("a queue of " + std::to_string(queued) + " events");
  const auto watch = open_both();
  // No two alike in a row: those would be one.
  for (int i = 0; i <= queued; ++i) write(i % 2 == 0 ? "cur/1" : "new/1");
  EXPECT_TRUE(reports(*watch).overflow);
  write("cur/2");
  const io::WatchReport after = reports(*watch);
  EXPECT_EQ(after.changed, Tags{1}) << "and goes on";
  EXPECT_FALSE(after.overflow);
}

coro::Task<void> wait_for_news(io::Watch& watch, Result<io::WatchReport>& result) {
  result = co_await watch.next();
}

coro::Task<void> cancel_soon(Loop& loop, io::Watch& watch, Result<io::WatchReport>& result) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(wait_for_news(watch, result));
  static_cast<void>(co_await loop.clock().sleep(5ms));
  co_await scope.close();
}

TEST_F(WatcherTest, AWaitCanBeCancelled) {
  const auto watch = open_both();
  Result<io::WatchReport> result = io::WatchReport{};
  loop_.run(cancel_soon(loop_, *watch, result));
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is_cancelled());
}

TEST_F(WatcherTest, TheInstanceIsOpenedAnewAfterTheLastOwnerLeft) {
  open_both().reset();
  const auto watch = open_both();
  write("new/1");
  EXPECT_EQ(reports(*watch).changed, Tags{2});
}

}  // namespace
}  // namespace sterna::net
