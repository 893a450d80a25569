// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect_text.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <ctime>

namespace sterna::cli {
namespace {

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

StatusRow row_of(const std::string& name) {
  StatusRow row;
  row.state.name = name;
  row.state.ever_synced = true;
  row.state.last_sync_ms = kNow - 300'000;
  row.state.mailboxes = {{"INBOX", "/mail/INBOX", 5, kNow}, {"Sent", "/mail/Sent", 7, kNow}};
  row.word = state_word(row.state, true);
  return row;
}

TEST_F(InspectText, StatusOfWhatIsWellIsATableAlone) {
  EXPECT_EQ(status_text({row_of("home"), row_of("work")}, kNow),
            "ACCOUNT  STATE    LAST SYNC  MAILBOXES  MESSAGES  HELD  PARKED\n"
            "home     stopped  5 min ago          2        12     -       -\n"
            "work     stopped  5 min ago          2        12     -       -\n");
}

TEST_F(InspectText, StatusSaysWhatNeedsAttentionAndWhichCommandMendsIt) {
  StatusRow held = row_of("held");
  held.state.held = 80;
  StatusRow failed = row_of("failed");
  failed.state.error = "connect: refused\x1b[2J";
  StatusRow parked = row_of("parked");
  parked.state.quarantined = 7;
  for (std::uint32_t uid = 1; uid <= 7; ++uid)
    parked.state.parked.push_back(
        {"INBOX", uid, "", "download", "too big", 3, uid == 1 ? kNow : kNow + 60'000});
  StatusRow fresh = row_of("fresh");
  fresh.state.ever_synced = false;
  fresh.state.last_sync_ms = 0;
  const std::string text = status_text({held, failed, parked, fresh}, kNow);
  EXPECT_THAT(text, HasSubstr("held: 80 changes are held\n  sterna held list held\n"));
  EXPECT_THAT(text, HasSubstr("failed: the last sync had errors: connect: refused\\x1b[2J\n"
                              "  sterna check failed\n"));
  EXPECT_THAT(text, HasSubstr("parked: 7 messages could not be brought over"));
  EXPECT_THAT(text, HasSubstr("  INBOX, UID 1: download: too big; tried again by the next sync\n"
                              "  INBOX, UID 2: download: too big; tried again after "
                              "2026-01-01 09:01:12\n"));
  EXPECT_THAT(text, HasSubstr("  and 2 more\n"));
  EXPECT_THAT(text, HasSubstr("fresh: never synced\n  sterna sync fresh\n"));
}

TEST_F(InspectText, AnInterruptedSyncIsNoFailure) {
  StatusRow row = row_of("work");
  row.state.error = account::kInterrupted;
  const std::string text = status_text({row}, kNow);
  EXPECT_THAT(text, HasSubstr("work: the last sync was interrupted\n  sterna sync work\n"));
  EXPECT_THAT(text, Not(HasSubstr("failed")));
}

TEST_F(InspectText, AMissingMarkerIsHeld) {
  StatusRow row = row_of("work");
  row.state.marker_held = true;
  row.state.error = "the marker is missing";
  row.word = state_word(row.state, true);
  EXPECT_EQ(row.word, "held");
  const std::string text = status_text({row}, kNow);
  EXPECT_THAT(text, HasSubstr("sterna adopt work"));
  EXPECT_THAT(text, Not(HasSubstr("the last sync had errors")));
}

TEST_F(InspectText, ADisabledAccountNeedsNoAttention) {
  StatusRow row = row_of("old");
  row.state.held = 3;
  row.state.marker_held = true;
  row.word = state_word(row.state, false);
  EXPECT_EQ(row.word, "disabled");
  EXPECT_THAT(status_text({row}, kNow), Not(HasSubstr("sterna ")));
}

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
                  .octets_remote = 12'345};
  rows[0].rule = "*";
  rows[1].line = {.name = "Junk",
                  .path = "",
                  .role = "junk",
                  .on_server = true,
                  .messages_remote = std::nullopt,
                  .messages_local = std::nullopt,
                  .octets_remote = std::nullopt};
  rows[1].rule = "!Junk";
  rows[2].line = {.name = "Lists",
                  .path = "",
                  .role = "",
                  .on_server = true,
                  .selectable = false,
                  .included = true,
                  .messages_remote = std::nullopt,
                  .messages_local = std::nullopt,
                  .octets_remote = std::nullopt};
  rows[3].line = {.name = "Lists/開発",
                  .path = "/m/Lists/開発",
                  .role = "",
                  .local = true,
                  .included = true,
                  .messages_remote = std::nullopt,
                  .messages_local = 3,
                  .octets_remote = std::nullopt};
  EXPECT_EQ(mailboxes_text(rows),
            "MAILBOX     ROLE   SERVER  HERE     SIZE  SYNCED      BY\n"
            "INBOX       inbox       5     4  12.3 kB  yes         *\n"
            "Junk        junk      yes     -        -  no          !Junk\n"
            "Lists                   -     -        -  no mailbox\n"
            "Lists/開発              -     3        -  yes\n");
}

TEST_F(InspectText, VerifySaysThatAllIsTheSame) {
  VerifiedAccount account{"work", {}};
  account.result.messages_compared = 1234;
  EXPECT_EQ(verify_text(account), "work: the same on both sides; 1234 messages compared\n");
  account.result.octets_compared = 5'000'000;
  EXPECT_EQ(verify_text(account),
            "work: the same on both sides; 1234 messages compared to the octet, 5.0 MB\n");
}

TEST_F(InspectText, VerifyTellsDifferencesFromNotes) {
  VerifiedAccount account{"work", {}};
  account.result.lines = {{false, "INBOX", 17, "", "only on the server"},
                          {true, "Sent", 0, "/m/x", "held"}};
  account.result.messages_compared = 1;
  EXPECT_EQ(verify_text(account),
            "MAILBOX     UID  WHAT                FILE\n"
            "work/INBOX   17  only on the server\n"
            "work/Sent     -  note: held          /m/x\n"
            "work: 1 difference, 1 note; 1 message compared\n");
}

TEST_F(InspectText, VerifyThatFailedClaimsNothing) {
  VerifiedAccount account{"work", {}};
  account.result.errors.emplace_back(ErrorCode::connect, "refused");
  EXPECT_EQ(verify_text(account), "");
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

std::vector<HeldRow> held_rows() {
  std::vector<HeldRow> rows;
  for (std::uint32_t uid = 1; uid <= 80; ++uid)
    rows.push_back({"work",
                    {"delete_remote", "INBOX", uid, "/m/" + std::to_string(uid),
                     "80 of 100 are gone", kNow + 1000 * uid}});
  rows.push_back({"work", {"new_kind", "Sent", 0, "/m/x", "odd", kNow}});
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
  EXPECT_THAT(text, HasSubstr("work/INBOX   80  delete on the server"));
  EXPECT_THAT(text, HasSubstr("/m/80\n"));
  EXPECT_EQ(held_text({}, HeldDetail::summary), "");
}

}  // namespace
}  // namespace sterna::cli
