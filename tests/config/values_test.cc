// SPDX-License-Identifier: Apache-2.0
// The small pieces: durations, paths, names, what is said of unknown keys.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/fields.h"
#include "config/keys.h"
#include "support.h"

namespace sterna::config {
namespace {

using namespace std::chrono_literals;

TEST(Duration, HasAUnit) {
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("12h"), 12h);
  EXPECT_EQ(parse_duration("30d"), 30 * 24h);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("0d"), 0s);
  EXPECT_EQ(parse_duration("36500d"), 36500 * 24h);
  for (const std::string_view bad : {"", "s", "5", "-5m", "+5m", "5 m", " 5m", "5M", "1.5h", "5ms",
                                     "36501d", "99999999999999999999s", "5m5s"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(Path, IsMadeAbsolute) {
  EXPECT_EQ(expand_path("/a//b/./c/", "/h", "/b"), "/a/b/c");
  EXPECT_EQ(expand_path("~", "/h", "/b"), "/h");
  EXPECT_EQ(expand_path("~/x", "/h", "/b"), "/h/x");
  EXPECT_EQ(expand_path("x/../y", "/h", "/b"), "/b/x/../y");
  EXPECT_EQ(expand_path("x~", "/h", "/b"), "/b/x~");
  EXPECT_EQ(expand_path("/", "/h", "/b"), "/");
  EXPECT_EQ(expand_path("~bob", "/h", "/b"), std::nullopt);
  EXPECT_EQ(expand_path("~/x", "", "/b"), std::nullopt);
}

TEST(MailboxNames, HaveNoEmptyComponentAndNoControls) {
  for (const std::string_view good : {"a", "a/b", "INBOX", "\xd0\x9f\xd0\xb0", "a b", ".", ".."}) {
    EXPECT_EQ(flaw_of_mailbox_name(good), std::nullopt) << good;
  }
  for (const std::string_view bad : {"", "/", "/a", "a/", "a//b", "a\nb",
                                     "a\x1f"
                                     "b"}) {
    EXPECT_NE(flaw_of_mailbox_name(bad), std::nullopt) << bad;
  }
}

TEST(Hint, NamesTheNearestKeyOrTheRightPlace) {
  EXPECT_EQ(hint_for_unknown(Section::account, "hosts"), "did you mean `host`?");
  EXPECT_EQ(hint_for_unknown(Section::account, "Password"), "did you mean `password`?");
  EXPECT_EQ(hint_for_unknown(Section::top, "xo"), "the nearest known key is `log`");
  EXPECT_EQ(hint_for_unknown(Section::account, "trash"), "`trash` belongs in [account.NAME.roles]");
  EXPECT_EQ(hint_for_unknown(Section::account, "idle"), "did you mean `watch`?");
  EXPECT_EQ(hint_for_unknown(Section::account, "SSL"), "did you mean `tls`?");
  EXPECT_EQ(hint_for_unknown(Section::roles, "spam"), "did you mean `junk`?");
  EXPECT_EQ(hint_for_unknown(Section::top, "fsync"), "`fsync` belongs in [account.NAME]");
  EXPECT_EQ(hint_for_unknown(Section::top, "watch"), "`watch` belongs in [account.NAME]");
  EXPECT_EQ(hint_for_unknown(Section::top, "new_mail"), "`new_mail` belongs in [hooks]");
  EXPECT_EQ(hint_for_unknown(Section::account, "max_sise"),
            "did you mean `max_size`? (not supported by this version)");
  EXPECT_EQ(hint_for_unknown(Section::tls, "verify"), "the nearest known key is `mode`");
}

TEST(Quirks, AreSetByNameAndCheckedByKind) {
  const Home home;
  const AccountConfig account = account_of(
      home,
      std::string(kMinimal) +
          "[account.a.quirks]\nno_qresync = true\nconnections_max = 3\nno_uid_expunge = false\n");
  EXPECT_EQ(account.quirks, (std::map<std::string, std::uint64_t>{
                                {"connections_max", 3}, {"no_qresync", 1}, {"no_uid_expunge", 0}}));
  for (const std::string_view wrong :
       {"no_qresync = 1", "connections_max = true", "connections_max = 0", "idle_seconds_max = 5",
        "no_such_habit = true"}) {
    EXPECT_FALSE(home.load_text(fmt::format("{}[account.a.quirks]\n{}\n", kMinimal, wrong)))
        << wrong;
  }
}

}  // namespace
}  // namespace sterna::config
