// SPDX-License-Identifier: Apache-2.0
// The state machine: what may be sent when, what is known of the mailbox, and how a connection
// ends.
#include "sterna/imap/client.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "describe.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {
namespace {

using testing::Recorder;

const WireName kInbox{"INBOX"};
const UidSet kUids = UidSet::single(Uid{5});

class ClientTest : public ::testing::Test {
 protected:
  explicit ClientTest(Limits limits = {}) : client(limits) {}

  void greet(const std::string& capabilities = "") {
    server(capabilities.empty() ? "* OK hi" : "* OK [CAPABILITY " + capabilities + "] hi");
  }
  // A line from the server. Fails the test if the client breaks over it.
  void server(const std::string& line) {
    const auto consumed = client.feed(line + "\r\n", events);
    ASSERT_TRUE(consumed) << consumed.error().message();
  }
  std::string broken(const std::string& line) {
    const auto consumed = client.feed(line + "\r\n", events);
    return consumed ? "" : consumed.error().message();
  }
  CommandId submit(Result<Command> command) {
    auto id = client.submit(std::move(command));
    EXPECT_TRUE(id) << (id ? "" : id.error().message());
    return id ? *id : CommandId{};
  }
  ErrorCode refused(Result<Command> command) {
    auto id = client.submit(std::move(command));
    EXPECT_FALSE(id);
    return id ? ErrorCode::internal : id.error().code();
  }
  std::string sent() { return client.take_output(); }
  std::string last_event() { return events.events.empty() ? "" : events.events.back(); }
  void select(const std::string& tag) {
    submit(imap::select(kInbox));
    sent();
    server("* 3 EXISTS");
    server("* FLAGS (\\Seen)");
    server("* OK [UIDVALIDITY 7] x");
    server(tag + " OK [READ-WRITE] done");
  }

  Client client;
  Recorder events;
};

// ---- Output ---------------------------------------------------------------------------------

TEST_F(ClientTest, NothingIsSentBeforeTheGreeting) {
  submit(noop());
  EXPECT_EQ(sent(), "");
  greet();
  EXPECT_EQ(sent(), "s1 NOOP\r\n");
  EXPECT_FALSE(client.has_output());
}

TEST_F(ClientTest, CommandsArePipelinedInOrder) {
  greet();
  submit(noop());
  submit(namespaces());
  EXPECT_EQ(sent(), "s1 NOOP\r\ns2 NAMESPACE\r\n");
  server("s1 OK");
  server("s2 OK");
  EXPECT_TRUE(client.outstanding().empty());
}

TEST_F(ClientTest, DepthLimitsWhatIsInFlight) {
  greet();
  client.set_pipeline_depth(2);
  for (int i = 0; i < 4; ++i) submit(noop());
  EXPECT_EQ(sent(), "s1 NOOP\r\ns2 NOOP\r\n");
  server("s1 OK");
  EXPECT_EQ(sent(), "s3 NOOP\r\n");
  client.set_pipeline_depth(0);  // at least one
  server("s2 OK");
  server("s3 NO");
  EXPECT_EQ(sent(), "s4 NOOP\r\n");
}

TEST_F(ClientTest, ASynchronizingLiteralHoldsEverythingBack) {
  greet();
  submit(create(WireName{"caf\xe9"}));
  submit(noop());
  EXPECT_EQ(sent(), "s1 CREATE {4}\r\n");
  server("* 1 EXISTS");
  EXPECT_EQ(sent(), "");
  server("+ go on");
  EXPECT_EQ(sent(), "caf\xe9\r\ns2 NOOP\r\n");
}

TEST_F(ClientTest, ARefusedLiteralIsNotSent) {
  greet();
  submit(create(WireName{"caf\xe9"}));
  submit(noop());
  sent();
  server("s1 NO no such names here");
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
  EXPECT_EQ(last_event(), "done 1 CREATE NO no such names here");
}

TEST_F(ClientTest, LiteralPlusAndMinusDoNotWait) {
  greet("LITERAL+");
  submit(create(WireName{"caf\xe9"}));
  EXPECT_EQ(sent(), "s1 CREATE {4+}\r\ncaf\xe9\r\n");
  server("* CAPABILITY LITERAL-");
  submit(create(WireName{"caf\xe9"}));
  EXPECT_EQ(sent(), "s2 CREATE {4+}\r\ncaf\xe9\r\n");
  submit(create(WireName{std::string(4097, 'x')}));
  EXPECT_EQ(sent(), "s3 CREATE {4097}\r\n");
}

TEST_F(ClientTest, AStreamedLiteralIsProvidedInPieces) {
  greet();
  const CommandId id = submit(append(kInbox, {{.size = 5}}));
  submit(noop());
  EXPECT_EQ(sent(), "s1 APPEND \"INBOX\" {5}\r\n");
  EXPECT_FALSE(client.wants_literal());
  EXPECT_FALSE(client.provide_literal(id, "x"));
  server("+");
  ASSERT_TRUE(client.wants_literal());
  EXPECT_EQ(client.wants_literal()->id, id);
  EXPECT_EQ(client.wants_literal()->octets, 5U);
  EXPECT_TRUE(client.provide_literal(id, "ab"));
  EXPECT_EQ(sent(), "ab");
  EXPECT_FALSE(client.provide_literal(id, "cdef"));
  EXPECT_FALSE(client.provide_literal(CommandId{9}, "c"));
  EXPECT_TRUE(client.provide_literal(id, "cde"));
  EXPECT_EQ(sent(), "cde\r\ns2 NOOP\r\n");
  EXPECT_FALSE(client.wants_literal());
}

TEST_F(ClientTest, ModesOfStreamedLiterals) {
  greet("LITERAL+");
  submit(append(kInbox, {{.size = 4096}}));
  EXPECT_EQ(sent(), "s1 APPEND \"INBOX\" {4096+}\r\n");
  EXPECT_TRUE(client.provide_literal(CommandId{1}, std::string(4096, 'x')));
  submit(append(kInbox, {{.size = 4097}}));  // automatic: a big one waits
  EXPECT_TRUE(sent().ends_with("s2 APPEND \"INBOX\" {4097}\r\n"));
  server("s2 NO [TOOBIG] no");
  submit(append(kInbox, {{.size = 4097, .mode = LiteralMode::eager}}));
  EXPECT_EQ(sent(), "s3 APPEND \"INBOX\" {4097+}\r\n");
  EXPECT_TRUE(client.provide_literal(CommandId{3}, std::string(4097, 'x')));
  submit(append(kInbox, {{.size = 1, .mode = LiteralMode::synchronizing}}));
  EXPECT_TRUE(sent().ends_with("s4 APPEND \"INBOX\" {1}\r\n"));
}

TEST_F(ClientTest, EagerStillWaitsAboveTheLimitOfLiteralMinus) {
  greet("LITERAL-");
  submit(append(kInbox, {{.size = 4097, .mode = LiteralMode::eager}}));
  EXPECT_EQ(sent(), "s1 APPEND \"INBOX\" {4097}\r\n");
}

TEST_F(ClientTest, SeveralMessagesInOneAppend) {
  greet();
  const CommandId id = submit(append(kInbox, {{.size = 1}, {.size = 0}, {.size = 2}}));
  EXPECT_EQ(sent(), "s1 APPEND \"INBOX\" {1}\r\n");
  server("+");
  EXPECT_EQ(client.wants_literal()->index, 0U);
  EXPECT_TRUE(client.provide_literal(id, "a"));
  EXPECT_EQ(sent(), "a {0}\r\n");
  server("+");
  EXPECT_EQ(sent(), " {2}\r\n");
  server("+");
  EXPECT_EQ(client.wants_literal()->index, 2U);
  EXPECT_TRUE(client.provide_literal(id, "bc"));
  EXPECT_EQ(sent(), "bc\r\n");
}

TEST_F(ClientTest, ARefusalInTheMiddleOfAnUploadLeavesItsRestDue) {
  greet();
  const CommandId id = submit(append(kInbox, {{.size = 4}, {.size = 9}}));
  submit(noop());
  sent();
  server("+");
  EXPECT_TRUE(client.provide_literal(id, "ab"));
  sent();
  server("s1 NO [OVERQUOTA] full");
  EXPECT_EQ(last_event(), "done 1 APPEND NO [OVERQUOTA] full");
  EXPECT_EQ(client.wants_literal()->octets, 2U);
  EXPECT_TRUE(client.provide_literal(id, "cd"));
  EXPECT_EQ(sent(), "cd\r\ns2 NOOP\r\n");
}

// ---- Barriers -------------------------------------------------------------------------------

TEST_F(ClientTest, NothingIsStartedBehindABarrier) {
  greet();
  submit(authenticate("PLAIN", Secret("x")));
  submit(noop());
  EXPECT_EQ(sent(), "s1 AUTHENTICATE PLAIN eA==\r\n");
  server("s1 OK in");
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
}

TEST_F(ClientTest, AuthenticateGoesBackAndForth) {
  greet();
  const CommandId id = submit(authenticate("SCRAM-SHA-256"));
  sent();
  EXPECT_FALSE(client.respond_auth(id, "too early"));
  server("+ ");
  EXPECT_EQ(last_event(), "challenge 1 \"\"");
  EXPECT_TRUE(client.respond_auth(id, "n,,"));
  EXPECT_EQ(sent(), "biws\r\n");
  EXPECT_FALSE(client.respond_auth(id, "twice"));
  server("+ cj0x");
  EXPECT_EQ(last_event(), "challenge 1 \"r=1\"");
  EXPECT_TRUE(client.respond_auth(id, ""));
  EXPECT_EQ(sent(), "\r\n");
  server("+ not base64");
  EXPECT_EQ(last_event(), "challenge 1 \"\"");
  EXPECT_TRUE(client.cancel_auth(id));
  EXPECT_EQ(sent(), "*\r\n");
  server("s1 BAD aborted");
  EXPECT_FALSE(client.authenticated());
  EXPECT_FALSE(client.respond_auth(id, "x"));
}

TEST_F(ClientTest, IdleEndsWithDoneAndWhatFollowsGoesInTheSamePacket) {
  greet();
  submit(idle());
  submit(noop());
  EXPECT_EQ(sent(), "s1 IDLE\r\n");
  server("* 4 EXISTS");  // some servers report before they accept
  server("+ idling");
  EXPECT_EQ(last_event(), "idling 1");
  EXPECT_EQ(sent(), "");
  client.end_idle();
  submit(idle());
  EXPECT_EQ(sent(), "DONE\r\ns2 NOOP\r\ns3 IDLE\r\n");
  client.end_idle();  // ends the second one, as soon as it is accepted
  EXPECT_EQ(sent(), "");
  server("s1 OK");
  server("s2 OK");
  server("+");
  EXPECT_EQ(sent(), "DONE\r\n");
  server("s3 OK");
}

TEST_F(ClientTest, DoneWaitsUntilIdleIsAccepted) {
  greet();
  submit(idle());
  sent();
  client.end_idle();
  EXPECT_EQ(sent(), "");
  server("+ idling");
  EXPECT_EQ(sent(), "DONE\r\n");
  client.end_idle();
  EXPECT_EQ(sent(), "");
}

TEST_F(ClientTest, RefusedIdleLetsTheNextCommandsGo) {
  greet();
  submit(idle());
  submit(noop());
  sent();
  client.end_idle();
  server("s1 BAD no IDLE here");
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
}

TEST_F(ClientTest, StartTlsForgetsTheServerAndHoldsBackUntilTlsIsThere) {
  greet("STARTTLS LITERAL+ AUTH=PLAIN");
  submit(starttls());
  submit(login("ann", Secret("hunter2")));
  EXPECT_EQ(sent(), "s1 STARTTLS\r\n");
  server("s1 OK go");
  EXPECT_EQ(sent(), "");
  client.after_starttls();
  EXPECT_TRUE(client.capabilities().empty());
  EXPECT_EQ(sent(), "s2 LOGIN \"ann\" \"hunter2\"\r\n");
}

TEST_F(ClientTest, OctetsBehindTheAnswerToStartTlsEndTheConnection) {
  greet();
  submit(starttls());
  sent();
  EXPECT_NE(broken("s1 OK go\r\n* CAPABILITY LITERAL+"), "");
  EXPECT_FALSE(client.usable());
  EXPECT_TRUE(client.capabilities().empty());
}

TEST_F(ClientTest, OctetsBeforeTlsIsInPlaceEndTheConnection) {
  greet();
  submit(starttls());
  sent();
  server("s1 OK go");
  EXPECT_NE(broken("* OK injected"), "");
}

TEST_F(ClientTest, RefusedStartTlsIsAnOrdinaryAnswer) {
  greet();
  submit(starttls());
  submit(noop());
  sent();
  server("s1 NO not now");
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
}

TEST_F(ClientTest, WhatFollowsTheAnswerToCompressIsGivenBack) {
  greet();
  submit(compress_deflate());
  submit(noop());
  EXPECT_EQ(sent(), "s1 COMPRESS DEFLATE\r\n");
  const auto consumed = client.feed("s1 OK go\r\n\x01\x02\x03", events);
  ASSERT_TRUE(consumed);
  EXPECT_EQ(*consumed, 10U);
  EXPECT_EQ(sent(), "");
  EXPECT_EQ(client.feed("\x01", events).value(), 0U);
  client.after_compress();
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
  server("s2 OK inflated");
}

TEST_F(ClientTest, LogoutIsTheLastCommand) {
  greet();
  submit(logout());
  EXPECT_FALSE(client.usable());
  EXPECT_EQ(refused(noop()), ErrorCode::disconnected);
  EXPECT_EQ(sent(), "s1 LOGOUT\r\n");
  server("* BYE see you");
  EXPECT_EQ(last_event(), "BYE see you (expected)");
  server("s1 OK");
  EXPECT_EQ(last_event(), "done 1 LOGOUT OK");
}

// ---- State ----------------------------------------------------------------------------------

TEST_F(ClientTest, CapabilitiesComeFromWhereverTheServerPutsThem) {
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

TEST_F(ClientTest, ALoginThatSaysNothingMakesTheCapabilitiesUnknown) {
  greet("IMAP4rev1 LITERAL+");
  submit(login("a", Secret("b")));
  sent();
  server("s1 OK");
  EXPECT_TRUE(client.authenticated());
  EXPECT_TRUE(client.capabilities().empty());
}

TEST_F(ClientTest, ALoginMayCarryTheCapabilitiesInEitherWay) {
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

TEST_F(ClientTest, ARefusedLoginKeepsTheCapabilities) {
  greet("IDLE");
  submit(login("a", Secret("b")));
  sent();
  server("s1 NO [AUTHENTICATIONFAILED] no");
  EXPECT_FALSE(client.authenticated());
  EXPECT_TRUE(client.capabilities().has(Capability::idle));
}

TEST_F(ClientTest, PreauthIsToldAndCounts) {
  server("* PREAUTH [CAPABILITY IDLE] welcome");
  EXPECT_EQ(last_event(), "greeting PREAUTH [CAPABILITY IDLE] welcome");
  EXPECT_TRUE(client.authenticated());
}

TEST_F(ClientTest, EnabledExtensionsAddUp) {
  greet();
  server("* ENABLED");
  EXPECT_TRUE(client.enabled().empty());
  server("* ENABLED QRESYNC");
  server("* ENABLED UTF8=ACCEPT");
  EXPECT_TRUE(client.enabled().has(Capability::condstore));
  EXPECT_TRUE(client.enabled().has(Capability::utf8_accept));
}

TEST_F(ClientTest, ASelectionIsWhatItsSelectSaid) {
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
  EXPECT_TRUE(selection->flags.has_keyword("work"));
}

TEST_F(ClientTest, AnEmptyMailboxMayBeSelectedWithoutAWord) {
  greet();
  submit(imap::select(kInbox));
  sent();
  server("s1 OK");
  ASSERT_NE(client.selection(), nullptr);
  EXPECT_TRUE(client.selection()->complete);
  EXPECT_EQ(client.selection()->exists, 0U);
  EXPECT_EQ(client.selection()->uid_validity, std::nullopt);
}

TEST_F(ClientTest, ExamineIsReadOnly) {
  greet();
  submit(imap::select(kInbox, {.examine = true}));
  sent();
  server("s1 OK");
  EXPECT_TRUE(client.selection()->read_only);
}

TEST_F(ClientTest, TheCursorOfSelectStaysWhileTheModSequenceRises) {
  greet();
  submit(imap::select(kInbox));
  sent();
  server("* OK [HIGHESTMODSEQ 10] x");
  server("s1 OK");
  server("* OK [HIGHESTMODSEQ 12] x");
  server("* OK [UIDNEXT 50] x");
  EXPECT_EQ(client.selection()->highest_modseq, ModSeq{10});
  EXPECT_EQ(client.selection()->latest_modseq, ModSeq{12});
  EXPECT_EQ(client.selection()->uid_next, std::nullopt);
  submit(uid_expunge(kUids));
  sent();
  server("s2 OK [HIGHESTMODSEQ 13] x");
  EXPECT_EQ(client.selection()->latest_modseq, ModSeq{13});
}

TEST_F(ClientTest, ExistsFollowsExpungeAndVanished) {
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

TEST_F(ClientTest, AChangeOfUidValidityWhileSelectedIsFollowed) {
  greet();
  select("s1");
  server("* OK [UIDVALIDITY 8] replaced");
  EXPECT_EQ(client.selection()->uid_validity, UidValidity{8});
}

TEST_F(ClientTest, AFailedSelectLeavesNothingSelected) {
  greet();
  select("s1");
  submit(imap::select(WireName{"gone"}));
  sent();
  server("s2 NO [NONEXISTENT] no such mailbox");
  EXPECT_EQ(client.selection(), nullptr);
}

TEST_F(ClientTest, ClosedDrawsTheLineBetweenTwoMailboxes) {
  greet("QRESYNC");
  select("s1");
  submit(imap::select(WireName{"other"}));
  sent();
  server("* 9 EXPUNGE");
  server("* FLAGS (\\Seen late)");  // still the old one's, as CLOSED will tell
  server("* OK [CLOSED] x");
  EXPECT_EQ(client.selection()->id, CommandId{2});
  EXPECT_EQ(client.selection()->exists, 0U);
  EXPECT_FALSE(client.selection()->flags.has_keyword("late"));
  server("* 5 EXISTS");
  server("s2 OK");
  EXPECT_EQ(client.selection()->exists, 5U);
}

TEST_F(ClientTest, WithoutClosedAnEarlyExistsBelongsToTheNewMailbox) {
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

TEST_F(ClientTest, AnswersToEarlierCommandsBelongToTheOldMailbox) {
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

TEST_F(ClientTest, UnselectAndClosedLeaveNothingSelected) {
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

// ---- Changes --------------------------------------------------------------------------------

TEST_F(ClientTest, ChangesNeedAMailboxThatIsSurelySelected) {
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

TEST_F(ClientTest, AnUnansweredUnselectRefusesChangesToo) {
  greet();
  select("s1");
  submit(unselect());
  EXPECT_EQ(refused(expunge()), ErrorCode::internal);
}

TEST_F(ClientTest, ACommandThatCouldNotBeMadeIsNotSent) {
  greet();
  EXPECT_EQ(refused(create(WireName{"a\r\nb"})), ErrorCode::usage);
  EXPECT_EQ(sent(), "");
  EXPECT_TRUE(client.outstanding().empty());
}

// ---- The end --------------------------------------------------------------------------------

TEST_F(ClientTest, ByeEndsTheSession) {
  greet();
  submit(noop());
  submit(append(kInbox, {{.size = 5}}));
  sent();
  server("* BYE [UNAVAILABLE] going down");
  EXPECT_EQ(last_event(), "BYE [UNAVAILABLE] going down");
  EXPECT_FALSE(client.usable());
  EXPECT_EQ(refused(noop()), ErrorCode::disconnected);
  EXPECT_EQ(client.outstanding(), (std::vector<CommandId>{CommandId{1}, CommandId{2}}));
  const std::size_t count = events.events.size();
  server("* BYE [UNAVAILABLE] going down");
  EXPECT_EQ(events.events.size(), count);
  server("s1 OK after all");
  EXPECT_EQ(last_event(), "done 1 NOOP OK after all");
  EXPECT_EQ(sent(), "");
}

TEST_F(ClientTest, ByeInTheMiddleOfAnUploadEndsIt) {
  greet();
  const CommandId id = submit(append(kInbox, {{.size = 5}}));
  sent();
  server("+");
  server("* BYE");
  EXPECT_FALSE(client.wants_literal());
  const Status refused = client.provide_literal(id, "ab");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(ErrorCode::disconnected));
}

TEST_F(ClientTest, AGreetingMayBeARefusal) {
  submit(noop());
  server("* BYE too many connections");
  EXPECT_EQ(last_event(), "greeting BYE too many connections");
  EXPECT_FALSE(client.usable());
  EXPECT_EQ(sent(), "");
}

TEST_F(ClientTest, WhatDoesNotGreetIsNoServer) {
  for (const char* line :
       {"220 smtp", "* NO", "* 1 EXISTS", "s1 OK", "+ hi", "HTTP/1.1 400 Bad Request"}) {
    Client other;
    Recorder recorder;
    EXPECT_FALSE(other.feed(std::string(line) + "\r\n", recorder)) << line;
    EXPECT_FALSE(other.usable());
    EXPECT_TRUE(recorder.events.empty());
  }
}

TEST_F(ClientTest, AnUnknownTagEndsTheConnection) {
  greet();
  submit(noop());
  EXPECT_NE(broken("s1 OK too early: it was never taken"), "");
  EXPECT_NE(broken("* OK"), "");  // and stays so
  EXPECT_EQ(sent(), "");
}

TEST_F(ClientTest, OneAnswerPerCommand) {
  greet();
  submit(noop());
  sent();
  server("s1 OK");
  EXPECT_NE(broken("s1 OK"), "");
}

TEST_F(ClientTest, OkToHalfACommandEndsTheConnection) {
  greet();
  submit(append(kInbox, {{.size = 5}}));
  sent();
  EXPECT_NE(broken("s1 OK"), "");
}

TEST_F(ClientTest, ABrokenUntaggedLineIsToldAndSurvived) {
  greet();
  submit(noop());
  sent();
  server("* 1 FETCH (FLAGS");
  EXPECT_EQ(last_event().substr(0, 12), "bad response");
  server("+ unasked");
  EXPECT_EQ(last_event().substr(0, 12), "bad response");
  server("");
  server("s1 OK");
  EXPECT_EQ(last_event(), "done 1 NOOP OK");
}

TEST_F(ClientTest, WhatWasNeverTakenWasNeverSent) {
  greet();
  const CommandId first = submit(noop());
  EXPECT_FALSE(client.was_sent(first));
  sent();
  const CommandId second = submit(create(WireName{"caf\xe9"}));
  const CommandId third = submit(noop());
  EXPECT_TRUE(client.was_sent(first));
  EXPECT_FALSE(client.was_sent(second));
  sent();
  EXPECT_TRUE(client.was_sent(second));  // in part
  EXPECT_FALSE(client.was_sent(third));
}

TEST_F(ClientTest, TheTraceHasNoSecrets) {
  greet();
  const CommandId id = submit(login("ann", Secret("hunter2")));
  EXPECT_EQ(client.describe(id), "s1 LOGIN <secret> <secret>");
  EXPECT_EQ(client.describe(CommandId{9}), "");
}

// ---- Bodies ---------------------------------------------------------------------------------

TEST_F(ClientTest, ABodyStreamsBeforeItsFetch) {
  greet();
  server("* 1 FETCH (BODY[] {5}");
  ASSERT_TRUE(client.feed("he", events));
  EXPECT_EQ(last_event(), "body #1 1 [] 5 octets @0/0");
  ASSERT_TRUE(client.feed("llo UID 9)\r\n", events));
  EXPECT_EQ(last_event(), "FETCH 1 uid=9 body[]=#1:5 @0/0");
}

TEST_F(ClientTest, TheBodyOfABrokenFetchIsNobodys) {
  greet();
  server("* 1 FETCH (UID 9 BODY[] {5}");
  server("hello FLAGS");
  EXPECT_EQ(events.events.at(2), "octets #1 hello");
  EXPECT_EQ(last_event().substr(0, 12), "bad response");
  server("* 2 FETCH (UID 10 BODY[] {1}");
  server("x)");
  EXPECT_EQ(last_event(), "FETCH 2 uid=10 body[]=#2:1 @0/0");
}

TEST_F(ClientTest, SeveralBodiesInOneFetchHaveTheirOwnNumbers) {
  greet();
  server("* 1 FETCH (BODY[HEADER] {2}");
  server("ab BODY[1] \"cd\" BODY[2] NIL BODY[3] {0}");
  server(" UID 4)");
  EXPECT_EQ(last_event(),
            "FETCH 1 uid=4 body[HEADER]=#1:2 body[1]=#3:2 body[2]=NIL body[3]=#2:0 @0/0");
}

TEST_F(ClientTest, AHandlerMaySubmit) {
  class Eager : public Recorder {
   public:
    explicit Eager(Client& client) : client_(client) {}
    void on_greeting(const UntaggedStatus&) override { EXPECT_TRUE(client_.submit(idle())); }
    void on_idling(CommandId) override { client_.end_idle(); }
    void on_done(const Done& done) override {
      if (done.kind == CommandKind::idle) {
        EXPECT_TRUE(client_.submit(noop()));
      }
    }

   private:
    Client& client_;
  } handler(client);
  ASSERT_TRUE(client.feed("* OK hi\r\n", handler));
  EXPECT_EQ(sent(), "s1 IDLE\r\n");
  ASSERT_TRUE(client.feed("+ x\r\n", handler));
  EXPECT_EQ(sent(), "DONE\r\n");
  ASSERT_TRUE(client.feed("s1 OK\r\n", handler));
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
}

class SmallClientTest : public ClientTest {
 protected:
  SmallClientTest()
      : ClientTest({.line_octets_max = 1000,
                    .response_octets_max = 2000,
                    .gathered_literal_octets_max = 10,
                    .literal_octets_max = 1'000'000,
                    .literals_max = 4}) {}
};

TEST_F(SmallClientTest, BodiesOfAnySizePassThroughBoundedMemory) {
  greet();
  server("* 1 FETCH (UID 1 BODY[] {1000000}");
  const std::string piece(10'000, 'x');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client.feed(piece, events));
  server(")");
  EXPECT_EQ(last_event(), "FETCH 1 uid=1 body[]=#1:1000000 @0/0");
}

TEST_F(SmallClientTest, ANameTooLongToHoldIsABadResponse) {
  greet();
  server("* LIST () \"/\" {11}");
  server("01234567890");
  EXPECT_EQ(last_event().substr(0, 12), "bad response");
}

TEST_F(SmallClientTest, LiteralBombsEndTheConnection) {
  greet();
  EXPECT_NE(broken("* 1 FETCH (BODY[] {1000001}"), "");
}

TEST_F(SmallClientTest, TooManyLiteralsEndTheConnection) {
  greet();
  for (int i = 0; i < 4; ++i) server(i == 0 ? "* X {0}" : " {0}");
  EXPECT_NE(broken(" {0}"), "");
}

TEST_F(SmallClientTest, EndlessLinesEndTheConnection) {
  greet();
  EXPECT_NE(broken("* OK " + std::string(1000, 'x')), "");
}

}  // namespace
}  // namespace sterna::imap
