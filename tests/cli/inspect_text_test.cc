// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect_text.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "cli/status_text.h"
#include "cli/width.h"

namespace sterna::cli {
namespace {

using Kind = account::DifferenceKind;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kNow = 1'767'258'012'000;  // 2026-01-01T09:00:12Z

class InspectText : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(InspectText, HeldDeletionsLeaveTheStateAlone) {
  account::AccountState state;
  state.held = 80;
  EXPECT_EQ(state_word(state, true), "stopped");
}

TEST_F(InspectText, CheckShowsHowToMendBelowWhatFails) {
  CheckedAccount account;
  account.account = "work";
  account.lines.push_back({"DNS", account::CheckStatus::ok, "imap.example.org", "", {}});
  account.lines.push_back({"login", account::CheckStatus::failed, "refused", "check the password",
                           Error(ErrorCode::login, "refused")});
  account.lines.push_back({"server", account::CheckStatus::skipped, "", "", {}});
  EXPECT_EQ(check_text(account),
            "work\n"
            "  ok       DNS     imap.example.org\n"
            "  FAILED   login   refused\n"
            "                   -> check the password\n"
            "  skipped  server\n");
}

TEST_F(InspectText, OfACheckThatWentWellNothingWentWrong) {
  CheckedAccount account;
  account.account = "work";
  account.lines.push_back({"DNS", account::CheckStatus::ok, "imap.example.org", "", {}});
  account.lines.push_back({"TLS", account::CheckStatus::warning, "expires", "soon", {}});
  account.lines.push_back({"server", account::CheckStatus::skipped, "", "", {}});
  EXPECT_TRUE(failures_of(account).lines.empty());
  account.lines.push_back({"login", account::CheckStatus::failed, "refused", "", {}});
  EXPECT_EQ(check_text(failures_of(account)), "work\n  FAILED  login  refused\n");
}

TEST_F(InspectText, MailboxesShowBothSides) {
  std::vector<MailboxRow> rows(4);
  rows[0].line = {.name = "INBOX",
                  .path = "/m/INBOX",
                  .role = "inbox",
                  .on_server = true,
                  .local = true,
                  .included = true,
                  .messages_remote = 5,
                  .messages_local = 4,
                  .octets_remote = 12'345,
                  .obstacle = {}};
  rows[0].rule = "*";
  rows[1].line = {.name = "Junk",
                  .path = "",
                  .role = "junk",
                  .on_server = true,
                  .messages_remote = std::nullopt,
                  .messages_local = std::nullopt,
                  .octets_remote = std::nullopt,
                  .obstacle = {}};
  rows[1].rule = "!Junk";
  rows[2].line = {.name = "Lists",
                  .path = "",
                  .role = "",
                  .on_server = true,
                  .selectable = false,
                  .included = true,
                  .messages_remote = std::nullopt,
                  .messages_local = std::nullopt,
                  .octets_remote = std::nullopt,
                  .obstacle = {}};
  rows[3].line = {.name = "Lists/開発",
                  .path = "/m/Lists/開発",
                  .role = "",
                  .local = true,
                  .included = true,
                  .messages_remote = std::nullopt,
                  .messages_local = 3,
                  .octets_remote = std::nullopt,
                  .obstacle = {}};
  EXPECT_EQ(mailboxes_text(rows),
            "MAILBOX     ROLE   SERVER  HERE     SIZE  SYNCED      BY\n"
            "INBOX       inbox       5     4  12.3 kB  yes         *\n"
            "Junk        junk      yes     -        -  no          !Junk\n"
            "Lists                   -     -        -  no mailbox\n"
            "Lists/開発              -     3        -  yes\n");
}

TEST_F(InspectText, WhatIsInTheWayOfAMailboxIsShown) {
  std::vector<MailboxRow> rows(2);
  rows[0].line.name = "Bad";
  rows[0].line.local = rows[0].line.included = true;
  rows[0].line.obstacle = "refused";
  rows[0].rule = "*";
  rows[1].line.name = "inbox";
  rows[1].line.local = true;
  rows[1].line.obstacle = "rename it";
  EXPECT_EQ(mailboxes_text(rows),
            "MAILBOX  ROLE  SERVER  HERE  SIZE  SYNCED  BY\n"
            "Bad                 -   yes     -  parked  refused\n"
            "inbox               -   yes     -  no      rename it\n");
}

TEST_F(InspectText, VerifySaysThatAllIsTheSame) {
  VerifiedAccount account{"work", {}};
  account.result.messages_compared = 1234;
  EXPECT_EQ(verify_text(account, NoteDetail::counts),
            "work: the same on both sides; 1234 messages compared\n");
  account.result.octets_compared = 5'000'000;
  EXPECT_EQ(verify_text(account, NoteDetail::counts),
            "work: the same on both sides; 1234 messages compared to the octet, 5.0 MB\n");
}

TEST_F(InspectText, VerifyTellsDifferencesFromNotes) {
  VerifiedAccount account{"work", {}};
  account.result.lines = {{Kind::difference, "INBOX", 17, "", "only on the server"},
                          {Kind::note, "Sent", 0, "/m/x", "held"}};
  account.result.messages_compared = 1;
  EXPECT_EQ(verify_text(account, NoteDetail::counts),
            "MAILBOX     UID  WHAT                FILE\n"
            "work/INBOX   17  only on the server\n"
            "work/Sent     -  note: held          /m/x\n"
            "work: 1 difference, 1 note; 1 message compared\n");
}

VerifiedAccount with_notes() {
  VerifiedAccount account{"work", {}};
  for (std::uint32_t uid = 1; uid <= 3; ++uid)
    account.result.lines.push_back(
        {Kind::held, "INBOX", uid, "/m/INBOX/cur/x", "only on the server (held: 3 of 4 are gone)"});
  account.result.lines.push_back({Kind::parked, "INBOX", 4, "/m/INBOX/cur/y",
                                  "only here (quarantined, upload failed: too big)"});
  account.result.lines.push_back(
      {Kind::note, "Junk", 0, "/m/Junk", "excluded (held: a name in the mailbox)"});
  account.result.messages_compared = 9;
  return account;
}

TEST_F(InspectText, VerifyFoldsNotesThatSayTheSame) {
  const std::string text = verify_text(with_notes(), NoteDetail::counts);
  EXPECT_THAT(text, HasSubstr("work/INBOX    -  note: only on the server (held: 3 of 4 are gone), "
                              "3 times\n"));
  EXPECT_THAT(text, HasSubstr("work/INBOX    4  note: only here"));
  EXPECT_THAT(text, HasSubstr("  /m/Junk\n"));
  const std::string all = verify_text(with_notes(), NoteDetail::every_message);
  EXPECT_THAT(all, Not(HasSubstr("times")));
  EXPECT_THAT(all, HasSubstr("work/INBOX    3  note: only on the server"));
}

TEST_F(InspectText, VerifyDoesNotCallTheSameWhatIsHeld) {
  EXPECT_THAT(
      verify_text(with_notes(), NoteDetail::counts),
      HasSubstr("\nwork: the same but for 3 held, 1 parked, 1 note; 9 messages compared\n"));
  VerifiedAccount account = with_notes();
  account.result.lines.push_back({Kind::difference, "INBOX", 5, "", "only on the server"});
  EXPECT_THAT(verify_text(account, NoteDetail::counts),
              HasSubstr("\nwork: 1 difference, 3 held, 1 parked, 1 note; 9 messages compared\n"));
}

TEST_F(InspectText, DifferencesAloneAreWhatWentWrong) {
  VerifiedAccount account = with_notes();
  EXPECT_EQ(differences_text(account), "");
  account.result.lines.push_back({Kind::difference, "Sent", 5, "", "only on the server"});
  EXPECT_EQ(differences_text(account),
            "MAILBOX    UID  WHAT                FILE\n"
            "work/Sent    5  only on the server\n"
            "work: 1 difference; 9 messages compared\n");
}

TEST_F(InspectText, OnATerminalTheLastColumnIsCut) {
  const auto widest = [](const std::string& text) {
    std::size_t columns = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      columns = std::max(columns, display_width(text.substr(at, end - at)));
      at = end + 1;
    }
    return columns;
  };
  const Style terminal(false, 80);
  const std::string path = "/home/ann/Mail/work/INBOX/cur/1767258012.M123456P7.a-host.example:2,S";
  VerifiedAccount account{"work", {}};
  account.result.lines = {{Kind::difference, "INBOX", 17, path, "only on the server"}};
  const std::string verified = verify_text(account, NoteDetail::counts, terminal);
  EXPECT_LE(widest(verified), 80U);
  EXPECT_THAT(verified, HasSubstr(".a-host.example:2,S\n"));
  std::vector<HeldRow> held = {{"work", {5, "delete_remote", "INBOX", 17, path, "", "gone", kNow}}};
  EXPECT_LE(widest(held_text(held, HeldDetail::every_message, terminal)), 80U);
  HistoryRow row{"work", {}};
  row.line = {.at_ms = kNow,
              .mailbox = "INBOX",
              .uid = 17,
              .path = "",
              .event = "downloaded",
              .side = "local",
              .detail = "",
              .reason = "a reason that takes more room than what is left of the line by now"};
  const std::string changed = history_text({row}, terminal);
  EXPECT_EQ(widest(changed), 80U);
  EXPECT_THAT(changed, HasSubstr("local  a reason that"));
}

TEST_F(InspectText, VerifyThatFailedClaimsNothing) {
  VerifiedAccount account{"work", {}};
  account.result.errors.emplace_back(ErrorCode::connect, "refused");
  EXPECT_EQ(verify_text(account, NoteDetail::counts), "");
}

TEST_F(InspectText, HistorySaysWhenWhereAndWhy) {
  HistoryRow row{"work", {}};
  row.line.at_ms = kNow;
  row.line.mailbox = "INBOX";
  row.line.uid = 17;
  row.line.event = "push_flags";
  row.line.side = "remote";
  row.line.detail = "+\\Seen";
  row.line.reason = "changed here";
  EXPECT_EQ(history_text({row}),
            "TIME                 MAILBOX     UID  WHAT               SIDE    WHY\n"
            "2026-01-01 09:00:12  work/INBOX   17  push flags +\\Seen  remote  changed here\n");
}

TEST_F(InspectText, HistoryTellsWhichFileItWas) {
  HistoryRow row{"work", {}};
  row.line = {.at_ms = kNow,
              .mailbox = "INBOX",
              .uid = 17,
              .path = "/m/INBOX/cur/17.a:2,S",
              .event = "flags",
              .side = "local",
              .detail = "",
              .reason = "changed there"};
  HistoryRow older = row;
  older.line.event = "downloaded";
  EXPECT_EQ(history_text({row, older}),
            "TIME                 MAILBOX     UID  WHAT        SIDE   WHY\n"
            "2026-01-01 09:00:12  work/INBOX   17  flags       local  changed there\n"
            "    /m/INBOX/cur/17.a:2,S\n"
            "2026-01-01 09:00:12  work/INBOX   17  downloaded  local  changed there\n");
}

TEST_F(InspectText, HistorySaysNothingTwice) {
  HistoryRow row{"work", {}};
  row.line = {.at_ms = kNow,
              .mailbox = "More",
              .uid = 0,
              .path = "",
              .event = "mailbox created",
              .side = "local",
              .detail = "on the server only",
              .reason = "on the server only"};
  EXPECT_THAT(history_text({row}), HasSubstr("mailbox created  local  on the server only\n"));
}

std::vector<HeldRow> held_rows() {
  std::vector<HeldRow> rows;
  for (std::uint32_t uid = 1; uid <= 80; ++uid)
    rows.push_back({"work",
                    {uid + 500, "delete_remote", "INBOX", uid, "/m/" + std::to_string(uid), "",
                     "80 of 100 are gone", kNow + 1000 * uid}});
  rows.push_back({"work", {600, "new_kind", "Sent", 0, "/m/x", "", "odd", kNow}});
  return rows;
}

TEST_F(InspectText, HeldIsSummedUpByMailboxAndKind) {
  EXPECT_EQ(held_text(held_rows(), HeldDetail::summary),
            "MAILBOX     HELD  WHAT                  SINCE                REASON\n"
            "work/INBOX    80  delete on the server  2026-01-01 09:00:13  80 of 100 are gone\n"
            "work/Sent      1  new kind              2026-01-01 09:00:12  odd\n");
}

TEST_F(InspectText, HeldNamesEveryMessageWhereAsked) {
  const std::string text = held_text(held_rows(), HeldDetail::every_message);
  EXPECT_THAT(text, HasSubstr("   580  work/INBOX   80  delete on the server"));
  EXPECT_THAT(text, HasSubstr("/m/80\n"));
  EXPECT_EQ(held_text({}, HeldDetail::summary), "");
}

}  // namespace
}  // namespace sterna::cli
