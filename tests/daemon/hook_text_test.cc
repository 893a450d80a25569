// SPDX-License-Identifier: Apache-2.0
#include "daemon/hook_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace sterna::daemon {
namespace {

using account::FileChange;
using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

FileChange change(FileChange::Kind kind, std::string path, std::string mailbox,
                  std::string old_path = {}) {
  return {.kind = kind,
          .path = std::move(path),
          .old_path = std::move(old_path),
          .mailbox = std::move(mailbox)};
}

TEST(HookInput, IsEmptyWithoutChanges) {
  EXPECT_EQ(changes_json({}), "[]\n");
}

TEST(HookInput, HasAnObjectForEachChange) {
  const std::vector<FileChange> changes = {
      change(FileChange::Kind::added, "/m/INBOX/new/1", "INBOX"),
      change(FileChange::Kind::removed, "/m/A/cur/2:2,S", "A"),
      change(FileChange::Kind::renamed, "/m/B/cur/3", "B", "/m/A/cur/3"),
      change(FileChange::Kind::flags, "/m/A/cur/4:2,S", "A", "/m/A/new/4")};
  EXPECT_EQ(changes_json(changes),
            R"([{"event":"added","path":"/m/INBOX/new/1","mailbox":"INBOX"},)"
            R"({"event":"removed","path":"/m/A/cur/2:2,S","mailbox":"A"},)"
            R"({"event":"renamed","path":"/m/B/cur/3","old_path":"/m/A/cur/3","mailbox":"B"},)"
            R"({"event":"flags","path":"/m/A/cur/4:2,S","old_path":"/m/A/new/4","mailbox":"A"}])"
            "\n");
}

TEST(HookInput, EscapesWhatJsonOrUtf8DoesNotAllow) {
  const std::vector<FileChange> changes = {
      change(FileChange::Kind::added, "/m/\"\\\n\x7f\xff\xc3(\xc3\xa9", "\xd0\x9f")};
  EXPECT_EQ(changes_json(changes), R"([{"event":"added","path":"/m/\"\\\u000a\u007f\udcff\udcc3()"
                                   "\xc3\xa9"
                                   R"(","mailbox":")"
                                   "\xd0\x9f"
                                   "\"}]\n");
}

TEST(HookEnvironment, SaysWhatHappened) {
  HookFacts facts;
  facts.add(change(FileChange::Kind::added, "/1", "Work"));
  facts.add(change(FileChange::Kind::added, "/2", "INBOX"));
  facts.add(change(FileChange::Kind::removed, "/3", "Work"));
  facts.add(change(FileChange::Kind::flags, "/4", "Work"));
  facts.add(change(FileChange::Kind::renamed, "/5", "Work"));
  const auto variables = hook_environment(HookEvent::after_change, "home", facts);
  EXPECT_THAT(variables, Contains("STERNA_EVENT=after_change"));
  EXPECT_THAT(variables, Contains("STERNA_ACCOUNT=home"));
  EXPECT_THAT(variables, Contains("STERNA_MAILBOXES=INBOX\nWork"));
  EXPECT_THAT(variables, Contains("STERNA_NEW=2"));
  EXPECT_THAT(variables, Contains("STERNA_DELETED=1"));
  EXPECT_THAT(variables, Contains("STERNA_CHANGED=2"));
  EXPECT_THAT(variables, Not(Contains(StartsWith("STERNA_MESSAGE"))));
}

TEST(HookEnvironment, HasOneMailboxALineWhateverItsName) {
  HookFacts facts;
  facts.add(change(FileChange::Kind::added, "/1", "a\nb"));
  EXPECT_THAT(hook_environment(HookEvent::new_mail, "home", facts),
              Contains("STERNA_MAILBOXES=a\\x0ab"));
}

TEST(HookEnvironment, StaysWithinWhatAProgramCanBeGiven) {
  HookFacts facts;
  for (int i = 0; i < 5000; ++i)
    facts.add(change(FileChange::Kind::added, "/1", std::to_string(i) + std::string(100, 'x')));
  for (const std::string& variable : hook_environment(HookEvent::new_mail, "home", facts))
    EXPECT_LT(variable.size(), 100'000U);
}

TEST(HookEnvironment, KeepsOursButNotWhatSpeaksInOurName) {
  const char* const hidden[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                "LISTEN_FDS",    "STERNA_NEW",    "CREDENTIALS_DIRECTORY"};
  for (const char* name : hidden) ::setenv(name, "42", 1);
  ::setenv("STERNA_CONFIG", "/c.toml", 1);
  const auto variables = hook_environment(HookEvent::error, "home", {.message = "it is\nlost"});
  for (const char* name : hidden) ::unsetenv(name);
  ::unsetenv("STERNA_CONFIG");
  for (const char* name : hidden)
    EXPECT_THAT(variables, Not(Contains(std::string(name) + "=42"))) << name;
  EXPECT_THAT(variables, Contains(StartsWith("PATH=")));
  EXPECT_THAT(variables, Contains("STERNA_CONFIG=/c.toml"));
  EXPECT_THAT(variables, Contains("STERNA_NEW=0"));
  EXPECT_THAT(variables, Contains("STERNA_MESSAGE=it is\\x0alost"));
}

}  // namespace
}  // namespace sterna::daemon
