// SPDX-License-Identifier: Apache-2.0
// How long a Connection waits for a server that is silent, or that never comes to the point.
#include <chrono>
#include <deque>
#include <utility>

#include "src/account/connection.h"
#include "src/account/login.h"
#include "tests/account/account_world.h"
#include "tests/account/quiet_transport.h"
#include "tests/support/virtual_clock.h"

namespace sterna::account::test {
namespace {

using std::chrono::seconds;

struct Line {
  seconds after;
  std::string text;
};

// Says each line so long after the one before, and the last one over and over.
class Drip final : public QuietTransport {
 public:
  Drip(io::Clock& clock, std::deque<Line> lines) : clock_(clock), lines_(std::move(lines)) {}

  coro::Task<Result<std::size_t>> read_some(std::string& into, std::size_t) override {
    const Line line = lines_.front();
    STERNA_CO_CHECK(co_await clock_.sleep(line.after));
    if (lines_.size() > 1) lines_.pop_front();
    into += line.text;
    co_return line.text.size();
  }

 private:
  io::Clock& clock_;
  std::deque<Line> lines_;
};

constexpr seconds kDay{86'400};
constexpr const char* kStillHere = "* OK still here\r\n";

class DeadlinesTest : public AccountWorld {
 protected:
  // Waits for the greeting and then for the answers to the commands, each after the one before;
  // the first error, and how long it took.
  Status outcome(std::deque<Line> lines, std::vector<Result<imap::Command>> commands) {
    Services services{clock_, loop_.worker(), loop_.dialer(), loop_.random(), loop_.file_system()};
    return clock_.run(converse(services, std::move(lines), std::move(commands)));
  }
  seconds took() const { return std::chrono::round<seconds>(clock_.monotonic()); }

  static std::vector<Result<imap::Command>> one(Result<imap::Command> command) {
    std::vector<Result<imap::Command>> commands;
    commands.push_back(std::move(command));
    return commands;
  }
  sterna::test::VirtualClock clock_;

  static Result<imap::Command> login() { return imap::login("ann", Secret("x")); }

 private:
  static coro::Task<Status> converse(Services services, std::deque<Line> lines,
                                     std::vector<Result<imap::Command>> commands) {
    auto drip = std::make_unique<Drip>(services.clock, std::move(lines));
    Connection connection(services, std::move(drip), Log());
    STERNA_CO_CHECK(co_await connection.greeting());
    for (Result<imap::Command>& command : commands) {
      STERNA_CO_CHECK(co_await connection.run_ok(std::move(command)));
    }
    co_return Status{};
  }
};

// Reaches every server, and none of them says a word.
class SilentDialer final : public io::Dialer {
 public:
  explicit SilentDialer(io::Clock& clock) : clock_(clock) {}
  coro::Task<Result<std::unique_ptr<io::Transport>>> dial(io::Endpoint) override {
    std::unique_ptr<io::Transport> line =
        std::make_unique<Drip>(clock_, std::deque<Line>{{kDay, "* OK ready\r\n"}});
    co_return line;
  }

 private:
  io::Clock& clock_;
};

TEST_F(DeadlinesTest, WithoutTlsASilentServerIsSaidToExpectItPerhaps) {
  SilentDialer dialer(clock_);
  const Services services{clock_, loop_.worker(), dialer, loop_.random(), loop_.file_system()};
  for (const io::TlsMode mode : {io::TlsMode::none, io::TlsMode::starttls, io::TlsMode::implicit}) {
    settings_.endpoint.tls_mode = mode;
    const auto line = clock_.run(open_line(services, settings_, Log()));
    ASSERT_FALSE(line);
    EXPECT_TRUE(line.error().is(ErrorCode::timeout)) << line.error().describe();
    const bool named = line.error().hint().find("tls.mode = \"implicit\"") != std::string::npos;
    EXPECT_EQ(named, mode != io::TlsMode::implicit) << line.error().hint();
  }
}

TEST_F(DeadlinesTest, AGreetingThatDoesNotCome) {
  const Status waited = outcome({{kDay, "* OK ready\r\n"}}, {});
  ASSERT_FALSE(waited);
  EXPECT_TRUE(waited.error().is(ErrorCode::timeout)) << waited.error().describe();
  EXPECT_EQ(took(), kGreetingLimit);
}

TEST_F(DeadlinesTest, AGreetingThatComesOctetByOctet) {
  const Status waited = outcome({{seconds{1}, "*"}, {seconds{1}, " "}}, {});
  ASSERT_FALSE(waited);
  EXPECT_EQ(took(), kGreetingLimit);
}

TEST_F(DeadlinesTest, ALoginWithoutAnAnswer) {
  const Status waited =
      outcome({{seconds{0}, "* OK ready\r\n"}, {kDay, "s1 OK in\r\n"}}, one(login()));
  ASSERT_FALSE(waited);
  EXPECT_NE(waited.error().describe().find("LOGIN"), std::string::npos)
      << waited.error().describe();
  EXPECT_EQ(took(), kSimpleCommandLimit);
}

TEST_F(DeadlinesTest, ALoginThatIsAnsweredWithChatterAlone) {
  const Status waited =
      outcome({{seconds{0}, "* OK ready\r\n"}, {seconds{1}, kStillHere}}, one(login()));
  ASSERT_FALSE(waited);
  EXPECT_EQ(took(), kSimpleCommandLimit);
}

TEST_F(DeadlinesTest, AnOpeningWhoseStepsAreEachInTime) {
  std::vector<Result<imap::Command>> commands;
  std::deque<Line> lines{{seconds{20}, "* OK ready\r\n"}};
  for (int i = 1; i <= 3; ++i) {
    commands.emplace_back(imap::capability());
    lines.push_back({seconds{40}, "s" + std::to_string(i) + " OK asked\r\n"});
  }
  const Status waited = outcome(std::move(lines), std::move(commands));
  ASSERT_FALSE(waited);
  EXPECT_EQ(took(), kOpeningLimit);
}

TEST_F(DeadlinesTest, ASimpleCommandAfterTheLogin) {
  const Status waited = outcome({{seconds{0}, "* PREAUTH ready\r\n"}, {seconds{1}, kStillHere}},
                                one(imap::namespaces()));
  ASSERT_FALSE(waited);
  EXPECT_EQ(took(), kSimpleCommandLimit);
}

TEST_F(DeadlinesTest, ASelectMayTakeLongAsLongAsItIsNotSilent) {
  std::deque<Line> lines{{seconds{0}, "* PREAUTH ready\r\n"}};
  for (int i = 0; i < 5; ++i) lines.push_back({kSilenceLimit - seconds{1}, kStillHere});
  lines.push_back({seconds{0}, "s1 OK selected\r\n"});
  const Status waited = outcome(std::move(lines), one(imap::select(WireName{"INBOX"}, {})));
  EXPECT_TRUE(waited) << waited.error().describe();
}

TEST_F(DeadlinesTest, ASelectThatIsSilent) {
  const Status waited = outcome({{seconds{0}, "* PREAUTH ready\r\n"}, {kDay, "s1 OK selected\r\n"}},
                                one(imap::select(WireName{"INBOX"}, {})));
  ASSERT_FALSE(waited);
  EXPECT_EQ(took(), kSilenceLimit);
}

// For ever in time, an octet a minute.
TEST_F(DeadlinesTest, AnAnswerThatDripsEndsSomeTime) {
  const Status waited = outcome({{seconds{0}, "* PREAUTH ready\r\n"}, {seconds{60}, "*"}},
                                one(imap::select(WireName{"INBOX"}, {})));
  ASSERT_FALSE(waited);
  EXPECT_TRUE(waited.error().is(ErrorCode::timeout)) << waited.error().describe();
  EXPECT_GT(took(), kSlowAfter);
  EXPECT_LT(took(), kSlowAfter + seconds{200});
}

}  // namespace
}  // namespace sterna::account::test
