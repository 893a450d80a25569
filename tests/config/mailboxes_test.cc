// SPDX-License-Identifier: Apache-2.0
// What is synced, under which rules, and under which name.
#include "sterna/config/mailboxes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sterna::config {
namespace {

using namespace std::chrono_literals;

MailboxName box(std::string_view text) {
  return MailboxName(std::string(text));
}

AccountConfig with_patterns(std::vector<std::string> patterns) {
  AccountConfig account;
  account.mailboxes = std::move(patterns);
  return account;
}

TEST(Selection, TheLastMatchWins) {
  struct {
    std::vector<std::string> patterns;
    std::string_view name;
    Selection expected;
  } const cases[] = {
      {{"*"}, "INBOX", {true, "*"}},
      {{"*"}, "a/b/c", {true, "*"}},
      {{"*", "!Spam"}, "Spam", {false, "!Spam"}},
      {{"*", "!Spam"}, "Spam/x", {true, "*"}},
      {{"*", "!Spam*"}, "Spam/x", {false, "!Spam*"}},
      {{"*", "!Archive/2%"}, "Archive/2020", {false, "!Archive/2%"}},
      {{"*", "!Archive/2%"}, "Archive/2020/May", {true, "*"}},
      {{"*", "!Lists/*", "Lists/dev"}, "Lists/dev", {true, "Lists/dev"}},
      {{"*", "!Lists/*", "Lists/dev"}, "Lists/ops", {false, "!Lists/*"}},
      {{"Lists/dev", "!*"}, "Lists/dev", {false, "!*"}},
      {{"Work", "inbox"}, "INBOX", {true, "inbox"}},
      {{"Work"}, "Home", {false, ""}},
      {{"%"}, "a", {true, "%"}},
      {{"%"}, "a/b", {false, ""}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(select(with_patterns(c.patterns), box(c.name)), c.expected)
        << ::testing::PrintToString(c.patterns) << " " << c.name;
    EXPECT_EQ(includes(with_patterns(c.patterns), box(c.name)), c.expected.included);
  }
}

TEST(Selection, AnExcludedRoleIsLeftOutWhateverItsName) {
  AccountConfig account;
  account.excluded_roles = {Role::all};
  EXPECT_EQ(select(account, box("[Gmail]/Alle Nachrichten"), Role::all),
            (Selection{false, "role all"}));
  EXPECT_TRUE(includes(account, box("[Gmail]/Papierkorb"), Role::trash));
  EXPECT_TRUE(includes(account, box("Work"), Role::none));
}

TEST(Watch, IsInboxUnlessSaidOtherwise) {
  AccountConfig account;
  EXPECT_TRUE(pushes(account, box("INBOX")));
  EXPECT_TRUE(pushes(account, box("inbox")));
  EXPECT_FALSE(pushes(account, box("INBOX/x")));
  EXPECT_FALSE(pushes(account, box("Work")));
}

TEST(Watch, TheLastMatchWins) {
  AccountConfig account;
  account.watch = {"*", "!Lists/*", "Lists/dev"};
  EXPECT_TRUE(pushes(account, box("Work/2026")));
  EXPECT_FALSE(pushes(account, box("Lists/ops")));
  EXPECT_TRUE(pushes(account, box("Lists/dev")));
  account.watch = {"%"};
  EXPECT_TRUE(pushes(account, box("Work")));
  EXPECT_FALSE(pushes(account, box("Work/2026")));
  account.watch = {};
  EXPECT_FALSE(pushes(account, box("INBOX")));
}

TEST(Policy, TheLastRuleThatSetsAKeyWins) {
  AccountConfig account;
  account.policy.direction = Direction::both;
  account.policy.hold = {0.3, 50, 1h};
  Rule lists{.match = {"Lists/*"}, .direction = Direction::pull, .expunge_flagged = true};
  Rule dev{.match = {"*", "!INBOX"}, .direction = Direction::push, .hold_at_least = 9};
  Rule none{.match = {"Lists/%/x"}, .direction = Direction::both};
  account.rules = {lists, dev, none};

  MailboxPolicy expected = account.policy;
  EXPECT_EQ(policy_for(account, box("INBOX")), expected);
  expected.direction = Direction::push;
  expected.hold.at_least = 9;
  EXPECT_EQ(policy_for(account, box("Work")), expected);
  expected.expunge_flagged = true;
  EXPECT_EQ(policy_for(account, box("Lists/dev")), expected);
  expected.direction = Direction::both;
  EXPECT_EQ(policy_for(account, box("Lists/dev/x")), expected);
}

TEST(Policy, ARuleMaySetEverything) {
  AccountConfig account;
  account.rules = {
      Rule{{"*"}, Direction::push, LocalDelete::expunge, RemoteDelete::ignore, true, 0.9, 3, 5s}};
  EXPECT_EQ(policy_for(account, box("x")),
            (MailboxPolicy{Direction::push, LocalDelete::expunge, RemoteDelete::ignore, true,
                           HoldPolicy{0.9, 3, 5s}}));
}

class Rename : public ::testing::Test {
 protected:
  RenameMap map{{{box("Sent"), box("Sent Items")},
                 {box("L"), box("Lists")},
                 {box("dev"), box("Lists/dev")},
                 {box("A"), box("B")},
                 {box("B"), box("A")}}};
};

TEST_F(Rename, GoesBothWaysWithChildren) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"INBOX", "INBOX"},
      {"Sent", "Sent Items"},
      {"Sent/2020", "Sent Items/2020"},
      {"L", "Lists"},
      {"L/ops/x", "Lists/ops/x"},
      {"dev", "Lists/dev"},
      {"dev/x", "Lists/dev/x"},
      {"A", "B"},
      {"B/x", "A/x"},
      {"Sentinel", "Sentinel"},
      {"Other/Sent", "Other/Sent"},
  };
  for (const auto& [local, remote] : cases) {
    const auto there = map.to_remote(box(local));
    ASSERT_TRUE(there) << local;
    EXPECT_EQ(there->text(), remote);
    const auto back = map.to_local(box(remote));
    ASSERT_TRUE(back) << remote;
    EXPECT_EQ(back->text(), local);
  }
}

TEST_F(Rename, APlaceThatIsTakenIsAnErrorOfTheMailbox) {
  for (const std::string_view remote : {"Sent", "Sent/x", "L", "dev"}) {
    const auto local = map.to_local(box(remote));
    ASSERT_FALSE(local) << remote;
    EXPECT_EQ(local.error().code(), ErrorCode::exists);
    EXPECT_EQ(local.error().scope(), ErrorScope::mailbox);
    EXPECT_EQ(local.error().disposition(), Disposition::needs_user);
  }
  for (const std::string_view local : {"Sent Items", "Lists", "Lists/dev", "L/dev"}) {
    EXPECT_FALSE(map.to_remote(box(local))) << local;
  }
  EXPECT_EQ(map.to_local(box("Sent")).error().message(),
            "mailbox Sent: `rename` gives its place to Sent Items");
}

// No two names ever meet, and whatever maps maps back.
TEST(RenameProperty, IsOneToOne) {
  std::mt19937 random(20240501);
  const auto name = [&random] {
    std::string text;
    const auto depth = 1 + random() % 3;
    for (unsigned i = 0; i < depth; ++i) {
      text += std::string(i > 0 ? "/" : "") + static_cast<char>('a' + random() % 3);
    }
    return box(text);
  };
  std::size_t mapped = 0;
  for (int round = 0; round < 500; ++round) {
    std::map<MailboxName, MailboxName> entries;
    std::map<MailboxName, MailboxName> inverse;
    for (unsigned i = 0; i < random() % 4; ++i) {
      const MailboxName local = name();
      const MailboxName remote = name();
      if (!entries.contains(local) && inverse.emplace(remote, local).second) {
        entries.emplace(local, remote);
      }
    }
    const RenameMap map(entries);
    for (int probe = 0; probe < 20; ++probe) {
      const MailboxName remote = name();
      const auto local = map.to_local(remote);
      if (!local) continue;
      ++mapped;
      const auto back = map.to_remote(*local);
      ASSERT_TRUE(back) << remote.text() << " -> " << local->text();
      ASSERT_EQ(back->text(), remote.text());
    }
  }
  EXPECT_GT(mapped, 1000U);
}

}  // namespace
}  // namespace sterna::config
