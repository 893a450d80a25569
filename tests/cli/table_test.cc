// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <gtest/gtest.h>

#include "cli/width.h"

namespace sterna::cli {
namespace {

TEST(Width, CountsColumnsNotOctets) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("INBOX"), 5U);
  EXPECT_EQ(display_width("Семья"), 5U);
  EXPECT_EQ(display_width("開発"), 4U);
  EXPECT_EQ(display_width("ドラフト"), 8U);
  EXPECT_EQ(display_width("한국어"), 6U);
  EXPECT_EQ(display_width("🎍 x"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);   // combining acute
  EXPECT_EQ(display_width("a\u200bb"), 2U);  // zero width space
  EXPECT_EQ(display_width("\xff\xfe"), 2U);  // no UTF-8: a column an octet
  EXPECT_EQ(display_width("\xe9\x96"), 2U);  // cut short
}

TEST(Width, FitCutsAtColumnsBetweenCharacters) {
  EXPECT_EQ(fit("INBOX", 5), "INBOX");
  EXPECT_EQ(fit("INBOX", 4), "INB…");
  EXPECT_EQ(fit("INBOX", 1), "…");
  EXPECT_EQ(fit("開発用", 6), "開発用");
  EXPECT_EQ(fit("開発用", 5), "開発…");
  EXPECT_EQ(fit("開発用", 4), "開…");
  EXPECT_EQ(fit("", 3), "");
  for (std::size_t columns = 1; columns < 12; ++columns)
    EXPECT_LE(display_width(fit("a開b発c用d🎍e", columns)), columns);
}

TEST(Table, AlignsByWhatATerminalShows) {
  Table table({{"MAILBOX"}, {"MESSAGES", Align::right}, {"NOTE"}});
  table.add({"INBOX", "5", "x"});
  table.add({"Lists/開発", "12345", ""});
  EXPECT_EQ(table.render(Style()),
            "MAILBOX     MESSAGES  NOTE\n"
            "INBOX              5  x\n"
            "Lists/開発     12345\n");
}

TEST(Table, WithoutTitlesHasNoHead) {
  Table table({{""}, {""}});
  table.add({"ok", "login"});
  table.add({"", "hint"});
  EXPECT_EQ(table.render(Style(), 2), "  ok  login\n      hint\n");
}

TEST(Table, WithoutRowsIsNothing) {
  EXPECT_EQ(Table({{"A"}, {"B"}}).render(Style()), "");
}

TEST(Table, ColoursTakeNoColumns) {
  Table table({{"A"}, {"B"}});
  table.add({{"x", Tone::bad}, "y"});
  EXPECT_EQ(table.render(Style(true)),
            "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n"
            "\x1b[31mx\x1b[0m  y\n");
  EXPECT_EQ(table.render(Style(false)), "A  B\nx  y\n");
}

}  // namespace
}  // namespace sterna::cli
