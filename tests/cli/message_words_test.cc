// SPDX-License-Identifier: Apache-2.0
#include "cli/message_words.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace sterna::cli {
namespace {

MessageWords words(const std::vector<std::string>& typed) {
  auto parsed = MessageWords::parse(typed);
  EXPECT_TRUE(parsed) << parsed.error().describe();
  return std::move(*parsed);
}

TEST(MessageWords, NoneTakeAll) {
  MessageWords none = words({});
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(none.takes(7, "", ""));
  EXPECT_TRUE(none.all_used("held"));
}

TEST(MessageWords, ANumberAMessageIdOrAFile) {
  MessageWords some = words({"12", "a@b", "<c@d>", "/mail/INBOX/cur/name:2,FS"});
  EXPECT_TRUE(some.takes(12, "", ""));
  EXPECT_TRUE(some.takes(1, "<a@b>", ""));
  EXPECT_TRUE(some.takes(1, "<c@d>", ""));
  EXPECT_TRUE(some.takes(1, "", "/mail/INBOX/new/name"));
  EXPECT_FALSE(some.takes(1, "<e@f>", "/mail/INBOX/cur/other:2,S"));
  EXPECT_FALSE(some.takes(1, "", ""));
  EXPECT_TRUE(some.all_used("held"));
}

TEST(MessageWords, AFileIsOneOfItsFolder) {
  for (const char* typed :
       {"INBOX/cur/name:2,", "mail/INBOX/new/name", "/mail/INBOX/cur/name:2,S"}) {
    MessageWords some = words({typed});
    EXPECT_TRUE(some.takes(1, "", "/mail/INBOX/cur/name:2,S")) << typed;
    EXPECT_TRUE(some.takes(1, "", "/mail/INBOX/new/name")) << typed;
    EXPECT_FALSE(some.takes(1, "", "/mail/Archive/cur/name:2,S")) << typed;
    EXPECT_FALSE(some.takes(1, "", "/mail/OLDINBOX/cur/name:2,S")) << typed;
  }
  for (const char* typed : {"cur/name:2,", "new/name"}) {
    MessageWords some = words({typed});
    EXPECT_TRUE(some.takes(1, "", "/mail/Archive/cur/name:2,S")) << typed;
  }
}

TEST(MessageWords, AFileIsKnownFromWhereOneIs) {
  const std::filesystem::path before = std::filesystem::current_path();
  const std::filesystem::path mail =
      std::filesystem::temp_directory_path() / ("sterna-words-" + std::to_string(::getpid()));
  std::filesystem::create_directories(mail / "INBOX/cur");
  std::filesystem::create_directories(mail / "Archive/cur");
  std::filesystem::create_directory_symlink(mail, mail / "link");
  const std::string inbox = std::filesystem::canonical(mail).string() + "/INBOX/cur/name:2,S";
  const std::string archive = std::filesystem::canonical(mail).string() + "/Archive/cur/name:2,S";
  std::filesystem::current_path(mail / "INBOX/cur");
  for (const std::string& typed : {std::string("./name"), std::string("../../INBOX/cur/name:2,S"),
                                   (mail / "link/INBOX/new/name").string()}) {
    MessageWords some = words({typed});
    EXPECT_TRUE(some.takes(1, "", inbox)) << typed;
    EXPECT_FALSE(some.takes(1, "", archive)) << typed;
  }
  std::filesystem::current_path(before);
  std::filesystem::remove_all(mail);
}

TEST(MessageWords, SayWhatIsNotThere) {
  MessageWords some = words({"12", "13"});
  EXPECT_TRUE(some.takes(12, "", ""));
  const Status used = some.all_used("held");
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().code(), ErrorCode::usage);
  EXPECT_EQ(used.error().message(), "13 is not held");
}

TEST(MessageWords, OthersAreRefused) {
  for (const char* typed : {"0", "work", "99999999999999999999", "", "-1"}) {
    EXPECT_FALSE(MessageWords::parse({typed})) << typed;
  }
}

}  // namespace
}  // namespace sterna::cli
