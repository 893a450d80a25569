// SPDX-License-Identifier: Apache-2.0
// What a client may send when: literals, barriers, pipelining.
#include <string>
#include <vector>

#include "client_fixture.h"

namespace sterna::imap::testing {
namespace {

class ClientOutputTest : public ClientFixture {};

TEST_F(ClientOutputTest, NothingIsSentBeforeTheGreeting) {
  submit(noop());
  EXPECT_EQ(sent(), "");
  greet();
  EXPECT_EQ(sent(), "s1 NOOP\r\n");
  EXPECT_FALSE(client.has_output());
}

TEST_F(ClientOutputTest, CommandsArePipelinedInOrder) {
  greet();
  submit(noop());
  submit(namespaces());
  EXPECT_EQ(sent(), "s1 NOOP\r\ns2 NAMESPACE\r\n");
  server("s1 OK");
  server("s2 OK");
  EXPECT_TRUE(client.outstanding().empty());
}

TEST_F(ClientOutputTest, DepthLimitsWhatIsInFlight) {
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

TEST_F(ClientOutputTest, ASynchronizingLiteralHoldsEverythingBack) {
  greet();
  submit(create(WireName{"caf\xe9"}));
  submit(noop());
  EXPECT_EQ(sent(), "s1 CREATE {4}\r\n");
  server("* 1 EXISTS");
  EXPECT_EQ(sent(), "");
  server("+ go on");
  EXPECT_EQ(sent(), "caf\xe9\r\ns2 NOOP\r\n");
}

TEST_F(ClientOutputTest, ARefusedLiteralIsNotSent) {
  greet();
  submit(create(WireName{"caf\xe9"}));
  submit(noop());
  sent();
  server("s1 NO no such names here");
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
  EXPECT_EQ(last_event(), "done 1 CREATE NO no such names here");
}

TEST_F(ClientOutputTest, LiteralPlusAndMinusDoNotWait) {
  greet("LITERAL+");
  submit(create(WireName{"caf\xe9"}));
  EXPECT_EQ(sent(), "s1 CREATE {4+}\r\ncaf\xe9\r\n");
  server("* CAPABILITY LITERAL-");
  submit(create(WireName{"caf\xe9"}));
  EXPECT_EQ(sent(), "s2 CREATE {4+}\r\ncaf\xe9\r\n");
  submit(create(WireName{std::string(4097, 'x')}));
  EXPECT_EQ(sent(), "s3 CREATE {4097}\r\n");
}

TEST_F(ClientOutputTest, AStreamedLiteralIsProvidedInPieces) {
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

TEST_F(ClientOutputTest, ModesOfStreamedLiterals) {
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

TEST_F(ClientOutputTest, EagerStillWaitsAboveTheLimitOfLiteralMinus) {
  greet("LITERAL-");
  submit(append(kInbox, {{.size = 4097, .mode = LiteralMode::eager}}));
  EXPECT_EQ(sent(), "s1 APPEND \"INBOX\" {4097}\r\n");
}

TEST_F(ClientOutputTest, SeveralMessagesInOneAppend) {
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

TEST_F(ClientOutputTest, ARefusalInTheMiddleOfAnUploadLeavesItsRestDue) {
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

TEST_F(ClientOutputTest, NothingIsStartedBehindABarrier) {
  greet();
  submit(authenticate("PLAIN", Secret("x")));
  submit(noop());
  EXPECT_EQ(sent(), "s1 AUTHENTICATE PLAIN eA==\r\n");
  server("s1 OK in");
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
}

TEST_F(ClientOutputTest, AuthenticateGoesBackAndForth) {
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

TEST_F(ClientOutputTest, IdleEndsWithDoneAndWhatFollowsGoesInTheSamePacket) {
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

TEST_F(ClientOutputTest, DoneWaitsUntilIdleIsAccepted) {
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

TEST_F(ClientOutputTest, RefusedIdleLetsTheNextCommandsGo) {
  greet();
  submit(idle());
  submit(noop());
  sent();
  client.end_idle();
  server("s1 BAD no IDLE here");
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
}

TEST_F(ClientOutputTest, StartTlsForgetsTheServerAndHoldsBackUntilTlsIsThere) {
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

TEST_F(ClientOutputTest, OctetsBehindTheAnswerToStartTlsEndTheConnection) {
  greet();
  submit(starttls());
  sent();
  EXPECT_NE(broken("s1 OK go\r\n* CAPABILITY LITERAL+"), "");
  EXPECT_FALSE(client.usable());
  EXPECT_TRUE(client.capabilities().empty());
}

TEST_F(ClientOutputTest, OctetsBeforeTlsIsInPlaceEndTheConnection) {
  greet();
  submit(starttls());
  sent();
  server("s1 OK go");
  EXPECT_NE(broken("* OK injected"), "");
}

TEST_F(ClientOutputTest, RefusedStartTlsIsAnOrdinaryAnswer) {
  greet();
  submit(starttls());
  submit(noop());
  sent();
  server("s1 NO not now");
  EXPECT_EQ(sent(), "s2 NOOP\r\n");
}

TEST_F(ClientOutputTest, WhatFollowsTheAnswerToCompressIsGivenBack) {
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

TEST_F(ClientOutputTest, LogoutIsTheLastCommand) {
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

}  // namespace
}  // namespace sterna::imap::testing
