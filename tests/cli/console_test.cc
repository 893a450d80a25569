// SPDX-License-Identifier: Apache-2.0
#include "cli/console.h"

#include <gtest/gtest.h>

namespace sterna::cli {
namespace {

TEST(ErrorText, NamesWhereAndHowToMend) {
  const Error error = Error(ErrorCode::login, "the server refused the login of ann")
                          .with_context("login")
                          .with_context("account work")
                          .with_hint("check the password");
  EXPECT_EQ(error_text(error),
            "sterna: account work: login: the server refused the login of ann\n"
            "  check the password\n");
}

TEST(ErrorText, WithoutAHintIsOneLine) {
  EXPECT_EQ(error_text(Error(ErrorCode::io, "x")), "sterna: x\n");
}

TEST(ErrorText, ForeignTextCannotMoveTheCursor) {
  EXPECT_EQ(error_text(Error(ErrorCode::io, "a\x1b[2Jb\nc\r").with_hint("d\x07")),
            "sterna: a\\x1b[2Jb\\x0ac\\x0d\n  d\\x07\n");
}

// U+009B is ESC and [ in one; U+202E shows "txt.exe" as "exe.txt".
TEST(ErrorText, ForeignTextCannotTurnTheLineAround) {
  EXPECT_EQ(error_text(Error(ErrorCode::io, "a\u009b31m\u202etxt\u2069")),
            "sterna: a\\xc2\\x9b31m\\xe2\\x80\\xaetxt\\xe2\\x81\\xa9\n");
  EXPECT_EQ(error_text(Error(ErrorCode::io, "שלום €")), "sterna: שלום €\n");
}

TEST(ErrorText, ColoursTheProgramsNameAlone) {
  EXPECT_EQ(error_text(Error(ErrorCode::io, "x"), Style(true)), "\x1b[31msterna:\x1b[0m x\n");
}

TEST(Console, TalksOnlyWhereSomebodyListens) {
  GlobalOptions options;
  options.verbosity = 1;
  EXPECT_TRUE(Console(options).talkative());
  options.verbosity = -1;
  EXPECT_FALSE(Console(options).talkative());
  options.verbosity = 1;
  options.json = true;
  EXPECT_FALSE(Console(options).talkative());
}

TEST(Console, AsksNothingWithNoInput) {
  GlobalOptions options;
  options.no_input = true;
  EXPECT_FALSE(Console(options).may_ask());
}

TEST(Console, ColoursAreForcedAndForbidden) {
  GlobalOptions options;
  options.color = ColorWhen::always;
  EXPECT_TRUE(Console(options).style().colored());
  options.color = ColorWhen::never;
  EXPECT_FALSE(Console(options).style().colored());
}

}  // namespace
}  // namespace sterna::cli
