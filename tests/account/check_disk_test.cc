// SPDX-License-Identifier: Apache-2.0
// What check says of the room on a disk and of the kernel's limits.
#include <gtest/gtest.h>

#include <algorithm>

#include "src/account/check_parts.h"
#include "tests/account/account_world.h"
#include "tests/support/memory_file_system.h"

namespace sterna::account::test {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

class CheckDisk : public AccountWorld {
 protected:
  CheckDisk() {
    settings_.maildir = "/mail";
    settings_.state_dir = "/state/acc";
    machine_.disk().make_directories("state/acc");
    allow("max_user_watches", "100\n");
    allow("max_user_instances", "128\n");
  }

  void allow(const std::string& limit, std::string_view number) {
    machine_.disk().make_directories("proc/sys/fs/inotify");
    machine_.disk().write("proc/sys/fs/inotify/" + limit, number);
  }

  CheckLine line(std::string_view what) {
    const Services services{loop_.clock(), loop_.worker(), loop_.dialer(), loop_.random(),
                            machine_};
    Findings findings;
    check_disk(findings, services, settings_, ".sterna-check");
    const auto it = std::ranges::find(findings.lines, what, &CheckLine::what);
    EXPECT_NE(it, findings.lines.end()) << what;
    return it == findings.lines.end() ? CheckLine{} : *it;
  }

  sterna::test::MemoryFileSystem machine_;
};

TEST_F(CheckDisk, FailsWhereASyncFetchesNothing) {
  machine_.disk().make_directories("mail");
  machine_.disk().capacity_octets = 16 * kMiB - 1;
  for (const char* what : {"space for mail", "space for state"}) {
    EXPECT_EQ(line(what).status, CheckStatus::failed) << what;
    EXPECT_NE(line(what).hint.find("make room"), std::string::npos) << what;
  }
}

TEST_F(CheckDisk, WarnsWhereASyncIsAboutToFetchNothing) {
  machine_.disk().make_directories("mail");
  machine_.disk().capacity_octets = 30 * kMiB;
  EXPECT_EQ(line("space for mail").status, CheckStatus::warning);
  machine_.disk().capacity_octets = 40 * kMiB;
  EXPECT_EQ(line("space for mail").status, CheckStatus::ok) << "a small disk, and nearly empty";
}

TEST_F(CheckDisk, CountsThreeWatchesOfAMailboxAndOneOfWhatLeadsThere) {
  machine_.disk().make_maildir("mail/INBOX");
  machine_.disk().make_maildir("mail/Lists/dev");
  EXPECT_EQ(line("inotify").status, CheckStatus::ok);
  EXPECT_EQ(line("inotify").detail,
            "2 local mailboxes would take 8 of 100 watches, and the daemon 1 of 128 instances");
}

TEST_F(CheckDisk, NamesTheLimitThatIsTooLow) {
  machine_.disk().make_maildir("mail/INBOX");
  allow("max_user_watches", "6\n");
  EXPECT_EQ(line("inotify").status, CheckStatus::warning);
  EXPECT_EQ(line("inotify").hint, "raise the limit: sysctl fs.inotify.max_user_watches=524288");
  allow("max_user_watches", "100\n");
  allow("max_user_instances", "1\n");
  EXPECT_EQ(line("inotify").status, CheckStatus::warning);
  EXPECT_EQ(line("inotify").hint, "raise the limit: sysctl fs.inotify.max_user_instances=1024");
}

}  // namespace
}  // namespace sterna::account::test
