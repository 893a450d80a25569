// SPDX-License-Identifier: Apache-2.0
// The disk of the machine: that the disk in memory answers as it does, and that a Maildir on it is
// listed, delivered into and changed as the other tests say.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>

#include "sterna/maildir/change.h"
#include "sterna/maildir/delivery.h"
#include "sterna/maildir/keywords.h"
#include "sterna/maildir/marker.h"
#include "sterna/net/loop.h"
#include "world.h"

namespace sterna::maildir {
namespace {

class RealDiskTest : public testing::Test {
 protected:
  RealDiskTest() {
    std::string pattern = testing::TempDir() + "/sterna-maildir-XXXXXX";
    STERNA_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    root_ = must(loop_.file_system().open_root(path_, false));
  }
  ~RealDiskTest() override { std::filesystem::remove_all(path_); }

  net::Loop loop_;
  std::string path_;
  std::unique_ptr<io::Directory> root_;
};

// What an operation answered, in words.
template <class T>
std::string answer(const Result<T>& result) {
  return result ? "ok" : std::string(to_string(result.error().code()));
}

// The same operations on any file system give the same answers.
class Script {
 public:
  Script(io::Directory& root, unsigned seed) : random_(seed) {
    for (const char* name : {"a", "b"}) {
      must(root.make_directory(name));
      directories_.push_back(must(root.open_directory(name)));
    }
  }

  std::string step() {
    io::Directory& here = *directories_[random_() % 2];
    io::Directory& there = *directories_[random_() % 2];
    const std::string name = any_name();
    const std::string other = any_name();
    switch (random_() % 10) {
      case 0:
        return "create " + name + " " + create(here, there, name);
      case 1:
        return "mkdir " + name + " " + answer(here.make_directory(name));
      case 2:
        return "rmdir " + name + " " + answer(here.remove_directory(name));
      case 3:
        return "rename " + name + " " + other + " " + rename(here, name, there, other);
      case 4:
        return "unlink " + name + " " + answer(here.unlink_at(name));
      case 5:
        return "stat " + name + " " + stat(here, name);
      case 6:
        return "read " + name + " " + read(here, name);
      case 7:
        return "list " + list(here);
      case 8:
        return "replace " + name + " " + answer(here.replace_file(name, other));
      default:
        return "open " + name + " " + answer(here.open_directory(name));
    }
  }

 private:
  std::string any_name() {
    constexpr std::array kNames = {"x", "y", "z:2,S", "w%", ".hidden", "", ".", "a/b"};
    return kNames[random_() % 4 == 0 ? random_() % kNames.size() : random_() % 4];
  }

  static std::string create(io::Directory& here, io::Directory& there, const std::string& name) {
    auto file = here.create_file("temporary");
    if (!file) return answer(file);
    must((*file)->write("content of " + name));
    must((*file)->set_mtime(-5'000'000'001));
    const Status placed = there.place(**file, name);
    if (!placed) return answer(placed);
    must((*file)->sync());
    return "ok " + std::to_string(must((*file)->stat()).mtime_ns);
  }
  // Directories stay where they are: what a rename into itself gives is nobody's business here.
  static std::string rename(io::Directory& here, const std::string& name, io::Directory& there,
                            const std::string& other) {
    const auto found = here.stat_at(name);
    if (found && found->type == io::FileType::directory) return "skipped";
    return answer(here.rename_at(name, there, other));
  }
  static std::string stat(io::Directory& here, const std::string& name) {
    const auto found = here.stat_at(name);
    if (!found) return answer(found);
    if (found->type == io::FileType::directory) return "directory";
    return std::to_string(found->size) + " octets";
  }
  static std::string read(io::Directory& here, const std::string& name) {
    const auto file = here.open_file(name);
    if (!file) return answer(file);
    std::string text;
    while (must((*file)->read(text, 3)) > 0) {
    }
    return text;
  }
  static std::string list(io::Directory& here) {
    std::set<std::string> lines;
    for (const io::DirectoryEntry entry : must(here.list())) {
      EXPECT_EQ(entry.ino, must(here.stat_at(entry.name)).ino);
      lines.insert(std::string(entry.name) + (entry.type == io::FileType::directory ? "/ " : " "));
    }
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
  }

  std::mt19937 random_;
  std::vector<std::unique_ptr<io::Directory>> directories_;
};

TEST_F(RealDiskTest, AnswersAsTheDiskInMemoryDoes) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    MemoryFileSystem machine;
    machine.disk().has_nameless_files = seed % 2 == 0;
    const auto memory = must(machine.open_root("/x", true));
    const std::string place = "seed" + std::to_string(seed);
    must(root_->make_directory(place));
    const auto real = must(root_->open_directory(place));
    Script in_memory(*memory, seed);
    Script on_disk(*real, seed);
    for (int step = 0; step < 300; ++step) {
      ASSERT_EQ(in_memory.step(), on_disk.step()) << "seed " << seed << " step " << step;
    }
  }
}

TEST_F(RealDiskTest, AMessageGoesThroughItsWholeLife) {
  MailboxDirs inbox = must(create_mailbox(*root_, LayoutKind::fs, {"INBOX"}));
  MailboxDirs archive = must(create_mailbox(*root_, LayoutKind::fs, {"Archive", "2024"}));
  must(root_->make_directory("undo"));
  const auto undo = must(root_->open_directory("undo"));
  must(write_marker(*root_, {.tree = TreeId{1}, .state = StateId{2}, .machine = "m", .epoch = 3}));

  Delivery delivery;
  delivery.begin(inbox, "temporary", 1'600'000'000'000'000'000);
  must(delivery.write("Message-ID: <1@x>\r\n\r\nbody\r\n"));
  const Delivered delivered = must(delivery.place(parse_file_name("1.x")));
  must(delivery.flush());
  EXPECT_TRUE(delivered.seen.in_new);
  EXPECT_EQ(delivered.stat.mtime_ns, 1'600'000'000'000'000'000);

  const KeywordTable keywords = must(add_keywords(inbox, {"work"}));
  TouchedDirectories touched;
  SeenFile seen = must(rename_flags(inbox, delivered.seen, FlagSet{Flag::seen}.mask(),
                                    keywords.letters_of(FlagSet::parse("work")), touched));
  const Listing listing = must(list_mailbox(*inbox.home));
  ASSERT_TRUE(listing.complete());
  ASSERT_NE(listing.find("1.x"), nullptr);
  EXPECT_EQ(listing.seen(*listing.find("1.x")), seen);
  EXPECT_EQ(seen.name, "1.x:2,Sa");

  seen = must(move_file(inbox, seen, archive, false, parse_file_name("1.x:2,S"), touched));
  must(remove_to(archive, seen, *undo, "7", touched));
  seen = must(restore_from(*undo, "7", seen.ino, inbox, true, parse_file_name("2.x"), touched));
  must(remove_file(inbox, seen, touched));
  must(touched.sync());
  must(rename_mailbox(*root_, {"Archive"}, {"Attic"}));
  const Discovery found = must(discover(*root_, Layout(LayoutKind::fs, "INBOX")));
  ASSERT_EQ(found.mailboxes.size(), 2U);
  EXPECT_EQ(found.mailboxes[0].name, MailboxName("Attic/2024"));
  must(remove_empty_mailbox(*root_, {"Attic", "2024"}));
  must(remove_empty_mailbox(*root_, {"INBOX"}));
  EXPECT_EQ(must(read_marker(*root_)).epoch, 3U);
}

TEST_F(RealDiskTest, ALargeBatchIsDurableWithOneCall) {
  MailboxDirs inbox = must(create_mailbox(*root_, LayoutKind::fs, {"INBOX"}));
  Delivery delivery;
  for (int i = 0; i < 200; ++i) {
    delivery.begin(inbox, "temporary", 0);
    must(delivery.write("Subject: x\r\n\r\n" + std::to_string(i)));
    must(delivery.place(parse_file_name(std::to_string(i) + ".x:2,S")));
  }
  must(delivery.flush());
  const Listing listing = must(list_mailbox(*inbox.home));
  EXPECT_TRUE(listing.complete());
  EXPECT_EQ(listing.entries().size(), 200U);
}

TEST_F(RealDiskTest, ALinkToAMailboxElsewhereIsFollowed) {
  must(create_mailbox(*root_, LayoutKind::fs, {"elsewhere"}));
  must(create_mailbox(*root_, LayoutKind::fs, {"mail", "x"}));
  std::filesystem::create_symlink(path_ + "/elsewhere", path_ + "/mail/linked");
  std::filesystem::create_symlink(path_, path_ + "/mail/loop");
  const auto mail = must(root_->open_directory("mail"));
  const Discovery found = must(discover(*mail, Layout(LayoutKind::fs, "INBOX")));
  ASSERT_EQ(found.mailboxes.size(), 2U);
  EXPECT_EQ(found.mailboxes[0].path, (MailboxPath{"linked"}));
  EXPECT_EQ(found.mailboxes[1].path, (MailboxPath{"x"}));
}

}  // namespace
}  // namespace sterna::maildir
