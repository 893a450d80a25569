// SPDX-License-Identifier: Apache-2.0
#include "cli/auth_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/json.h"

namespace sterna::cli {
namespace {

using ::testing::HasSubstr;

LoginView view() {
  LoginView view;
  view.account = "work";
  view.provider = "google";
  view.user = "ann@example.org";
  view.scope = "mail";
  view.now_ms = 1'800'000'000'000;
  view.expires_ms = 1'800'003'600'000;
  view.is_ours = true;
  view.is_valid = true;
  view.is_renewable = true;
  view.file = "/state/work/tokens";
  return view;
}

TEST(AuthText, OfALogin) {
  const std::string text = login_text(view(), Style());
  EXPECT_THAT(text, HasSubstr("work: logged in at google\n"));
  EXPECT_THAT(text, HasSubstr("ann@example.org"));
  EXPECT_THAT(text, HasSubstr("renewed ahead of that"));
  EXPECT_THAT(text, HasSubstr("/state/work/tokens (not encrypted)"));
  EXPECT_TRUE(lasts(view()));
}

TEST(AuthText, OfNoLoginNamesTheCommand) {
  LoginView none;
  none.account = "work";
  none.provider = "google";
  EXPECT_FALSE(lasts(none));
  EXPECT_EQ(login_text(none, Style()),
            "work: nobody has logged in at google yet; log in: sterna auth work\n");
  LoginView other = view();
  other.is_ours = false;
  EXPECT_FALSE(lasts(other));
  EXPECT_THAT(login_text(other, Style()), HasSubstr("another client_id"));
}

TEST(AuthText, OfALoginThatEnds) {
  LoginView ending = view();
  ending.is_renewable = false;
  EXPECT_TRUE(lasts(ending));
  EXPECT_THAT(login_text(ending, Style()), HasSubstr("cannot be renewed"));
  ending.is_valid = false;
  EXPECT_FALSE(lasts(ending));
  EXPECT_THAT(login_text(ending, Style()), HasSubstr("has ended; log in: sterna auth work"));
}

TEST(AuthText, AsJson) {
  const auto json = nlohmann::json::parse(login_json(view()));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["expires"], "2027-01-15T09:00:00Z");
  EXPECT_EQ(json["logged_in"], true);
  LoginView nobody;
  nobody.account = "work";
  const auto none = nlohmann::json::parse(login_json(nobody));
  EXPECT_EQ(none["logged_in"], false);
  EXPECT_TRUE(none["expires"].is_null() && none["user"].is_null() && none["file"].is_null());
}

}  // namespace
}  // namespace sterna::cli
