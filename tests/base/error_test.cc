// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <set>
#include <string>
#include <utility>

#include "sterna/base/result.h"

namespace sterna {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ErrorFromErrno, SaysWhatItMeansForUs) {
  constexpr std::array<std::pair<int, ErrorCode>, 23> kKnown{
      {{ENOSPC, ErrorCode::no_space},
       {EDQUOT, ErrorCode::no_space},
       {EACCES, ErrorCode::permission},
       {EPERM, ErrorCode::permission},
       {EROFS, ErrorCode::permission},
       {ENOENT, ErrorCode::not_found},
       {ENOTDIR, ErrorCode::not_found},
       {EEXIST, ErrorCode::exists},
       {ENOTEMPTY, ErrorCode::exists},
       {ETIMEDOUT, ErrorCode::timeout},
       {ECONNREFUSED, ErrorCode::connect},
       {EHOSTUNREACH, ErrorCode::connect},
       {ENETUNREACH, ErrorCode::connect},
       {ENETDOWN, ErrorCode::connect},
       {ECONNRESET, ErrorCode::disconnected},
       {EPIPE, ErrorCode::disconnected},
       {ECONNABORTED, ErrorCode::disconnected},
       {EXDEV, ErrorCode::unsupported},
       {EOPNOTSUPP, ErrorCode::unsupported},
       {ECANCELED, ErrorCode::cancelled},
       {EIO, ErrorCode::io},
       {EMFILE, ErrorCode::io},
       {ESTALE, ErrorCode::io}}};
  for (const auto& [number, code] : kKnown) {
    EXPECT_EQ(Error::from_errno(number, "x").code(), code) << number;
  }
}

TEST(ErrorFromErrno, SaysWhatFailedAndWhy) {
  const Error error = Error::from_errno(ENOENT, "open cur/1.x");
  EXPECT_EQ(error.message(), "open cur/1.x: No such file or directory");
  EXPECT_EQ(error.describe(), error.message());
}

TEST(ErrorOfFile, SaysWhatWasTriedWhereAndWhatMendsIt) {
  const Error error = Error::of_file(EACCES, "opening", "/mail/INBOX/cur/1.x\x1b[2J");
  EXPECT_EQ(error.message(), "opening /mail/INBOX/cur/1.x\\x1b[2J: Permission denied");
  EXPECT_TRUE(error.is(ErrorCode::permission));
  EXPECT_THAT(error.hint(), HasSubstr("chmod u+rwx"));
  EXPECT_THAT(Error::of_file(ENOSPC, "writing", "x").hint(), HasSubstr("free some space"));
  EXPECT_THAT(Error::of_file(EROFS, "making", "x").hint(), HasSubstr("mount"));
  EXPECT_THAT(Error::of_file(EIO, "reading", "x").hint(), HasSubstr("dmesg"));
  EXPECT_THAT(Error::of_file(EBUSY, "removing", "x").hint(), HasSubstr("tries again"));
}

TEST(ErrorOfFile, ShowsTheWholeOfALongPath) {
  const std::string path = "/mail/" + std::string(1000, 'd') + "/cur/the_file";
  EXPECT_THAT(Error::of_file(EIO, "reading", path).message(), HasSubstr("/cur/the_file: "));
}

// A full disk concerns the account, a file that is gone one message: the engine goes by it.
TEST(Error, ReachesAsFarAsItsCodeSays) {
  const auto expect = [](ErrorCode code, ErrorScope scope, Disposition disposition) {
    const Error error(code, "x");
    EXPECT_EQ(error.scope(), scope) << to_string(code);
    EXPECT_EQ(error.disposition(), disposition) << to_string(code);
  };
  expect(ErrorCode::usage, ErrorScope::process, Disposition::needs_user);
  expect(ErrorCode::io, ErrorScope::mailbox, Disposition::retry);
  expect(ErrorCode::no_space, ErrorScope::account, Disposition::needs_user);
  expect(ErrorCode::not_found, ErrorScope::message, Disposition::retry);
  expect(ErrorCode::corrupt, ErrorScope::account, Disposition::needs_user);
  expect(ErrorCode::disconnected, ErrorScope::account, Disposition::retry);
  expect(ErrorCode::login, ErrorScope::account, Disposition::needs_user);
  expect(ErrorCode::server_bad, ErrorScope::mailbox, Disposition::give_up);
  expect(ErrorCode::too_big, ErrorScope::message, Disposition::needs_user);
  expect(ErrorCode::cancelled, ErrorScope::process, Disposition::cancelled);
}

TEST(Error, HasAWordOfItsOwnForEachCode) {
  std::set<std::string_view> words;
  const auto last = static_cast<unsigned>(ErrorCode::cancelled);
  for (unsigned i = 0; i <= last; ++i) words.insert(to_string(static_cast<ErrorCode>(i)));
  EXPECT_EQ(words.size(), last + 1);
  EXPECT_EQ(to_string(ErrorCode::internal), "internal");
  EXPECT_EQ(to_string(ErrorCode::certificate), "certificate");
  EXPECT_EQ(to_string(ErrorCode::over_quota), "over_quota");
  EXPECT_EQ(to_string(ErrorCode::cancelled), "cancelled");
  EXPECT_EQ(to_string(ErrorScope::process), "process");
  EXPECT_EQ(to_string(Disposition::give_up), "give_up");
}

TEST(Error, GrowsOutwards) {
  Error error = Error(ErrorCode::too_big, "4 MB are too much")
                    .with_context("append")
                    .with_context("mailbox INBOX")
                    .with_hint("make it smaller");
  error.add_context("account work");
  EXPECT_EQ(error.describe(), "account work: mailbox INBOX: append: 4 MB are too much");
  EXPECT_THAT(error.context(), ElementsAre("append", "mailbox INBOX", "account work"));
  EXPECT_EQ(error.hint(), "make it smaller");
}

TEST(Error, GivesWayWhereOneKnowsBetter) {
  const Error error = Error(ErrorCode::server_no, "x")
                          .with_scope(ErrorScope::account)
                          .with_disposition(Disposition::give_up);
  EXPECT_EQ(error.scope(), ErrorScope::account);
  EXPECT_EQ(error.disposition(), Disposition::give_up);
  EXPECT_TRUE(error.is(ErrorCode::server_no));
  EXPECT_FALSE(error.is_cancelled());
  EXPECT_TRUE(Error::cancelled().is_cancelled());
}

Result<int> number_or(bool ok) {
  if (!ok) return fail(ErrorCode::io, "no number");
  return 7;
}

Result<std::string> text_of_number(bool ok) {
  STERNA_TRY(const int number, number_or(ok));
  return std::to_string(number);
}

Status step(bool ok, int& steps) {
  STERNA_CHECK(number_or(ok));
  ++steps;
  return {};
}

TEST(Result, GoesOnWithTheValueOrReturnsTheError) {
  EXPECT_EQ(text_of_number(true).value(), "7");
  ASSERT_FALSE(text_of_number(false));
  EXPECT_EQ(text_of_number(false).error().describe(), "no number");
  int steps = 0;
  EXPECT_TRUE(step(true, steps));
  EXPECT_FALSE(step(false, steps));
  EXPECT_EQ(steps, 1);
}

TEST(Result, FailsInAContext) {
  const Status failed = fail_in(number_or(false), "count");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().describe(), "count: no number");
  EXPECT_EQ(failed.error().code(), ErrorCode::io);
}

}  // namespace
}  // namespace sterna
