// SPDX-License-Identifier: Apache-2.0
// A password file gives its first line, and nothing to anyone else.
#include "sterna/config/password_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support.h"

namespace sterna::config {
namespace {

using ::testing::HasSubstr;

TEST(FirstLine, IsTheSecret) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"hunter2", "hunter2"},
      {"hunter2\n", "hunter2"},
      {"hunter2\r\n", "hunter2"},
      {"hunter2\nuser: ann\n", "hunter2"},
      {" spaces stay \n", " spaces stay "},
      {"p\xc3\xa4ss\n", "p\xc3\xa4ss"},
      {"cr\rinside\n", "cr\rinside"},
  };
  for (const auto& [text, secret] : cases) {
    const auto got = first_line_secret(text);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(got->reveal(), secret);
  }
}

TEST(FirstLine, MustNotBeEmpty) {
  for (const std::string text : {"", "\n", "\r\n", "\nhunter2\n"}) {
    const auto got = first_line_secret(text);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), ErrorCode::secret);
  }
}

TEST(PasswordFile, IsRead) {
  const Home home;
  const auto got = read_password_file(home.write("pw", "hunter2\nmore\n"));
  ASSERT_TRUE(got) << got.error().describe();
  EXPECT_EQ(got->reveal(), "hunter2");
}

TEST(PasswordFile, ThatOthersCanReadIsRefused) {
  const Home home;
  for (const mode_t mode : {0640U, 0604U, 0644U, 0444U}) {
    const std::string path = home.write("pw" + std::to_string(mode), "hunter2\n", mode);
    const auto got = read_password_file(path);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), ErrorCode::secret);
    EXPECT_EQ(got.error().hint(), "chmod 600 " + path);
    EXPECT_THAT(got.error().describe(), ::testing::Not(HasSubstr("hunter2")));
  }
}

TEST(PasswordFile, ThatIsNoneIsRefused) {
  const Home home;
  // Nobody writes into it: who opened it to read would wait for ever.
  ASSERT_EQ(::mkfifo(home.at("fifo").c_str(), 0600), 0);
  const std::pair<std::string, std::string_view> cases[] = {
      {home.at("missing"), "No such file"},
      {home.root(), "not a regular file"},
      {home.at("fifo"), "not a regular file"},
      {home.write("empty", ""), "the first line is empty"},
      {home.write("large", std::string(kPasswordOctetsMax + 1, 'x')), "larger than"},
      {"/dev/null", "not a regular file"},
  };
  for (const auto& [path, says] : cases) {
    const auto got = read_password_file(path);
    ASSERT_FALSE(got) << path;
    EXPECT_EQ(got.error().code(), ErrorCode::secret);
    EXPECT_THAT(got.error().describe(), HasSubstr(says));
    EXPECT_THAT(got.error().describe(), HasSubstr(path));
    if (path != home.at("large")) EXPECT_THAT(got.error().hint(), HasSubstr("chmod 600"));
  }
}

}  // namespace
}  // namespace sterna::config
