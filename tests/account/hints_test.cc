// SPDX-License-Identifier: Apache-2.0
#include "account/hints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sterna::account {
namespace {

using ::testing::HasSubstr;

TEST(HintOfRefusal, KnowsWhatProvidersSayOfImapThatIsOff) {
  for (const char* said :
       {"Your account is not enabled for IMAP use. Please visit your Gmail settings page",
        "IMAP access is disabled for this account", "IMAP is not activated", "imap turned off"}) {
    EXPECT_THAT(hint_of_refusal(said), HasSubstr("switch it on")) << said;
  }
  EXPECT_EQ(hint_of_refusal("Account disabled"), "");
}

TEST(HintOfRefusal, KnowsWhoWantsAnAppPassword) {
  EXPECT_THAT(hint_of_refusal("Application-specific password required"),
              HasSubstr("make an app password"));
  EXPECT_THAT(hint_of_refusal("Please using authorized code to login."),
              HasSubstr("make an app password"));
  EXPECT_EQ(hint_of_refusal("Authentication failed."), "");
  EXPECT_EQ(hint_of_refusal(""), "");
}

TEST(HintOfGreeting, KnowsOtherServers) {
  EXPECT_THAT(hint_of_greeting("+OK ready"), HasSubstr("POP3"));
  EXPECT_THAT(hint_of_greeting("220 mail ESMTP"), HasSubstr("SMTP"));
  EXPECT_THAT(hint_of_greeting("HTTP/1.1 400"), HasSubstr("web server"));
  EXPECT_THAT(hint_of_greeting("SSH-2.0-x"), HasSubstr("SSH"));
  EXPECT_EQ(hint_of_greeting("* OK ready"), "");
}

TEST(HintFor, LeavesTheErrorsOwn) {
  EXPECT_EQ(hint_for(Error(ErrorCode::connect, "refused").with_hint("its own")), "its own");
}

TEST(HintFor, BlamesTheConfigurationForATimeoutOnlyBeforeTheServerHasGreeted) {
  const Error silent(ErrorCode::timeout, "no answer");
  EXPECT_THAT(hint_for(Error(silent).with_context("connect")), HasSubstr("check host, port"));
  EXPECT_THAT(hint_for(Error(silent).with_context("greeting")), HasSubstr("check host, port"));
  EXPECT_THAT(hint_for(Error(silent).with_context("mailbox INBOX")), HasSubstr("try again later"));
}

}  // namespace
}  // namespace sterna::account
