// SPDX-License-Identifier: Apache-2.0
// What a connection says before it is used, to a server that answers each command in its own time.
#include "src/account/pool.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>

#include "sterna/base/bytes.h"
#include "tests/account/account_world.h"
#include "tests/account/quiet_transport.h"
#include "tests/support/virtual_clock.h"

namespace sterna::account::test {
namespace {

using std::chrono::milliseconds;

struct Script {
  std::string greets = "OK";
  std::string greeting = "ready";
  std::string capabilities = "IMAP4rev1 AUTH=PLAIN SASL-IR COMPRESS=DEFLATE";
  std::map<std::string, milliseconds> takes;    // by verb; at once if it is not there
  std::map<std::string, std::string> untagged;  // lines before the OK
  std::vector<std::string> asked;               // commands without their tags
  std::vector<std::size_t> packets;             // commands in each write
  std::optional<io::TlsInfo> tls;
};

class Answering final : public QuietTransport {
 public:
  Answering(io::Clock& clock, Script& script) : clock_(clock), script_(script) {
    answers_.push_back({{},
                        "* " + script.greets + " [CAPABILITY " + script.capabilities + "] " +
                            script.greeting + "\r\n"});
  }

  coro::Task<Result<std::size_t>> read_some(std::string& into, std::size_t) override {
    if (answers_.empty()) co_return 0;
    const Answer answer = answers_.front();
    answers_.pop_front();
    STERNA_CO_CHECK(co_await clock_.sleep(answer.after));
    into += answer.text;
    co_return answer.text.size();
  }
  coro::Task<Status> write(std::string bytes) override {
    std::size_t commands = 0;
    for (std::string_view line : split(bytes, '\n')) {
      line = trim(line);
      if (line.empty()) continue;
      ++commands;
      answer(std::string(line));
    }
    script_.packets.push_back(commands);
    co_return Status{};
  }
  std::optional<io::TlsInfo> tls_info() const override { return script_.tls; }

 private:
  struct Answer {
    milliseconds after;
    std::string text;
  };

  void answer(const std::string& line) {
    const std::size_t space = line.find(' ');
    const std::string command = line.substr(space + 1);
    const std::string verb = command.substr(0, command.find(' '));
    script_.asked.push_back(command);
    std::string text = script_.untagged[verb];
    text += line.substr(0, space) + " OK ";
    if (verb == "AUTHENTICATE") text += "[CAPABILITY " + script_.capabilities + "] ";
    answers_.push_back({script_.takes[verb], text + "done\r\n"});
  }

  io::Clock& clock_;
  Script& script_;
  std::deque<Answer> answers_;
};

class ScriptDialer final : public io::Dialer {
 public:
  ScriptDialer(io::Clock& clock, Script& script) : clock_(clock), script_(script) {}
  coro::Task<Result<std::unique_ptr<io::Transport>>> dial(io::Endpoint) override {
    co_return std::unique_ptr<io::Transport>(std::make_unique<Answering>(clock_, script_));
  }

 private:
  io::Clock& clock_;
  Script& script_;
};

coro::Task<Result<Secret>> some_password() {
  co_return Secret("x");
}

class PoolTest : public AccountWorld {
 protected:
  PoolTest() {
    settings_.password = some_password;
    settings_.endpoint.tls_mode = io::TlsMode::none;
    settings_.allow_plaintext = true;
  }

  // Opens connection number `index`; the names that its server has from then on.
  Result<imap::NameRules> open(std::size_t index) { return clock_.run(open_one(index)); }

  // Opens the first connection and asks it so many things at once. How many went out in a write.
  Result<std::size_t> ask_at_once(unsigned commands) { return clock_.run(open_and_ask(commands)); }

  bool asked(std::string_view verb) const {
    return std::ranges::any_of(script_.asked, [&](const std::string& command) {
      return std::string_view(command).starts_with(verb);
    });
  }

  sterna::test::VirtualClock clock_;
  Script script_;
  std::int64_t expires_ms_ = -1;  // what is known then of the server's certificate

 private:
  coro::Task<Result<imap::NameRules>> open_one(std::size_t index) {
    ScriptDialer dialer(clock_, script_);
    Services services{clock_, loop_.worker(), dialer, loop_.random(), loop_.file_system()};
    Pool pool(services, settings_, Log());
    Result<Connection*> connection =
        index == 0 ? co_await pool.primary() : co_await pool.extra(index);
    if (!connection) co_return fail(std::move(connection).error());
    expires_ms_ = pool.certificate_expires_ms();
    STERNA_CO_CHECK(co_await (*connection)->settle());
    co_return (*connection)->names;
  }

  coro::Task<Result<std::size_t>> open_and_ask(unsigned commands) {
    ScriptDialer dialer(clock_, script_);
    Services services{clock_, loop_.worker(), dialer, loop_.random(), loop_.file_system()};
    Pool pool(services, settings_, Log());
    STERNA_CO_TRY(Connection * connection, co_await pool.primary());
    STERNA_CO_CHECK(co_await connection->settle());
    script_.packets.clear();
    std::optional<imap::CommandId> last;
    for (unsigned i = 0; i < commands; ++i) {
      STERNA_CO_TRY(last, connection->submit(imap::noop()));
    }
    STERNA_CO_CHECK(co_await connection->wait_ok(*last));
    co_return std::ranges::max(script_.packets);
  }
};

TEST_F(PoolTest, NoMoreCommandsAreInFlightThanTheServerBears) {
  script_.greeting = "The Microsoft Exchange IMAP4 service is ready";
  const unsigned bears =
      imap::quirks_for(script_.greeting, imap::Capabilities(), "").pipeline_depth_max;
  EXPECT_EQ(ask_at_once(100).value(), bears);
  script_.greeting = "ready";
  EXPECT_EQ(ask_at_once(100).value(), imap::Quirks().pipeline_depth_max);
}

TEST_F(PoolTest, AlsoWhereItAsksForNoLogin) {
  script_.greets = "PREAUTH";
  settings_.endpoint.tunnel = {"ssh"};
  EXPECT_EQ(ask_at_once(100).value(), imap::Quirks().pipeline_depth_max);
  EXPECT_FALSE(asked("AUTHENTICATE"));
}

TEST_F(PoolTest, KnowsUntilWhenTheCertificateIsGood) {
  ASSERT_TRUE(open(0));
  EXPECT_EQ(expires_ms_, 0);
  script_.tls.emplace().expires = 1'800'000'000;
  ASSERT_TRUE(open(0));
  EXPECT_EQ(expires_ms_, 1'800'000'000'000);
}

TEST_F(PoolTest, ASlowLoginIsNoLongWay) {
  script_.takes["AUTHENTICATE"] = milliseconds{2'000};
  script_.takes["NOOP"] = milliseconds{5};
  ASSERT_TRUE(open(1));
  EXPECT_FALSE(asked("COMPRESS"));
}

TEST_F(PoolTest, AFarServerIsAskedToCompress) {
  script_.takes["NOOP"] = milliseconds{50};
  ASSERT_TRUE(open(1));
  EXPECT_TRUE(asked("COMPRESS DEFLATE"));
}

TEST_F(PoolTest, TheFirstConnectionIsNotMeasured) {
  script_.takes["NOOP"] = milliseconds{50};
  ASSERT_TRUE(open(0));
  EXPECT_FALSE(asked("NOOP"));
  EXPECT_FALSE(asked("COMPRESS"));
}

TEST_F(PoolTest, ByChoiceEveryConnectionIsCompressed) {
  settings_.compress = Compress::yes;
  ASSERT_TRUE(open(0));
  EXPECT_TRUE(asked("COMPRESS DEFLATE"));
}

TEST_F(PoolTest, SaysWhoItIsWithoutARoundTripMore) {
  script_.capabilities = "IMAP4rev1 AUTH=PLAIN SASL-IR ID ENABLE NAMESPACE QRESYNC";
  ASSERT_TRUE(open(0));
  EXPECT_TRUE(asked("ID (\"name\" \"Sterna\""));
  // The login, and all else at once.
  EXPECT_EQ(script_.packets, (std::vector<std::size_t>{1, 3}));
}

TEST_F(PoolTest, SaysNothingToAServerThatDoesNotOfferId) {
  ASSERT_TRUE(open(0));
  EXPECT_FALSE(asked("ID"));
}

TEST_F(PoolTest, NamesAreModifiedUtf7) {
  script_.capabilities = "IMAP4rev1 IMAP4rev2 AUTH=PLAIN SASL-IR UTF8=ACCEPT";
  const auto names = open(0);
  ASSERT_TRUE(names);
  EXPECT_FALSE(names->utf8);
}

TEST_F(PoolTest, NamesAreUtf8WhereThereIsNoOtherWay) {
  script_.capabilities = "IMAP4rev2 AUTH=PLAIN";
  const auto names = open(0);
  ASSERT_TRUE(names);
  EXPECT_TRUE(names->utf8);
  EXPECT_TRUE(asked("ENABLE IMAP4rev2"));
}

TEST_F(PoolTest, NamesAreUtf8WhereTheServerInsistsOnIt) {
  script_.capabilities = "IMAP4rev1 AUTH=PLAIN SASL-IR UTF8=ONLY";
  const auto names = open(0);
  ASSERT_TRUE(names);
  EXPECT_TRUE(names->utf8);
  EXPECT_TRUE(asked("ENABLE UTF8=ACCEPT"));
}

}  // namespace
}  // namespace sterna::account::test
