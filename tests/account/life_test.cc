// SPDX-License-Identifier: Apache-2.0
#include "src/account/life.h"

#include <gtest/gtest.h>

namespace sterna::account {
namespace {

TEST(Life, SaysWhatASyncDid) {
  EXPECT_EQ(summary_of({}), "");
  Counts counts;
  counts.downloaded = 2;
  counts.flags_in = 1;
  counts.mailboxes_out = 1;
  counts.bytes_in = 1000;
  EXPECT_EQ(summary_of(counts), "2 new here, 1 change of flags, 1 mailbox");
  counts.flags_out = 2;
  EXPECT_EQ(summary_of(counts), "2 new here, 3 changes of flags, 1 mailbox");
}

TEST(Life, ToldBytesAreNothingDone) {
  Counts counts;
  counts.bytes_in = 1000;
  counts.bodies_fetched = 1;
  EXPECT_FALSE(did_anything(counts));
  counts.deleted_out = 1;
  EXPECT_TRUE(did_anything(counts));
  EXPECT_TRUE(did_anything({.mailboxes_in = 1}));
  EXPECT_TRUE(did_anything({.mailboxes_out = 1}));
}

TEST(Life, ComplainsOnceOfWhatGoesOn) {
  const LogLevel before = log_level();
  set_log_level(LogLevel::warn);
  AccountReport report;
  report.account = "work";
  report.errors.push_back(Error(ErrorCode::connect, "refused").with_context("account work"));
  Complaints complaints;
  const auto lines = [&] {
    testing::internal::CaptureStderr();
    complaints.tell(report, Log().with("account", "work"));
    return testing::internal::GetCapturedStderr();
  };
  const std::string first = lines();
  EXPECT_NE(first.find("account=work refused"), std::string::npos) << first;
  EXPECT_EQ(lines(), "") << "the same again";
  report.errors.push_back(Error(ErrorCode::io, "and more"));
  const std::string second = lines();
  EXPECT_EQ(second.find("refused"), std::string::npos) << second;
  EXPECT_NE(second.find("and more"), std::string::npos) << second;
  report.errors.clear();
  EXPECT_EQ(lines(), "");
  report.errors.push_back(Error(ErrorCode::connect, "refused"));
  EXPECT_NE(lines().find("refused"), std::string::npos) << "it had gone meanwhile";
  report.errors = {Error(ErrorCode::io, "passes"), Error(ErrorCode::secret, "says nothing")};
  const std::string levels = lines();
  EXPECT_NE(levels.find("warning account=work passes"), std::string::npos) << levels;
  EXPECT_NE(levels.find("error account=work says nothing"), std::string::npos)
      << "nobody but a person mends that: " << levels;
  set_log_level(before);
}

}  // namespace
}  // namespace sterna::account
