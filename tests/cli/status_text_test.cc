// SPDX-License-Identifier: Apache-2.0
#include "cli/status_text.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <ctime>

#include "cli/json.h"

namespace sterna::cli {
namespace {

using account::LifeState;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kNow = 1'767'258'012'000;  // 2026-01-01T09:00:12Z

class StatusText : public testing::Test {
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

StatusRow living(const std::string& name, LifeState state) {
  StatusRow row = row_of(name);
  account::Life life;
  life.state = state;
  take_life(row, life);
  return row;
}

TEST_F(StatusText, StatusOfWhatIsWellIsATableAlone) {
  EXPECT_EQ(status_text({row_of("home"), row_of("work")}, kNow),
            "ACCOUNT  STATE    LAST SYNC  MAILBOXES  MESSAGES  HELD  PARKED\n"
            "home     stopped  5 min ago          2        12     -       -\n"
            "work     stopped  5 min ago          2        12     -       -\n");
}

TEST_F(StatusText, StatusSaysWhatNeedsAttentionAndWhichCommandMendsIt) {
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

TEST_F(StatusText, MailboxesThatWaitAreNoMessages) {
  StatusRow row = row_of("work");
  for (const char* mailbox : {"a", "b"})
    row.state.parked.push_back({mailbox, 0, "", "create_mailbox", "no", 1, kNow, true});
  row.state.quarantined = 2;
  EXPECT_THAT(status_text({row}, kNow),
              HasSubstr("work: 2 mailboxes could not be brought over and are tried again\n"));
  row.state.parked.push_back({"INBOX", 7, "", "download", "too big", 1, kNow});
  row.state.quarantined = 3;
  EXPECT_THAT(status_text({row}, kNow),
              HasSubstr("work: 1 message and 2 mailboxes could not be brought over and are"));
}

TEST_F(StatusText, AnInterruptedSyncIsNoFailure) {
  StatusRow row = row_of("work");
  row.state.error = account::kInterrupted;
  const std::string text = status_text({row}, kNow);
  EXPECT_THAT(text, HasSubstr("work: the last sync was interrupted\n  sterna sync work\n"));
  EXPECT_THAT(text, Not(HasSubstr("failed")));
}

TEST_F(StatusText, AMissingMarkerIsHeld) {
  StatusRow row = row_of("work");
  row.state.marker_held = true;
  row.state.error = "the marker is missing";
  row.word = state_word(row.state, true);
  EXPECT_EQ(row.word, "held");
  const std::string text = status_text({row}, kNow);
  EXPECT_THAT(text, HasSubstr("sterna adopt work"));
  EXPECT_THAT(text, Not(HasSubstr("the last sync had errors")));
}

TEST_F(StatusText, AMaildirThatIsGoneIsNotToBeAdopted) {
  StatusRow row = row_of("work");
  row.state.marker_held = true;
  row.state.maildir_gone =
      Error(ErrorCode::marker, "the Maildir /m is not there").with_hint("mount it");
  row.word = state_word(row.state, true);
  EXPECT_EQ(row.word, "held");
  const std::string text = status_text({row}, kNow);
  EXPECT_THAT(text, HasSubstr("work: the Maildir /m is not there\n  mount it\n"));
  EXPECT_THAT(text, Not(HasSubstr("adopt")));
}

TEST_F(StatusText, ADisabledAccountNeedsNoAttention) {
  StatusRow row = row_of("old");
  row.state.held = 3;
  row.state.marker_held = true;
  row.word = state_word(row.state, false);
  EXPECT_EQ(row.word, "disabled");
  EXPECT_THAT(status_text({row}, kNow), Not(HasSubstr("sterna ")));
}

TEST_F(StatusText, ADaemonKnowsMoreThanTheDisk) {
  StatusRow row = row_of("work");
  row.state.pending = 3;
  row.state.error = account::kInterrupted;
  account::Life life;
  life.state = LifeState::watching;
  life.pending = 1;
  life.last_sync_ms = kNow - 1'000;
  take_life(row, life);
  EXPECT_EQ(row.word, "watching");
  EXPECT_EQ(row.state.pending, 1U);
  EXPECT_EQ(row.state.last_sync_ms, kNow - 1'000);
  EXPECT_EQ(row.state.error, "") << "it goes on by itself";
}

TEST_F(StatusText, WhatWaitsIsSaid) {
  StatusRow row = row_of("work");
  EXPECT_THAT(status_text({row}, kNow), Not(HasSubstr("wait")));
  row.state.pending = 1;
  EXPECT_THAT(status_text({row}, kNow), HasSubstr("work: 1 change waits\n"));
  row.state.pending = 3;
  EXPECT_THAT(status_text({row}, kNow), HasSubstr("work: 3 changes wait\n"));
}

TEST_F(StatusText, ALineIsSaidWhereMoreHasToWaitForTheServerAndNoneWhereItIsSentAtOnce) {
  std::vector<StatusRow> before = {living("work", LifeState::offline)};
  std::vector<StatusRow> now = before;
  now[0].state.pending = 2;
  EXPECT_EQ(changes_text(before, now, kNow), "2026-01-01 09:00:12 work: offline, 2 changes wait\n");
  before = now = {living("work", LifeState::watching)};
  now[0].state.pending = 2;
  EXPECT_EQ(changes_text(before, now, kNow), "");
}

TEST_F(StatusText, ADaemonTellsWhatIsPushed) {
  StatusRow row = row_of("work");
  EXPECT_THAT(status_text({row}, kNow), Not(HasSubstr("PUSHED")));
  account::Life life;
  life.state = LifeState::watching;
  life.pushed = {"INBOX", "Sent"};
  life.push_by = "IDLE";
  take_life(row, life);
  EXPECT_THAT(status_text({row_of("home"), row}, kNow), HasSubstr("2 by IDLE\n"));
}

TEST_F(StatusText, WhatOfTheMaildirIsNotToldIsSaidInTheWordsOfTheDaemon) {
  StatusRow row = row_of("work");
  account::Life life;
  life.state = LifeState::watching;
  life.watch_obstacle = "more changed at once than inotify could tell";
  take_life(row, life);
  EXPECT_THAT(status_text({row}, kNow),
              HasSubstr("work: more changed at once than inotify could tell\n"));
}

TEST_F(StatusText, ADiskThatDoesNotAnswerIsSaid) {
  StatusRow row = row_of("work");
  account::Life life;
  life.state = LifeState::syncing;
  life.disk_silent = true;
  take_life(row, life);
  EXPECT_THAT(status_text({row}, kNow),
              HasSubstr("work: its disk, or that of another account, has not answered"));
}

TEST_F(StatusText, ATroubleIsSaidWithWhatMendsIt) {
  StatusRow row = row_of("work");
  account::Life life;
  life.state = LifeState::needs_auth;
  life.error = Error(ErrorCode::login, "the server refused the password");
  take_life(row, life);
  const std::string text = status_text({row}, kNow);
  EXPECT_THAT(text, HasSubstr("work: the server refused the password\n  sterna check work\n"));
  life.error = Error(ErrorCode::login, "refused").with_hint("make an app password");
  life.next_try_ms = kNow + 60'000;
  take_life(row, life);
  EXPECT_THAT(status_text({row}, kNow),
              HasSubstr("make an app password; tried again at 2026-01-01 09:01:12, "
                        "or now by: sterna sync work\n"));
}

TEST_F(StatusText, WhoWaitsForAServerMayTryNow) {
  StatusRow row = row_of("work");
  account::Life life;
  life.state = LifeState::backoff;
  life.error = Error(ErrorCode::disconnected, "the server closes the connection: maintenance");
  life.next_try_ms = kNow + 60'000;
  take_life(row, life);
  EXPECT_THAT(status_text({row}, kNow), HasSubstr("to try now: sterna resume work; "
                                                  "tried again at 2026-01-01 09:01:12\n"));
}

TEST_F(StatusText, AnOfflineAccountMendsItself) {
  StatusRow row = row_of("work");
  account::Life life;
  life.state = LifeState::offline;
  life.error = Error(ErrorCode::connect, "no address could be reached");
  life.next_try_ms = kNow + 2'000;
  take_life(row, life);
  EXPECT_THAT(status_text({row}, kNow), HasSubstr("work: no address could be reached\n"
                                                  "  tried again at 2026-01-01 09:00:14\n"));
}

TEST_F(StatusText, APauseIsSaidWithOrWithoutADaemon) {
  StatusRow row = row_of("work");
  row.pause = account::Pause{kNow + 3'600'000};
  EXPECT_THAT(status_text({row}, kNow),
              HasSubstr("work: paused until 2026-01-01 10:00:12\n  sterna resume work\n"));
  row.pause = account::Pause{};
  EXPECT_THAT(status_text({row}, kNow), HasSubstr("work: paused until it is resumed\n"));
}

TEST_F(StatusText, AWaitIsSaidUnlessADaemonSaysIt) {
  StatusRow row = row_of("work");
  row.wait = account::ToldWait{kNow + 600'000, "busy"};
  EXPECT_THAT(status_text({row}, kNow),
              HasSubstr("work: left alone until 2026-01-01 09:10:12, as its server asked\n"
                        "  sterna resume work\n"));
  account::Life life;
  life.state = LifeState::backoff;
  life.error = Error(ErrorCode::server_no, "the server asked for time");
  take_life(row, life);
  EXPECT_THAT(status_text({row}, kNow), Not(HasSubstr("left alone")));
}

TEST_F(StatusText, AnAccountThatTheDaemonHasNotReadIsNamed) {
  StatusRow row = row_of("work");
  row.unknown = true;
  EXPECT_THAT(status_text({row}, kNow), HasSubstr("work: the daemon does not know it\n"
                                                  "  if it runs by this configuration, "));
}

TEST_F(StatusText, ALineAChange) {
  const std::vector<StatusRow> before = {living("home", LifeState::watching),
                                         living("work", LifeState::watching)};
  std::vector<StatusRow> now = before;
  EXPECT_EQ(changes_text(before, now, kNow), "");
  now[1] = living("work", LifeState::offline);
  now[1].state.error = "gone\nfar";
  now[1].state.held = 2;
  EXPECT_EQ(changes_text(before, now, kNow).substr(0, 36), "2026-01-01 09:00:12 work: offline, 2");
  EXPECT_EQ(changes_text({}, before, kNow),
            "2026-01-01 09:00:12 home: watching\n2026-01-01 09:00:12 work: watching\n");
}

TEST_F(StatusText, ABarShowsWhatAsksForAttentionMost) {
  std::vector<StatusRow> rows = {living("home", LifeState::watching),
                                 living("work", LifeState::polling)};
  EXPECT_EQ(worst_word(rows), "ok");
  EXPECT_EQ(bar_text(rows), "ok");
  rows[0].state.held = 3;
  EXPECT_EQ(bar_text(rows), "3 held");
  rows.push_back(living("third", LifeState::offline));
  rows.push_back(living("fourth", LifeState::needs_secret));
  EXPECT_EQ(worst_word(rows), "needs-secret");
  EXPECT_THAT(bar_tooltip(rows, kNow),
              HasSubstr("home: watching, synced 5 min ago, 3 held\nwork: polling"));
}

TEST_F(StatusText, WaybarGetsOneLineOfJsonWithMarkupEscaped) {
  EXPECT_EQ(waybar_json("a & b", "<x>\n\xff", "offline"),
            "{\"text\":\"a &amp; b\",\"alt\":\"offline\","
            "\"tooltip\":\"&lt;x&gt;\\n\\udcff\",\"class\":\"offline\"}\n");
}

TEST_F(StatusText, JsonNamesWhatIsPushed) {
  StatusRow row = row_of("work");
  EXPECT_THAT(status_json({row}), Not(HasSubstr("\"pushed\":true")));
  account::Life life;
  life.state = LifeState::watching;
  life.pushed = {"INBOX"};
  life.push_by = "IDLE";
  take_life(row, life);
  const std::string text = status_json({row});
  EXPECT_THAT(text, HasSubstr("\"state\":\"watching\""));
  EXPECT_THAT(text, HasSubstr("\"messages\":5,\"pushed\":true"));
  EXPECT_THAT(text, HasSubstr("\"messages\":7,\"pushed\":false"));
  EXPECT_THAT(text, HasSubstr("\"push_by\":\"IDLE\""));
}

}  // namespace
}  // namespace sterna::cli
