// SPDX-License-Identifier: Apache-2.0
// How a connection ends, what it survives, and how bodies pass through it.
#include <string>
#include <vector>

#include "client_fixture.h"

namespace sterna::imap::testing {
namespace {

class ClientEndTest : public ClientFixture {};

TEST_F(ClientEndTest, ByeEndsTheSession) {
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

TEST_F(ClientEndTest, ByeInTheMiddleOfAnUploadEndsIt) {
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

TEST_F(ClientEndTest, AGreetingMayBeARefusal) {
  submit(noop());
  server("* BYE too many connections");
  EXPECT_EQ(last_event(), "greeting BYE too many connections");
  EXPECT_FALSE(client.usable());
  EXPECT_EQ(sent(), "");
}

TEST_F(ClientEndTest, WhatDoesNotGreetIsNoServer) {
  for (const char* line :
       {"220 smtp", "* NO", "* 1 EXISTS", "s1 OK", "+ hi", "HTTP/1.1 400 Bad Request"}) {
    Client other;
    Recorder recorder;
    EXPECT_FALSE(other.feed(std::string(line) + "\r\n", recorder)) << line;
    EXPECT_FALSE(other.usable());
    EXPECT_TRUE(recorder.events.empty());
  }
}

TEST_F(ClientEndTest, AnUnknownTagEndsTheConnection) {
  greet();
  submit(noop());
  EXPECT_NE(broken("s1 OK too early: it was never taken"), "");
  EXPECT_NE(broken("* OK"), "");  // and stays so
  EXPECT_EQ(sent(), "");
}

TEST_F(ClientEndTest, OneAnswerPerCommand) {
  greet();
  submit(noop());
  sent();
  server("s1 OK");
  EXPECT_NE(broken("s1 OK"), "");
}

TEST_F(ClientEndTest, OkToHalfACommandEndsTheConnection) {
  greet();
  submit(append(kInbox, {{.size = 5}}));
  sent();
  EXPECT_NE(broken("s1 OK"), "");
}

TEST_F(ClientEndTest, ABrokenUntaggedLineIsToldAndSurvived) {
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

TEST_F(ClientEndTest, WhatWasNeverTakenWasNeverSent) {
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

TEST_F(ClientEndTest, TheTraceHasNoSecrets) {
  greet();
  const CommandId id = submit(login("ann", Secret("hunter2")));
  EXPECT_EQ(client.describe(id), "s1 LOGIN <secret> <secret>");
  EXPECT_EQ(client.describe(CommandId{9}), "");
}

TEST_F(ClientEndTest, ABodyStreamsBeforeItsFetch) {
  greet();
  server("* 1 FETCH (BODY[] {5}");
  ASSERT_TRUE(client.feed("he", events));
  EXPECT_EQ(last_event(), "body #1 1 [] 5 octets @0/0");
  ASSERT_TRUE(client.feed("llo UID 9)\r\n", events));
  EXPECT_EQ(last_event(), "FETCH 1 uid=9 body[]=#1:5 @0/0");
}

TEST_F(ClientEndTest, TheBodyOfABrokenFetchIsNobodys) {
  greet();
  server("* 1 FETCH (UID 9 BODY[] {5}");
  server("hello FLAGS");
  EXPECT_EQ(events.events.at(2), "octets #1 hello");
  EXPECT_EQ(last_event().substr(0, 12), "bad response");
  server("* 2 FETCH (UID 10 BODY[] {1}");
  server("x)");
  EXPECT_EQ(last_event(), "FETCH 2 uid=10 body[]=#2:1 @0/0");
}

TEST_F(ClientEndTest, SeveralBodiesInOneFetchHaveTheirOwnNumbers) {
  greet();
  server("* 1 FETCH (BODY[HEADER] {2}");
  server("ab BODY[1] \"cd\" BODY[2] NIL BODY[3] {0}");
  server(" UID 4)");
  EXPECT_EQ(last_event(),
            "FETCH 1 uid=4 body[HEADER]=#1:2 body[1]=#3:2 body[2]=NIL body[3]=#2:0 @0/0");
}

// Each literal asks for what stands before it to be read once more: without a bound on that, 65 KB
// of them take seconds.
TEST_F(ClientEndTest, WhatStandsBeforeLiteralsIsNotReadWithoutBound) {
  greet();
  std::string many;
  for (int i = 0; i < 4000; ++i) many += "X {0}\r\n ";
  server("* 1 FETCH (" + many + "BODY[] {5}");
  EXPECT_EQ(events.events.size(), 1U) << "it was read again up to here: " << last_event();
  server("hello UID 9)");
  EXPECT_EQ(last_event(), "FETCH 1 uid=9 body[]=#1:5 @0/0");
  server("* 1 FETCH (BODY[] {5}");
  EXPECT_EQ(last_event(), "body #2 1 [] 5 octets @0/0") << "the next response starts afresh";
}

TEST_F(ClientEndTest, AHandlerMaySubmit) {
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

class SmallClientTest : public ClientFixture {
 protected:
  SmallClientTest()
      : ClientFixture({.line_octets_max = 1000,
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
}  // namespace sterna::imap::testing
