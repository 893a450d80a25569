// SPDX-License-Identifier: Apache-2.0
#include "cli/target.h"

#include <gmock/gmock.h>

namespace sterna::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

config::Config three_accounts() {
  config::Config config;
  for (const char* name : {"home", "old", "work"}) {
    config.accounts.emplace_back();
    config.accounts.back().name = name;
  }
  config.accounts[1].enabled = false;
  return config;
}

struct Named {
  std::string account;
  std::vector<std::string> mailboxes;
  bool operator==(const Named&) const = default;
};

std::vector<Named> selected(const std::vector<std::string>& targets) {
  const config::Config config = three_accounts();
  const auto result = select_targets(config, targets, Targets::accounts_and_mailboxes);
  std::vector<Named> named;
  if (!result) {
    ADD_FAILURE() << result.error().describe();
    return named;
  }
  for (const Selection& selection : *result) {
    named.push_back({selection.account->name, {}});
    for (const MailboxName& mailbox : selection.mailboxes)
      named.back().mailboxes.push_back(mailbox.text());
  }
  return named;
}

Error refused(const std::vector<std::string>& targets, Targets allowed) {
  const config::Config config = three_accounts();
  const auto result = select_targets(config, targets, allowed);
  if (result) {
    ADD_FAILURE() << "was accepted";
    return Error(ErrorCode::internal, "");
  }
  return result.error();
}

TEST(Targets, NoneAreAllThatAreEnabled) {
  EXPECT_THAT(selected({}), ElementsAre(Named{"home", {}}, Named{"work", {}}));
}

TEST(Targets, ADisabledAccountCanBeNamed) {
  EXPECT_THAT(selected({"old"}), ElementsAre(Named{"old", {}}));
}

TEST(Targets, ComeOnceAndInTheOrderOfTheConfiguration) {
  EXPECT_THAT(selected({"work", "home", "work"}),
              ElementsAre(Named{"home", {}}, Named{"work", {}}));
}

TEST(Targets, MailboxesFollowTheFirstSlash) {
  EXPECT_THAT(selected({"work/Lists/dev", "work/inbox", "work/Lists/dev", "home"}),
              ElementsAre(Named{"home", {}}, Named{"work", {"Lists/dev", "INBOX"}}));
}

TEST(Targets, AWholeAccountIsWholeWhateverElseIsNamed) {
  EXPECT_THAT(selected({"work/INBOX", "work"}), ElementsAre(Named{"work", {}}));
  EXPECT_THAT(selected({"work", "work/INBOX"}), ElementsAre(Named{"work", {}}));
}

TEST(Targets, AnUnknownAccountIsRefusedWithThoseThatAreKnown) {
  const Error error = refused({"nobody/INBOX"}, Targets::accounts_and_mailboxes);
  EXPECT_EQ(error.code(), ErrorCode::usage);
  EXPECT_THAT(error.describe(), HasSubstr("nobody"));
  EXPECT_EQ(error.hint(), "accounts: home, old, work");
}

TEST(Targets, AMailboxIsRefusedWhereWholeAccountsAreMeant) {
  EXPECT_EQ(refused({"work/INBOX"}, Targets::accounts).code(), ErrorCode::usage);
  EXPECT_EQ(refused({"work/"}, Targets::accounts_and_mailboxes).code(), ErrorCode::usage);
}

TEST(Targets, OneAccountByName) {
  const config::Config config = three_accounts();
  EXPECT_EQ((*select_account(config, "work"))->name, "work");
  EXPECT_EQ(select_account(config, "nobody").error().code(), ErrorCode::usage);
}

TEST(CheckKept, WhatIsEnabledCanBeKept) {
  EXPECT_TRUE(check_kept(three_accounts(), {"work"}));
  EXPECT_TRUE(check_kept(three_accounts(), {})) << "all that are enabled";
}

TEST(CheckKept, RefusesWhatCannotRun) {
  const auto unknown = check_kept(three_accounts(), {"wrok"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::usage);
  const auto disabled = check_kept(three_accounts(), {"home", "old"});
  ASSERT_FALSE(disabled);
  EXPECT_THAT(disabled.error().describe(), HasSubstr("account old is disabled"));
}

}  // namespace
}  // namespace sterna::cli
