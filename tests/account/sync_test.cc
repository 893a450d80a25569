// SPDX-License-Identifier: Apache-2.0
// One sync of an account, and what its report says.
#include "sterna/account/sync.h"

#include <gmock/gmock.h>

#include "tests/account/account_world.h"
#include "tests/account/talking_server.h"

namespace sterna::account::test {
namespace {

using testing::HasSubstr;

class SyncOnce : public AccountWorld {
 protected:
  SyncOnce() {
    settings_.password = [] { return password(); };
    settings_.endpoint.tls_mode = io::TlsMode::none;
    settings_.allow_plaintext = true;
    settings_.waits_for_quiet = false;
  }

  AccountReport sync() {
    const Services services{loop_.clock(), loop_.worker(), server_, loop_.random(),
                            loop_.file_system()};
    return loop_.run(sync_account(services, settings_, {}, progress_, Log()));
  }

  Progress progress_;
  TalkingServer server_{loop_.clock()};

 private:
  static coro::Task<Result<Secret>> password() { co_return Secret("x"); }
};

TEST_F(SyncOnce, AMailboxThatWasMadeBeforeTheLineWasLostIsSomethingDone) {
  server_.mailboxes = {"INBOX", "Lists"};
  server_.hangs_up_at = "SELECT";
  const AccountReport report = sync();
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_TRUE(report.errors[0].is(ErrorCode::disconnected)) << report.errors[0].describe();
  EXPECT_EQ(report.counts.mailboxes_in, 2U);
  EXPECT_TRUE(report.anything_done);
}

TEST_F(SyncOnce, NothingIsDoneWhereNobodyAnswers) {
  server_.unreachable = Error(ErrorCode::connect, "Connection refused");
  EXPECT_FALSE(sync().anything_done);
}

TEST_F(SyncOnce, EachErrorSaysWhatMendsItOrItsKind) {
  server_.unreachable = Error(ErrorCode::connect, "Connection refused");
  EXPECT_THAT(sync().errors.at(0).hint(), HasSubstr("check host, port"));
  server_.unreachable = Error(ErrorCode::resolve, "no address for mail.example.org");
  EXPECT_THAT(sync().errors.at(0).hint(), HasSubstr("resolve names"));
  server_.unreachable = Error(ErrorCode::timeout, "not connected within 15 s");
  EXPECT_THAT(sync().errors.at(0).hint(), HasSubstr("check host, port"));
  server_.unreachable = Error(ErrorCode::tls, "no handshake").with_hint("its own");
  EXPECT_EQ(sync().errors.at(0).hint(), "its own");
}

}  // namespace
}  // namespace sterna::account::test
