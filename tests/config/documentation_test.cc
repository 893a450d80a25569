// SPDX-License-Identifier: Apache-2.0
// docs/configuration.md, the table of keys and the code agree: the same keys, the same defaults,
// and what is documented as a default is what a file without that key gets.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "config/keys.h"
#include "sterna/base/bytes.h"
#include "sterna/config/presets.h"
#include "support.h"

namespace sterna::config {
namespace {

struct Row {
  std::string where;  // heading(section), or "refused"
  std::string key;
  std::string fallback;  // without backticks; empty for "-"
  auto operator<=>(const Row&) const = default;
};

std::string read_page(std::string_view below) {
  std::ifstream file(std::string(STERNA_SOURCE_DIR) + "/" + std::string(below));
  EXPECT_TRUE(file) << below;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string without_ticks(std::string_view cell) {
  std::string text(trim(cell));
  std::erase(text, '`');
  return text == "-" ? "" : text;
}

std::string section_of(std::string_view line, const std::string& before) {
  if (!line.starts_with("## ")) return before;  // deeper headings stay in their section
  std::string plain = without_ticks(line.substr(3));
  if (plain.starts_with("Keys that this version refuses")) return "refused";
  if (ascii_istarts_with(plain, heading(Section::top))) return std::string(heading(Section::top));
  return plain;
}

std::set<Row> rows_of(const std::string& page) {
  std::set<Row> rows;
  std::string where;
  for (const std::string_view line : split(page, '\n')) {
    where = section_of(line, where);
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string_view> cells = split(line, '|');
    EXPECT_GE(cells.size(), 4U) << line;
    EXPECT_TRUE(rows.insert({where, without_ticks(cells[1]), without_ticks(cells[2])}).second)
        << "twice: " << line;
  }
  return rows;
}

TEST(Documentation, HasEveryKeyWithItsDefaultAndNoOther) {
  std::set<Row> expected;
  for (const Key& key : kKeys) {
    const bool supported = key.support == Support::yes;
    expected.insert({supported ? std::string(heading(key.section)) : "refused",
                     std::string(key.name), std::string(key.fallback)});
  }
  EXPECT_EQ(rows_of(read_page("docs/configuration.md")), expected);
}

TEST(Documentation, NamesEveryPreset) {
  const std::string page = read_page("docs/configuration.md");
  for (const Preset& preset : presets()) {
    EXPECT_THAT(page, ::testing::HasSubstr(fmt::format("`{}`", preset.name)));
  }
}

TEST(Documentation, TheManualPageHasEveryKey) {
  const std::string page = read_page("docs/man/sterna.toml.5");
  for (const Key& key : kKeys) {
    const bool item = page.contains(fmt::format(".It Ic {}\n", key.name)) ||
                      page.contains(fmt::format(".It Ic {} Ns", key.name)) ||
                      page.contains(fmt::format(".It Ic {} ", key.name));
    EXPECT_TRUE(item) << key.name;
  }
}

std::string to_text(const MailboxPolicy& p) {
  return fmt::format("{} {} {} {} {} {} {}", int(p.direction), int(p.local_delete),
                     int(p.remote_delete), p.expunge_flagged, p.hold.share, p.hold.at_least,
                     p.hold.within);
}

// Everything that a key could change.
std::string to_text(const AccountConfig& a) {
  std::string text =
      fmt::format("{} {} {} {} {} {} {} {} {} {}\n", a.name, a.enabled, a.address, a.user, a.preset,
                  a.host, a.port, int(a.auth), a.secret.index(), a.allow_plaintext);
  text += fmt::format("{} {} {} {} {} {} {} {}\n", int(a.tls.mode), a.tls.ca_file,
                      a.tls.pins.size(), a.tls.client_cert, a.tls.client_key,
                      int(a.tls.min_version), a.connections, int(a.compress));
  text += fmt::format("{} {} {} {} {} {} {} {}\n", a.maildir, int(a.layout), a.inbox,
                      fmt::join(a.mailboxes, ","), a.excluded_roles.size(), a.rename.size(),
                      a.subscribed_only, a.roles.size());
  text += fmt::format("{} {} {} {} {}\n", int(a.create), to_text(a.policy), a.rules.size(), a.undo,
                      a.fsync);
  text += fmt::format("{} {}\n", fmt::join(a.watch, ","), a.poll_interval);
  return text;
}

std::string account_line(const Key& key) {
  std::string_view prefix;
  if (key.section == Section::tls) prefix = "tls.";
  if (key.section == Section::hold) prefix = "hold_deletions.";
  return fmt::format("{}{} = {}\n", prefix, key.name, key.fallback);
}

TEST(Documentation, ADefaultThatIsWrittenOutChangesNothing) {
  const Home home;
  const std::string expected = to_text(account_of(home, kMinimal));
  unsigned tried = 0;
  for (const Key& key : kKeys) {
    const bool of_account = key.section == Section::account || key.section == Section::tls ||
                            key.section == Section::hold;
    if (!of_account || key.fallback.empty()) continue;
    const std::string line = account_line(key);
    EXPECT_EQ(to_text(account_of(home, std::string(kMinimal) + line)), expected) << line;
    ++tried;
  }
  EXPECT_GT(tried, 20U);
}

TEST(Documentation, TheDefaultsOfHooksAreThoseThatAreUsed) {
  const Home home;
  unsigned tried = 0;
  for (const Key& key : kKeys) {
    if (key.section != Section::hooks || key.fallback.empty()) continue;
    const auto with =
        home.load_text(fmt::format("[hooks]\n{} = {}\n{}", key.name, key.fallback, kMinimal));
    ASSERT_TRUE(with) << key.name;
    EXPECT_EQ(with->hooks.debounce, HooksConfig().debounce);
    EXPECT_EQ(with->hooks.timeout, HooksConfig().timeout);
    ++tried;
  }
  EXPECT_EQ(tried, 2U);
}

TEST(Documentation, TheDefaultMailRootIsTheOneThatIsUsed) {
  const Home home;
  const auto with = home.load_text("mail_root = \"~/Mail\"\n" + std::string(kMinimal));
  const auto without = home.load_text(kMinimal);
  ASSERT_TRUE(with && without);
  EXPECT_EQ(with->mail_root, without->mail_root);
}

}  // namespace
}  // namespace sterna::config
