// SPDX-License-Identifier: Apache-2.0
// What a client knows of its server and its mailbox, and which changes it refuses for that.
#include <string>
#include <vector>

#include "client_fixture.h"

namespace sterna::imap::testing {
namespace {

class ClientStateTest : public ClientFixture {};

TEST_F(ClientStateTest, CapabilitiesComeFromWhereverTheServerPutsThem) {
  greet("IMAP4rev1 STARTTLS");
  EXPECT_TRUE(client.capabilities().has(Capability::starttls));
  submit(noop());
  sent();
  server("* CAPABILITY IMAP4rev1 IDLE");
  EXPECT_TRUE(client.capabilities().has(Capability::idle));
  EXPECT_FALSE(client.capabilities().has(Capability::starttls));
  server("s1 OK [CAPABILITY MOVE] x");
  EXPECT_TRUE(client.capabilities().has(Capability::move));
  EXPECT_FALSE(client.capabilities().has(Capability::idle));
}

TEST_F(ClientStateTest, ALoginThatSaysNothingMakesTheCapabilitiesUnknown) {
  greet("IMAP4rev1 LITERAL+");
  submit(login("a", Secret("b")));
  sent();
  server("s1 OK");
  EXPECT_TRUE(client.authenticated());
  EXPECT_TRUE(client.capabilities().empty());
}

TEST_F(ClientStateTest, ALoginMayCarryTheCapabilitiesInEitherWay) {
  greet("STARTTLS");
  submit(login("a", Secret("b")));
  sent();
  server("* CAPABILITY IDLE");
  server("s1 OK");
  EXPECT_TRUE(client.capabilities().has(Capability::idle));
  submit(login("a", Secret("b")));
  sent();
  server("s2 OK [CAPABILITY MOVE] x");
  EXPECT_TRUE(client.capabilities().has(Capability::move));
}

TEST_F(ClientStateTest, ARefusedLoginKeepsTheCapabilities) {
  greet("IDLE");
  submit(login("a", Secret("b")));
  sent();
  server("s1 NO [AUTHENTICATIONFAILED] no");
  EXPECT_FALSE(client.authenticated());
  EXPECT_TRUE(client.capabilities().has(Capability::idle));
}

TEST_F(ClientStateTest, PreauthIsToldAndCounts) {
  server("* PREAUTH [CAPABILITY IDLE] welcome");
  EXPECT_EQ(last_event(), "greeting PREAUTH [CAPABILITY IDLE] welcome");
  EXPECT_TRUE(client.authenticated());
}

TEST_F(ClientStateTest, EnabledExtensionsAddUp) {
  greet();
  server("* ENABLED");
  EXPECT_TRUE(client.enabled().empty());
  server("* ENABLED QRESYNC");
  server("* ENABLED UTF8=ACCEPT");
  EXPECT_TRUE(client.enabled().has(Capability::condstore));
  EXPECT_TRUE(client.enabled().has(Capability::utf8_accept));
}

TEST_F(ClientStateTest, WhatWasEnabledBeforeTlsIsForgotten) {
  greet("IMAP4rev1 STARTTLS");
  server("* ENABLED QRESYNC UTF8=ACCEPT");
  submit(starttls());
  sent();
  server("s1 OK begin");
  client.after_starttls();
  EXPECT_TRUE(client.enabled().empty());
  EXPECT_TRUE(client.capabilities().empty());
}

TEST_F(ClientStateTest, Utf8OnlyBringsEnable) {
  greet("IMAP4rev1 UTF8=ONLY");
  EXPECT_TRUE(client.capabilities().has(Capability::utf8_accept));
  EXPECT_TRUE(client.capabilities().has(Capability::enable));
}

TEST_F(ClientStateTest, ASelectionIsWhatItsSelectSaid) {
  greet();
  const CommandId id = submit(imap::select(kInbox, {.condstore = true}));
  sent();
  EXPECT_EQ(client.selection(), nullptr);
  server("* FLAGS (\\Seen work)");
  server("* OK [PERMANENTFLAGS (\\Seen \\*)] x");
  server("* 500 EXISTS");
  server("* 1000 EXISTS");  // some servers count as they go: the last one holds
  server("* OK [UIDVALIDITY 7] x");
  server("* OK [UIDNEXT 1042] x");
  server("* OK [HIGHESTMODSEQ 99] x");
  server("* OK [MAILBOXID (F1)] x");
  const Selection* selection = client.selection();
  ASSERT_NE(selection, nullptr);
  EXPECT_FALSE(selection->complete);
  server("s1 OK [READ-ONLY] done");
  EXPECT_EQ(selection->id, id);
  EXPECT_EQ(selection->mailbox, kInbox);
  EXPECT_TRUE(selection->complete);
  EXPECT_TRUE(selection->read_only);
  EXPECT_EQ(selection->exists, 1000U);
  EXPECT_EQ(selection->uid_validity, UidValidity{7});
  EXPECT_EQ(selection->uid_next, Uid{1042});
  EXPECT_EQ(selection->highest_modseq, ModSeq{99});
  EXPECT_EQ(selection->mailbox_id, "F1");
  EXPECT_TRUE(selection->permanent_flags->new_keywords);
  EXPECT_EQ(selection->flags.keywords(), std::vector<std::string>{"work"});
}

TEST_F(ClientStateTest, AnEmptyMailboxMayBeSelectedWithoutAWord) {
  greet();
  submit(imap::select(kInbox));
  sent();
  server("s1 OK");
  ASSERT_NE(client.selection(), nullptr);
  EXPECT_TRUE(client.selection()->complete);
  EXPECT_EQ(client.selection()->exists, 0U);
  EXPECT_EQ(client.selection()->uid_validity, std::nullopt);
}

TEST_F(ClientStateTest, ExamineIsReadOnly) {
  greet();
  submit(imap::select(kInbox, {.examine = true}));
  sent();
  server("s1 OK");
  EXPECT_TRUE(client.selection()->read_only);
}

TEST_F(ClientStateTest, TheCursorOfSelectStaysWhileTheModSequenceRises) {
  greet();
  submit(imap::select(kInbox));
  sent();
  server("* OK [HIGHESTMODSEQ 10] x");
  server("s1 OK");
  server("* OK [HIGHESTMODSEQ 12] x");
  server("* OK [UIDNEXT 50] x");
  EXPECT_EQ(client.selection()->highest_modseq, ModSeq{10});
  EXPECT_EQ(client.selection()->uid_next, std::nullopt);
  submit(uid_expunge(kUids));
  sent();
  server("s2 OK [HIGHESTMODSEQ 13] x");
  EXPECT_EQ(client.selection()->highest_modseq, ModSeq{10});
}

TEST_F(ClientStateTest, ExistsFollowsExpungeAndVanished) {
  greet();
  select("s1");
  server("* 10 EXISTS");
  server("* 3 EXPUNGE");
  server("* VANISHED 5:7");
  server("* VANISHED (EARLIER) 1:4294967295");
  EXPECT_EQ(client.selection()->exists, 6U);
  server("* VANISHED 1:4294967295");
  EXPECT_EQ(client.selection()->exists, 0U);
  server("* 1 EXPUNGE");
  EXPECT_EQ(client.selection()->exists, 0U);
}

TEST_F(ClientStateTest, AChangeOfUidValidityWhileSelectedIsFollowed) {
  greet();
  select("s1");
  server("* OK [UIDVALIDITY 8] replaced");
  EXPECT_EQ(client.selection()->uid_validity, UidValidity{8});
}

TEST_F(ClientStateTest, AFailedSelectLeavesNothingSelected) {
  greet();
  select("s1");
  submit(imap::select(WireName{"gone"}));
  sent();
  server("s2 NO [NONEXISTENT] no such mailbox");
  EXPECT_EQ(client.selection(), nullptr);
}

TEST_F(ClientStateTest, ClosedDrawsTheLineBetweenTwoMailboxes) {
  greet("QRESYNC");
  select("s1");
  submit(imap::select(WireName{"other"}));
  sent();
  server("* 9 EXPUNGE");
  server("* FLAGS (\\Seen late)");  // still the old one's, as CLOSED will tell
  server("* OK [CLOSED] x");
  EXPECT_EQ(client.selection()->id, CommandId{2});
  EXPECT_EQ(client.selection()->exists, 0U);
  EXPECT_TRUE(client.selection()->flags.keywords().empty());
  server("* 5 EXISTS");
  server("s2 OK");
  EXPECT_EQ(client.selection()->exists, 5U);
}

TEST_F(ClientStateTest, WithoutClosedAnEarlyExistsBelongsToTheNewMailbox) {
  greet();
  select("s1");
  submit(imap::select(WireName{"other"}));
  sent();
  server("* 9 EXISTS");
  EXPECT_EQ(client.selection()->id, CommandId{1});
  server("* FLAGS ()");
  EXPECT_EQ(client.selection()->id, CommandId{2});
  EXPECT_EQ(client.selection()->exists, 9U);
  server("s2 OK");
  EXPECT_EQ(client.selection()->exists, 9U);
}

TEST_F(ClientStateTest, AnswersToEarlierCommandsBelongToTheOldMailbox) {
  greet();
  select("s1");
  submit(uid_fetch({.uids = kUids, .items = {FetchItem::flags}}));
  submit(imap::select(WireName{"other"}));
  sent();
  server("* 1 FETCH (UID 5 FLAGS ())");
  EXPECT_EQ(last_event(), "FETCH 1 uid=5 flags=() @2/1");
  server("s2 OK");
  server("* FLAGS ()");
  EXPECT_EQ(last_event(), "FLAGS () @3/3");
}

TEST_F(ClientStateTest, UnselectAndClosedLeaveNothingSelected) {
  greet();
  select("s1");
  submit(unselect());
  sent();
  server("s2 OK");
  EXPECT_EQ(client.selection(), nullptr);
  select("s3");
  EXPECT_NE(client.selection(), nullptr);
  server("* OK [CLOSED] it was deleted");
  EXPECT_EQ(client.selection(), nullptr);
}

TEST_F(ClientStateTest, ChangesNeedAMailboxThatIsSurelySelected) {
  greet();
  const auto store = [] { return uid_store({.uids = kUids, .flags = {Flag::seen}}); };
  EXPECT_EQ(refused(store()), ErrorCode::internal);
  select("s1");
  submit(store());
  submit(uid_copy(kUids, WireName{"x"}));
  submit(imap::select(WireName{"other"}));
  EXPECT_EQ(refused(store()), ErrorCode::internal);
  EXPECT_EQ(refused(uid_move(kUids, kInbox)), ErrorCode::internal);
  EXPECT_EQ(refused(uid_copy(kUids, kInbox)), ErrorCode::internal);
  EXPECT_EQ(refused(uid_expunge(kUids)), ErrorCode::internal);
  EXPECT_EQ(refused(expunge()), ErrorCode::internal);
  submit(uid_fetch({.uids = kUids, .items = {FetchItem::uid}}));  // reading is harmless
  submit(append(kInbox, {{.size = 1}}));  // and so is what names its mailbox
}

TEST_F(ClientStateTest, AnUnansweredUnselectRefusesChangesToo) {
  greet();
  select("s1");
  submit(unselect());
  EXPECT_EQ(refused(expunge()), ErrorCode::internal);
}

TEST_F(ClientStateTest, ACommandThatCouldNotBeMadeIsNotSent) {
  greet();
  EXPECT_EQ(refused(create(WireName{"a\r\nb"})), ErrorCode::usage);
  EXPECT_EQ(sent(), "");
  EXPECT_TRUE(client.outstanding().empty());
}

}  // namespace
}  // namespace sterna::imap::testing
