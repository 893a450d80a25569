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

TEST(Width, FitTailKeepsTheEnd) {
  EXPECT_EQ(fit_tail("cur/17.a", 8), "cur/17.a");
  EXPECT_EQ(fit_tail("cur/17.a", 5), "…17.a");
  EXPECT_EQ(fit_tail("cur/17.a", 1), "…");
  EXPECT_EQ(fit_tail("開発用", 5), "…発用");
  EXPECT_EQ(fit_tail("開発用", 4), "…用");
  EXPECT_EQ(fit_tail("ae\u0301b", 2), "…b");  // no accent without its letter
  EXPECT_EQ(fit_tail("", 3), "");
  for (std::size_t columns = 1; columns < 12; ++columns)
    EXPECT_LE(display_width(fit_tail("a開b発c用d🎍e", columns)), columns);
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

TEST(Table, TheLastColumnFitsTheTerminal) {
  Table head({{"A"}, {.title = "WHY", .align = Align::left, .fit = Fit::head}});
  head.add({"1234", "a long reason for it"});
  EXPECT_EQ(head.render(Style(false, 20)), "A     WHY\n1234  a long reason…\n");
  EXPECT_EQ(head.render(Style()), "A     WHY\n1234  a long reason for it\n");
  // It never becomes so narrow that it says nothing.
  EXPECT_EQ(head.render(Style(false, 10)), "A     WHY\n1234  a long reas…\n");
  Table tail({{"A"}, {.title = "FILE", .align = Align::left, .fit = Fit::tail}});
  tail.add({"1234", "/mail/INBOX/cur/17.a"});
  EXPECT_EQ(tail.render(Style(false, 20)), "A     FILE\n1234  …NBOX/cur/17.a\n");
  Table whole({{"A"}, {"B"}});
  whole.add({"1234", "a long reason for it"});
  EXPECT_EQ(whole.render(Style(false, 10)), whole.render(Style()));
}

TEST(Table, ANameGivesWayToo) {
  Table table({{.title = "MAILBOX", .align = Align::left, .fit = Fit::head},
               {"UID", Align::right},
               {.title = "BY", .align = Align::left, .fit = Fit::head}});
  table.add({std::string(220, 'n'), "7", std::string(90, 'b')});
  for (const std::size_t columns : {43U, 60U, 80U, 200U}) {
    const std::string text = table.render(Style(false, columns));
    EXPECT_LE(display_width(text.substr(text.find('\n') + 1)), columns + 1) << text;
  }
  EXPECT_NE(table.render(Style()).find(std::string(220, 'n')), std::string::npos);
}

TEST(Table, ALineBelowTakesNoPartInTheColumns) {
  Table table({{"A"}, {"B"}});
  table.add({"1", "2"});
  table.add_below("longer than a column");
  table.add({"3", "4"});
  EXPECT_EQ(table.render(Style()), "A  B\n1  2\n    longer than a column\n3  4\n");
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
