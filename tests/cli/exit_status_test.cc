// SPDX-License-Identifier: Apache-2.0
#include "cli/exit_status.h"

#include <gtest/gtest.h>

#include <string>

namespace sterna::cli {
namespace {

struct Situation {
  std::string what;
  std::vector<Outcome> accounts;
  Exit expected;
};

Outcome well() {
  return {.succeeded = true, .held = false, .failures = {}};
}
Outcome well_but_held() {
  return {.succeeded = true, .held = true, .failures = {}};
}
Outcome stopped_by_marker() {
  return {.succeeded = false, .held = true, .failures = {}};
}
Outcome failed(ErrorCode code) {
  return {.succeeded = false, .held = false, .failures = {exit_of(code)}};
}
Outcome in_part(ErrorCode code) {
  return {.succeeded = true, .held = false, .failures = {exit_of(code)}};
}

TEST(ExitStatus, TheTableOfTheContract) {
  using enum ErrorCode;
  const Situation situations[] = {
      {"nothing was asked", {}, Exit::done},
      {"all is well", {well(), well()}, Exit::done},
      {"deletions are held, all else is well", {well(), well_but_held()}, Exit::held},
      {"the marker stops an account", {stopped_by_marker()}, Exit::held},
      {"the marker stops one, the other is well", {stopped_by_marker(), well()}, Exit::held},
      {"the marker came as an error", {failed(marker), well()}, Exit::held},
      {"a wrong password", {failed(login)}, Exit::login},
      {"no secret", {failed(secret)}, Exit::login},
      {"no trust", {failed(certificate)}, Exit::login},
      {"no name", {failed(resolve)}, Exit::network},
      {"no connection", {failed(connect)}, Exit::network},
      {"a cut line, nothing done", {failed(disconnected)}, Exit::network},
      {"a cut line, something done", {in_part(disconnected)}, Exit::partly},
      {"too late", {failed(timeout)}, Exit::network},
      {"no TLS", {failed(tls)}, Exit::network},
      {"a full disk", {failed(no_space)}, Exit::failed},
      {"a message is refused", {in_part(too_big)}, Exit::partly},
      {"one account fails, one is well", {failed(login), well()}, Exit::partly},
      {"one account fails, one is held", {failed(login), well_but_held()}, Exit::partly},
      {"one fails, the other is stopped by its marker",
       {failed(connect), stopped_by_marker()},
       Exit::network},
      {"a mailbox that is not there", {failed(usage)}, Exit::usage},
      {"login goes before network", {failed(connect), failed(login)}, Exit::login},
      {"network goes before failure", {failed(io), failed(resolve)}, Exit::network},
      {"locked goes before partly", {failed(locked), well()}, Exit::locked},
      {"locked goes before login", {failed(login), failed(locked)}, Exit::locked},
      {"configuration goes before locked", {failed(locked), failed(config)}, Exit::config},
      {"interrupted goes before all", {failed(config), in_part(cancelled)}, Exit::interrupted},
  };
  for (const Situation& situation : situations)
    EXPECT_EQ(combine(situation.accounts), situation.expected) << situation.what;
}

TEST(ExitStatus, NumbersAreThoseThatScriptsKnow) {
  EXPECT_EQ(static_cast<int>(Exit::done), 0);
  EXPECT_EQ(static_cast<int>(Exit::failed), 1);
  EXPECT_EQ(static_cast<int>(Exit::usage), 2);
  EXPECT_EQ(static_cast<int>(Exit::partly), 3);
  EXPECT_EQ(static_cast<int>(Exit::login), 4);
  EXPECT_EQ(static_cast<int>(Exit::network), 5);
  EXPECT_EQ(static_cast<int>(Exit::held), 6);
  EXPECT_EQ(static_cast<int>(Exit::locked), 11);
  EXPECT_EQ(static_cast<int>(Exit::config), 78);
  EXPECT_EQ(static_cast<int>(Exit::interrupted), 130);
}

TEST(ExitStatus, EveryErrorMapsToAFailure) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::cancelled); ++code)
    EXPECT_NE(exit_of(static_cast<ErrorCode>(code)), Exit::done) << code;
  EXPECT_EQ(exit_of(ErrorCode::usage), Exit::usage);
}

TEST(ExitStatus, AServerThatAsksToComeLaterIsAsOneThatCannotBeReached) {
  Error error(ErrorCode::server_no, "the server refuses login (NO): Too many connections");
  EXPECT_EQ(exit_of(error), Exit::failed);
  error = std::move(error).with_scope(ErrorScope::account).with_disposition(Disposition::retry);
  EXPECT_EQ(exit_of(error), Exit::network);
}

TEST(ExitOfComparison, OneIsTheAnswerThatTheSidesDifferAndNothingElse) {
  const auto after = [](const std::vector<ErrorCode>& errors, Answered answered) {
    Outcome outcome{.succeeded = errors.empty(), .held = false, .failures = {}};
    for (const ErrorCode code : errors) outcome.failures.push_back(exit_of(code));
    return exit_of_comparison({outcome}, answered);
  };
  EXPECT_EQ(after({}, Answered::same), Exit::done);
  EXPECT_EQ(after({}, Answered::differences), Exit::failed);
  // Never synced, a mailbox that may not be read, a Maildir that is gone, no server.
  EXPECT_EQ(after({ErrorCode::not_found}, Answered::same), Exit::partly);
  EXPECT_EQ(after({ErrorCode::permission}, Answered::differences), Exit::partly);
  EXPECT_EQ(after({ErrorCode::marker}, Answered::same), Exit::held);
  EXPECT_EQ(after({ErrorCode::connect}, Answered::differences), Exit::network);
}

}  // namespace
}  // namespace sterna::cli
