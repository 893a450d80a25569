// SPDX-License-Identifier: Apache-2.0
#include "cli/settle.h"

#include <gmock/gmock.h>

namespace sterna::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kAccount =
    "[account.a]\nhost = \"imap.example.org\"\nuser = \"ann\"\nmaildir = \"/srv/mail/a\"\n";

Settled settled(const std::string& more) {
  return settle(WipedString(std::string(kAccount) + more));
}

TEST(Settle, WhatIsSoundStaysAsItIs) {
  const Settled result = settled("");
  EXPECT_EQ(std::string(result.toml), kAccount);
  EXPECT_THAT(result.remarks, IsEmpty());
}

TEST(Settle, WhatIsRefusedBecomesACommentWithTheReason) {
  const Settled result = settled("frobnicate = 1\nfsync = false\n");
  EXPECT_THAT(std::string(result.toml),
              AllOf(HasSubstr("\n# frobnicate = 1  # unknown key"), HasSubstr("\nfsync = false\n"),
                    Not(HasSubstr("enabled"))));
  EXPECT_THAT(result.remarks, ElementsAre(AllOf(HasSubstr("account a: "), HasSubstr("comment"))));
}

TEST(Settle, ATableGoesAsAWhole) {
  const Settled result = settled(
      "\n[account.a.frobnicate]\nx = 1\ny = 2\n\n[account.a.tls]\n"
      "min_version = \"1.3\"\n");
  EXPECT_THAT(std::string(result.toml),
              AllOf(HasSubstr("\n# x = 1\n# y = 2\n"), HasSubstr("\nmin_version = \"1.3\"\n")));
}

TEST(Settle, AnAccountWhoseMaildirIsRefusedIsSwitchedOff) {
  const Settled result =
      settled("\n[account.b]\nhost = \"h\"\nuser = \"x\"\nmaildir = \"/srv/mail/a/b\"\n");
  EXPECT_THAT(std::string(result.toml),
              AllOf(HasSubstr("[account.b]\nenabled = false\n"),
                    HasSubstr("\nmaildir = \"/srv/mail/a/b\"\n"), HasSubstr("[account.a]\nhost")));
  EXPECT_THAT(result.remarks, ElementsAre(HasSubstr("switched off")));
}

TEST(Settle, AnAccountWithoutAServerIsAComment) {
  const Settled result = settled("\n[account.b]\nhost = \"a b\"\nuser = \"x\"\n");
  EXPECT_THAT(std::string(result.toml),
              AllOf(HasSubstr("\n# [account.b]"), HasSubstr("\n# user = \"x\"\n"),
                    HasSubstr("[account.a]\nhost")));
}

TEST(Settle, PasswordsCanBeLeftOut) {
  const std::string text(without_passwords(WipedString(
      std::string("password = \"s3cret\"\npassword_command = \"x\"\nclient_secret = \"hush\"\n"))));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("s3cret")), Not(HasSubstr("hush")),
                          HasSubstr("\npassword_command = \"x\"\n")));
}

}  // namespace
}  // namespace sterna::cli
