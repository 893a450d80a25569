// SPDX-License-Identifier: Apache-2.0
#include "src/account/connection.h"

#include <deque>

#include "sterna/imap/told_to_wait.h"
#include "tests/account/account_world.h"
#include "tests/account/quiet_transport.h"

namespace sterna::account::test {
namespace {

// A server that says its lines in the order of the reads, whatever it is asked.
class Recital final : public QuietTransport {
 public:
  explicit Recital(std::deque<std::string> pieces, std::shared_ptr<int> reads_past_end = {})
      : pieces_(std::move(pieces)),
        reads_past_end_(reads_past_end ? std::move(reads_past_end) : std::make_shared<int>(0)) {}

  coro::Task<Result<std::size_t>> read_some(std::string& into, std::size_t) override {
    if (pieces_.empty()) {
      ++*reads_past_end_;
      // Who does not take the end for an end would read for ever.
      if (*reads_past_end_ > 3) co_return fail(ErrorCode::timeout, "read past the end again");
      co_return 0;
    }
    const std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    into += piece;
    co_return piece.size();
  }
  coro::Task<Status> write(std::string) override {
    if (hung_up_) co_return fail(ErrorCode::disconnected, "write: broken pipe");
    co_return Status{};
  }
  void hang_up() { hung_up_ = true; }

 private:
  bool hung_up_ = false;
  std::deque<std::string> pieces_;
  std::shared_ptr<int> reads_past_end_;
};

class SelectSink final : public Sink {
 public:
  explicit SelectSink(imap::Client& client) : client_(client) {}
  void on_response(const imap::Response& response) override {
    if (const auto* fetch = std::get_if<imap::Fetch>(&response)) told.push_back(fetch->uid->value);
  }
  void on_done(const imap::Done&) override { exists = client_.selection()->exists; }

  std::vector<std::uint32_t> told;
  std::uint32_t exists = 0;

 private:
  imap::Client& client_;
};

constexpr const char* kFirst =
    "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] .\r\n* 1 FETCH (UID 11 FLAGS ())\r\n"
    "s1 OK [READ-WRITE] selected\r\n";
// Another client changes a flag of the first mailbox before the server reads the second SELECT.
constexpr const char* kLate = "* 2 FETCH (UID 12 FLAGS (\\Seen))\r\n";
constexpr const char* kSecond =
    "* OK [CLOSED] .\r\n* 7 EXISTS\r\n* OK [UIDVALIDITY 2] .\r\n* 1 FETCH (UID 21 FLAGS ())\r\n"
    "s2 OK [READ-WRITE] selected\r\n";

class ConnectionTest : public AccountWorld {
 protected:
  coro::Task<void> select_two(std::deque<std::string> pieces) {
    pieces.push_front("* PREAUTH ready\r\n");
    Connection connection(services(), std::make_unique<Recital>(std::move(pieces)), Log());
    EXPECT_TRUE(co_await connection.greeting());
    SelectSink first(connection.client());
    SelectSink second(connection.client());
    const auto a = connection.submit(imap::select(WireName{"A"}, {}), &first);
    const auto b = connection.submit(imap::select(WireName{"B"}, {}), &second);
    EXPECT_TRUE(co_await connection.wait_ok(*a));
    EXPECT_TRUE(co_await connection.wait_ok(*b));
    EXPECT_EQ(first.told, (std::vector<std::uint32_t>{11}));
    EXPECT_EQ(second.told, (std::vector<std::uint32_t>{21}));
    EXPECT_EQ(first.exists, 3U);
    EXPECT_EQ(second.exists, 7U);
  }
};

TEST_F(ConnectionTest, GivesEachOfTwoSelectsWhatIsItsMailboxs) {
  loop_.run(select_two({kFirst, kLate, kSecond}));
}

TEST_F(ConnectionTest, AlsoWhereAllOfItComesInOneRead) {
  loop_.run(select_two({std::string(kFirst) + kLate + kSecond}));
}

coro::Task<void> outlive_a_sink(Services services) {
  std::deque<std::string> pieces{"* PREAUTH ready\r\n", kFirst, std::string(kLate) + kSecond};
  Connection connection(services, std::make_unique<Recital>(std::move(pieces)), Log());
  EXPECT_TRUE(co_await connection.greeting());
  auto first = std::make_unique<SelectSink>(connection.client());
  const auto a = connection.submit(imap::select(WireName{"A"}, {}), first.get());
  auto second = std::make_unique<SelectSink>(connection.client());
  const auto b = connection.submit(imap::select(WireName{"B"}, {}), second.get());
  EXPECT_TRUE(co_await connection.wait_ok(*a));
  EXPECT_TRUE(connection.selecting());
  second.reset();
  EXPECT_TRUE(co_await connection.wait_ok(*b));
  EXPECT_FALSE(connection.selecting());
  EXPECT_EQ(first->told, (std::vector<std::uint32_t>{11}));
}

TEST_F(ConnectionTest, TellsASinkThatDiedNothing) {
  loop_.run(outlive_a_sink(services()));
}

class NamesSink final : public Sink {
 public:
  void on_response(const imap::Response& response) override {
    if (const auto* one = std::get_if<imap::List>(&response)) names.push_back(one->name.octets);
    if (const auto* one = std::get_if<imap::MailboxStatus>(&response)) {
      names.push_back(one->name.octets + "=" + std::to_string(one->messages.value_or(0)));
    }
  }
  std::vector<std::string> names;
};

// As Dovecot answers while it still synchronizes the selected mailbox for the NOOP.
coro::Task<void> list_behind_a_noop(Services services) {
  std::deque<std::string> pieces{
      "* PREAUTH ready\r\n",
      "* LIST () \"/\" A\r\n* STATUS A (MESSAGES 3)\r\ns2 OK listed\r\ns1 OK done\r\n"};
  Connection connection(services, std::make_unique<Recital>(std::move(pieces)), Log());
  EXPECT_TRUE(co_await connection.greeting());
  NamesSink sink;
  const auto noop = connection.submit(imap::noop());
  const auto list = connection.submit(imap::list({}), &sink);
  EXPECT_TRUE(co_await connection.wait_ok(*noop));
  EXPECT_TRUE(co_await connection.wait_ok(*list));
  EXPECT_EQ(sink.names, (std::vector<std::string>{"A", "A=3"}));
}

TEST_F(ConnectionTest, GivesAListToWhoAskedForItWhateverIsAnsweredFirst) {
  loop_.run(list_behind_a_noop(services()));
}

coro::Task<void> listen_twice(Services services) {
  std::deque<std::string> pieces{"* PREAUTH ready\r\n", "+ idling\r\n", "* 4 EXISTS\r\n",
                                 "s1 OK done\r\ns2 OK done\r\n"};
  Connection connection(services, std::make_unique<Recital>(std::move(pieces)), Log());
  EXPECT_TRUE(co_await connection.greeting());
  std::vector<std::uint32_t> heard;
  connection.overhear([&](const imap::Response& response, imap::CommandKind asked) {
    const auto* exists = std::get_if<imap::Exists>(&response);
    if (exists && asked == imap::CommandKind::idle) heard.push_back(exists->count);
  });
  EXPECT_TRUE(connection.begin_idle(nullptr));
  coro::Event wake;
  while (heard.empty()) {
    wake.reset();
    EXPECT_TRUE(co_await connection.listen(wake));
    EXPECT_TRUE(wake.is_set());
  }
  EXPECT_EQ(heard, (std::vector<std::uint32_t>{4}));
  // Whoever wakes it takes nothing from the line.
  EXPECT_TRUE(co_await connection.listen(wake));
  connection.end_idle();
  EXPECT_TRUE(co_await connection.run_ok(imap::noop())) << "the end of the IDLE is nobody's answer";
}

TEST_F(ConnectionTest, HearsWhatIsSaidInIdle) {
  loop_.run(listen_twice(services()));
}

// Takes a part of a body, and has no room for the rest.
class FullSink final : public Sink {
 public:
  void on_body_begin(const imap::BodyBegin&) override {}
  bool on_body_chunk(imap::BodyId, std::string_view octets) override {
    told += octets;
    return true;
  }
  void on_body_end(imap::BodyId) override { told += "."; }
  bool full() const override { return !told.empty(); }
  coro::Task<Status> relieve() override { co_return fail(ErrorCode::io, "no room"); }

  std::string told;
};

coro::Task<void> outlast_a_full_sink(Services services) {
  std::deque<std::string> pieces{"* PREAUTH ready\r\n", kFirst,
                                 "* 1 FETCH (UID 11 BODY[] {10}\r\n12345",
                                 "67890)\r\ns2 OK fetched\r\ns3 OK done\r\n"};
  Connection connection(services, std::make_unique<Recital>(std::move(pieces)), Log());
  EXPECT_TRUE(co_await connection.greeting());
  EXPECT_TRUE(co_await connection.run_ok(imap::select(WireName{"A"}, {})));
  FullSink sink;
  imap::FetchRequest request;
  request.uids = UidSet::single(Uid(11));
  request.items = {imap::FetchItem::uid, imap::FetchItem::body};
  EXPECT_FALSE(co_await connection.run_ok(imap::uid_fetch(request), &sink));
  EXPECT_EQ(sink.told, "12345");
  EXPECT_TRUE(connection.usable());
  EXPECT_TRUE(co_await connection.run_ok(imap::noop()));
  EXPECT_EQ(sink.told, "12345") << "it may be gone by now";
}

TEST_F(ConnectionTest, TellsNothingMoreToASinkThatHadNoRoom) {
  loop_.run(outlast_a_full_sink(services()));
}

// One NOOP, to which the server says `pieces`; what became of it, and the reads past their end.
struct Ending {
  Result<imap::Done> done = fail(ErrorCode::internal, "not asked");
  int reads_past_end = 0;
};

coro::Task<void> ask_once(Services services, std::deque<std::string> pieces, Ending& ending) {
  pieces.push_front("* PREAUTH ready\r\n");
  auto reads = std::make_shared<int>(0);
  Connection connection(services, std::make_unique<Recital>(std::move(pieces), reads), Log());
  EXPECT_TRUE(co_await connection.greeting());
  ending.done = co_await connection.run(imap::noop());
  ending.reads_past_end = *reads;
}

TEST_F(ConnectionTest, FailsWithWhatAByeSaidAndReadsNoFurther) {
  Ending ending;
  loop_.run(ask_once(services(), {"* BYE going down\r\n"}, ending));
  ASSERT_FALSE(ending.done);
  EXPECT_NE(ending.done.error().describe().find("going down"), std::string::npos);
  EXPECT_EQ(ending.reads_past_end, 0);
}

// One NOOP that is answered before the server hangs up, and one that can no more be said.
struct LastWords {
  Result<imap::Done> said = fail(ErrorCode::internal, "not asked");
  Result<imap::Done> unsaid = fail(ErrorCode::internal, "not asked");
};

coro::Task<void> ask_before_and_after_the_end(Services services, LastWords& words) {
  std::deque<std::string> pieces{"* PREAUTH ready\r\n", "* OK still here\r\n", "s1 OK done\r\n",
                                 "* BYE tired\r\n"};
  auto transport = std::make_unique<Recital>(std::move(pieces));
  Recital& server = *transport;
  Connection connection(services, std::move(transport), Log());
  EXPECT_TRUE(co_await connection.greeting());
  const auto said = connection.submit(imap::noop());
  EXPECT_TRUE(co_await connection.flush());
  server.hang_up();
  const auto unsaid = connection.submit(imap::noop());
  words.unsaid = co_await connection.wait(*unsaid);
  words.said = co_await connection.wait(*said);
}

TEST_F(ConnectionTest, HearsWhatWasAnsweredBeforeAWriteFails) {
  LastWords words;
  loop_.run(ask_before_and_after_the_end(services(), words));
  EXPECT_TRUE(words.said);
  ASSERT_FALSE(words.unsaid);
  EXPECT_NE(words.unsaid.error().describe().find("tired"), std::string::npos);
}

TEST_F(ConnectionTest, TakesAnAnswerThatComesWithTheBye) {
  Ending ending;
  loop_.run(ask_once(services(), {"* BYE going down\r\ns1 OK done\r\n"}, ending));
  ASSERT_TRUE(ending.done);
  EXPECT_TRUE(ending.done->ok());
}

TEST_F(ConnectionTest, FailsAtTheEndOfTheStream) {
  Ending ending;
  loop_.run(ask_once(services(), {}, ending));
  ASSERT_FALSE(ending.done);
  EXPECT_EQ(ending.reads_past_end, 1);
}

TEST_F(ConnectionTest, EndsAFloodOfWhatNobodyAskedFor) {
  // The pieces share their text: a flood of one gibibyte would not fit here.
  class Flood final : public QuietTransport {
   public:
    coro::Task<Result<std::size_t>> read_some(std::string& into, std::size_t) override {
      into += greeted_ ? chatter_ : "* PREAUTH ready\r\n";
      greeted_ = true;
      co_return into.size();
    }

   private:
    bool greeted_ = false;
    std::string chatter_ = "* OK " + std::string(1 << 20, 'x') + "\r\n";
  };
  const auto ask = [](Services services, Status& outcome) -> coro::Task<void> {
    Connection connection(services, std::make_unique<Flood>(), Log());
    EXPECT_TRUE(co_await connection.greeting());
    outcome = co_await connection.run_ok(imap::select(WireName{"INBOX"}, {}));
  };
  Status outcome;
  loop_.run(ask(services(), outcome));
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(outcome.error().is(ErrorCode::protocol)) << outcome.error().describe();
}

coro::Task<void> be_refused_compression(Services services) {
  std::deque<std::string> pieces{"* PREAUTH ready\r\n", "s1 NO [COMPRESSIONACTIVE] TLS does it\r\n",
                                 "s2 OK done\r\n"};
  Connection connection(services, std::make_unique<Recital>(std::move(pieces)), Log());
  EXPECT_TRUE(co_await connection.greeting());
  const Status started = co_await connection.start_compress();
  EXPECT_TRUE(started) << started.error().describe();
  EXPECT_TRUE(co_await connection.run_ok(imap::noop()));
}

TEST_F(ConnectionTest, GoesOnUncompressedWhereCompressIsRefused) {
  loop_.run(be_refused_compression(services()));
}

// What becomes of a NOOP behind a command that is answered so.
coro::Task<void> go_on_behind(Services services, Result<imap::Command> command, std::string answer,
                              Status& outcome) {
  std::deque<std::string> pieces{"* PREAUTH ready\r\n", "s1 " + answer + "\r\n", "s2 OK done\r\n"};
  Connection connection(services, std::make_unique<Recital>(std::move(pieces)), Log());
  EXPECT_TRUE(co_await connection.greeting());
  const Result<imap::Done> done = co_await connection.run(std::move(command));
  EXPECT_TRUE(done && !done->ok());
  outcome = co_await connection.run_ok(imap::noop());
  EXPECT_TRUE(connection.submit(imap::logout())) << "that may be said in any case";
}

struct OptionalCommand {
  const char* name;
  Result<imap::Command> command;
};

std::vector<OptionalCommand> optional_commands() {
  return {{"COMPRESS", imap::compress_deflate()},
          {"ENABLE", imap::enable({imap::Capability::condstore})},
          {"ID", imap::id({{"name", "Sterna"}})},
          {"NAMESPACE", imap::namespaces()},
          {"NOTIFY", imap::notify_personal()}};
}

TEST_F(ConnectionTest, SaysNothingMoreWhereAnOptionalCommandMeetsALimit) {
  for (const std::string answer :
       {"NO [THROTTLED] not now",
        "NO Request is throttled. Suggested Backoff Time: 9000 milliseconds",
        "BAD Request is throttled", "NO [LIMIT] Too many requests"}) {
    for (OptionalCommand& one : optional_commands()) {
      Status outcome;
      loop_.run(go_on_behind(services(), std::move(one.command), answer, outcome));
      ASSERT_FALSE(outcome) << one.name << " " << answer;
      EXPECT_TRUE(imap::told_to_wait(outcome.error())) << one.name << " " << answer;
      EXPECT_NE(outcome.error().message().find(one.name), std::string::npos) << answer;
    }
  }
}

TEST_F(ConnectionTest, GoesOnWhereAnOptionalCommandIsRefusedForAnyOtherReason) {
  for (const std::string answer :
       {"NO not here", "BAD what is that", "NO [UNAVAILABLE] try later", "NO [LIMIT] no more of it",
        "NO [INUSE] busy", "NO Server Unavailable. 15"}) {
    for (OptionalCommand& one : optional_commands()) {
      Status outcome;
      loop_.run(go_on_behind(services(), std::move(one.command), answer, outcome));
      EXPECT_TRUE(outcome) << one.name << " " << answer;
    }
  }
}

TEST_F(ConnectionTest, SaysNothingMoreWhereAnyOtherCommandIsToldToComeLater) {
  for (const std::string answer : {"NO [UNAVAILABLE] try later", "NO [LIMIT] no more of it"}) {
    Status outcome;
    loop_.run(go_on_behind(services(), imap::list({}), answer, outcome));
    ASSERT_FALSE(outcome) << answer;
    EXPECT_TRUE(imap::told_to_wait(outcome.error())) << answer;
  }
}

}  // namespace
}  // namespace sterna::account::test
