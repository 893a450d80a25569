// SPDX-License-Identifier: Apache-2.0
// The shapes that scripts rely on: read back by a parser, member by member.
#include "cli/json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace sterna::cli {
namespace {

using Kind = account::DifferenceKind;
using nlohmann::json;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::int64_t kNow = 1'767'258'012'000;

// Every output is one line with one object of schema 1.
json read(const std::string& text) {
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_TRUE(text.ends_with('\n'));
  json object = json::parse(text);
  EXPECT_EQ(object["schema"], 1);
  return object;
}

std::vector<std::string> keys(const json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) names.push_back(key);
  return names;
}

TEST(Json, OfWhatFailedAsAWholeHasItsErrors) {
  const json object =
      read(errors_json({Error(ErrorCode::config, "a.toml:3:1: no key").with_hint("mend it"),
                        Error(ErrorCode::usage, "what?")},
                       Exit::config));
  EXPECT_THAT(keys(object), UnorderedElementsAre("schema", "exit", "errors"));
  EXPECT_EQ(object["exit"], 78);
  ASSERT_EQ(object["errors"].size(), 2U);
  EXPECT_THAT(keys(object["errors"][0]),
              UnorderedElementsAre("code", "scope", "disposition", "message", "hint"));
  EXPECT_EQ(object["errors"][0]["code"], "config");
  EXPECT_EQ(object["errors"][0]["message"], "a.toml:3:1: no key");
  EXPECT_EQ(object["errors"][0]["hint"], "mend it");
  EXPECT_EQ(object["errors"][1]["hint"], nullptr);
}

TEST(Json, OfASyncCountsEveryDirection) {
  SyncedAccount account;
  account.report.account = "work";
  account.report.counts.downloaded = 12;
  account.report.counts.bytes_in = 5'000'000'000;
  account.report.held = 80;
  account.report.seconds = 0.5;
  account.report.waiting = {{"INBOX", 2, "why"}};
  account.report.errors.push_back(
      Error(ErrorCode::no_space, "disk full").with_context("mailbox INBOX").with_hint("make room"));
  account.exit = Exit::partly;
  const json object = read(sync_json({account}, Exit::partly));
  EXPECT_EQ(object["exit"], 3);
  const json& one = object["accounts"][0];
  EXPECT_THAT(keys(one), UnorderedElementsAre(
                             "name", "exit", "downloaded", "uploaded", "flags_in", "flags_out",
                             "moved_in", "moved_out", "deleted_in", "deleted_out", "mailboxes_in",
                             "mailboxes_out", "bodies_fetched", "bytes_in", "bytes_out", "held",
                             "marker_held", "quarantined", "waiting", "seconds", "errors"));
  EXPECT_EQ(one["name"], "work");
  EXPECT_EQ(one["exit"], 3);
  EXPECT_EQ(one["downloaded"], 12);
  EXPECT_EQ(one["bytes_in"], 5'000'000'000);
  EXPECT_EQ(one["held"], 80);
  EXPECT_EQ(one["seconds"], 0.5);
  EXPECT_EQ(one["waiting"], json::parse(R"([{"mailbox": "INBOX", "count": 2, "reason": "why"}])"));
  const json& error = one["errors"][0];
  EXPECT_EQ(error["code"], "no_space");
  EXPECT_EQ(error["scope"], "account");
  EXPECT_EQ(error["disposition"], "needs_user");
  EXPECT_EQ(error["message"], "mailbox INBOX: disk full");
  EXPECT_EQ(error["hint"], "make room");
}

TEST(Json, OfADryRunHasThePlan) {
  SyncedAccount account;
  account.report.plan = {{"INBOX", "push_flags", 3, "changed here"}};
  const json object = read(sync_json({account}, Exit::done));
  EXPECT_EQ(object["accounts"][0]["plan"][0], json({{"mailbox", "INBOX"},
                                                    {"action", "push_flags"},
                                                    {"count", 3},
                                                    {"reason", "changed here"}}));
}

TEST(Json, OfTheStatusIsAStableInterface) {
  StatusRow row;
  row.state.name = "work";
  row.state.last_sync_ms = kNow;
  row.state.error = "";
  row.state.mailboxes = {{"INBOX", "/mail/INBOX", 5, 0}};
  row.state.parked = {{"INBOX", 7, "", "download", "too big", 2, kNow}};
  row.word = "stopped";
  const json object = read(status_json({row}));
  const json& one = object["accounts"][0];
  EXPECT_THAT(keys(one), UnorderedElementsAre("name", "state", "last_sync", "pending", "held",
                                              "quarantined", "error", "mailboxes", "parked"));
  EXPECT_EQ(one["state"], "stopped");
  EXPECT_EQ(one["last_sync"], "2026-01-01T09:00:12Z");
  EXPECT_TRUE(one["error"].is_null());
  EXPECT_EQ(one["mailboxes"][0], json({{"name", "INBOX"},
                                       {"path", "/mail/INBOX"},
                                       {"messages", 5},
                                       {"pushed", false},
                                       {"last_sync", nullptr}}));
  EXPECT_EQ(one["parked"][0]["uid"], 7);
  EXPECT_TRUE(one["parked"][0]["path"].is_null());
}

TEST(Json, OfTheStatusHasUntilWhenAServerIsLeftAlone) {
  StatusRow row;
  row.state.name = "work";
  row.word = "stopped";
  EXPECT_FALSE(read(status_json({row}))["accounts"][0].contains("next_try"));
  row.wait = account::ToldWait{kNow, "busy"};
  EXPECT_EQ(read(status_json({row}))["accounts"][0]["next_try"], "2026-01-01T09:00:12Z");
}

TEST(Json, OfACheckHasTheErrorBesideTheWords) {
  CheckedAccount account{"work",
                         {{"login", account::CheckStatus::failed, "refused", "check it",
                           Error(ErrorCode::login, "refused")},
                          {"space", account::CheckStatus::ok, "5 GB", "", std::nullopt}},
                         Exit::login};
  const json object = read(check_json({account}, Exit::login));
  EXPECT_EQ(object["exit"], 4);
  const json& checks = object["accounts"][0]["checks"];
  EXPECT_EQ(checks[0]["status"], "failed");
  EXPECT_EQ(checks[0]["error"]["code"], "login");
  EXPECT_EQ(checks[0]["hint"], "check it");
  EXPECT_EQ(checks[1]["status"], "ok");
  EXPECT_TRUE(checks[1]["error"].is_null());
}

TEST(Json, OfListsNamesWhatTheContractNames) {
  HistoryRow history{"work", {}};
  history.line.at_ms = kNow;
  history.line.path = "/m/x";
  history.line.message_id = "<a@b>";
  HeldRow held{"work", {5, "delete_remote", "INBOX", 3, "/m/x", "<a@b>", "why", kNow}};
  UndoRow undo{"work", {}};
  undo.line.path = "/s/undo/x";
  undo.line.at_ms = kNow;
  VerifiedAccount verified{"work", {}};
  verified.result.lines = {{Kind::difference, "INBOX", 17, "/m/x", "differs"},
                           {Kind::held, "INBOX", 0, "", "held"}};
  for (const json& row : {read(history_json({history}))["history"][0],
                          read(held_json({held}))["held"][0], read(undo_json({undo}))["undo"][0],
                          read(verify_json({verified}, Exit::failed))["differences"][0]}) {
    for (const char* key : {"account", "mailbox", "uid", "path", "reason"})
      EXPECT_TRUE(row.contains(key)) << key;
  }
  EXPECT_EQ(read(history_json({history}))["history"][0]["since"], "2026-01-01T09:00:12Z");
  EXPECT_EQ(read(history_json({history}))["history"][0]["message_id"], "<a@b>");
  EXPECT_EQ(read(held_json({held}))["held"][0]["since"], "2026-01-01T09:00:12Z");
  EXPECT_EQ(read(undo_json({undo}))["undo"][0]["since"], "2026-01-01T09:00:12Z");
  const json verify = read(verify_json({verified}, Exit::failed));
  EXPECT_EQ(verify["differences"].size(), 1U);
  EXPECT_EQ(verify["notes"].size(), 1U);
  EXPECT_EQ(verify["accounts"][0]["differences"], 1);
  EXPECT_TRUE(verify["notes"][0]["uid"].is_null());
  EXPECT_EQ(verify["notes"][0]["kind"], "held");
  EXPECT_EQ(verify["differences"][0]["kind"], "difference");
}

TEST(Json, OfMailboxesTellsUnknownFromNone) {
  MailboxRow row;
  row.line.name = "Lists/開発";
  row.line.messages_remote = 0;
  row.rule = "*";
  const json one = read(mailboxes_json("work", {row}))["mailboxes"][0];
  EXPECT_EQ(one["account"], "work");
  EXPECT_EQ(one["mailbox"], "Lists/開発");
  EXPECT_EQ(one["messages_remote"], 0);
  EXPECT_TRUE(one["messages_local"].is_null());
  EXPECT_EQ(one["rule"], "*");
}

TEST(Json, OfDecisionsAndAdoptions) {
  const json decided = read(decided_json("apply", {{"work", 80}}, {}, Exit::done));
  EXPECT_EQ(decided["decision"], "apply");
  EXPECT_EQ(decided["decided"][0], json({{"account", "work"}, {"count", 80}}));
  EXPECT_EQ(decided["accounts"], json::array());
  EXPECT_EQ(read(adopt_json("work", {"no marker", true, {}}))["found"], "no marker");
}

TEST(Json, OfALoginNamesWhatWasNotGranted) {
  LoginView view;
  view.account = "work";
  view.provider = "google";
  view.user = "ann@example.org";
  view.scope = "mail";
  view.missing_scope = "send read";
  view.expires_ms = kNow;
  view.is_ours = view.is_renewable = true;
  const json object = read(login_json(view));
  EXPECT_THAT(keys(object), UnorderedElementsAre("schema", "account", "provider", "logged_in",
                                                 "user", "scope", "missing_scope", "expires",
                                                 "valid", "renewable", "file", "encrypted"));
  EXPECT_EQ(object["missing_scope"], "send read");
  view.missing_scope.clear();
  EXPECT_EQ(read(login_json(view))["missing_scope"], nullptr);
}

TEST(Json, OfNothingHasEmptyLists) {
  EXPECT_EQ(read(sync_json({}, Exit::done))["accounts"], json::array());
  EXPECT_EQ(read(status_json({}))["accounts"], json::array());
  EXPECT_EQ(read(history_json({}))["history"], json::array());
  EXPECT_EQ(read(held_json({}))["held"], json::array());
}

std::string written(const std::string& found) {
  return adopt_json("work", {found, true, {}});
}

TEST(Json, EscapesOctetsThatAreNoUtf8) {
  EXPECT_THAT(written("caf\xe9"), HasSubstr("\"caf\\udce9\""));
  EXPECT_THAT(written("\xff\xc3\xa9\xc3"), HasSubstr("\"\\udcffé\\udcc3\""));
  EXPECT_THAT(written("\xed\xa0\x80"), HasSubstr("\"\\udced\\udca0\\udc80\""));  // a surrogate
  EXPECT_THAT(written("\xc0\xaf"), HasSubstr("\"\\udcc0\\udcaf\""));             // overlong
}

TEST(Json, EscapesWhatItsOwnMarkIs) {
  EXPECT_THAT(written("a\x7f"
                      "e9"),
              HasSubstr("\"a\\u007fe9\""));
  EXPECT_THAT(written("\x7f\xe9"), HasSubstr("\"\\u007f\\udce9\""));
}

TEST(Json, EscapesWhatATerminalWouldObey) {
  const std::string turned = "\u009b31m\u202egnp\u061c\u20ac";
  EXPECT_THAT(written(turned), HasSubstr("\\u009b31m\\u202egnp\\u061c\u20ac\""));
  EXPECT_EQ(json::parse(written(turned))["found"], turned);
}

TEST(Json, KeepsWhatIsValid) {
  for (const std::string text : {"", "plain", "Семья 開発 🎍", "quote\" back\\ new\nline \x1b"}) {
    EXPECT_EQ(json::parse(written(text))["found"], text);
  }
}

}  // namespace
}  // namespace sterna::cli
