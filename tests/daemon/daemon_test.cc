// SPDX-License-Identifier: Apache-2.0
// A daemon whole, over its own socket: accounts of a server that is not there.
#include "sterna/daemon/daemon.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "sterna/account/pause.h"
#include "sterna/config/same.h"
#include "sterna/daemon/client.h"
#include "sterna/daemon/hooks.h"
#include "sterna/io/deadline.h"
#include "tests/daemon/unreachable.h"
#include "tests/support/temp_dir.h"

namespace sterna::daemon {
namespace {

using namespace std::chrono_literals;
using account::LifeState;
using Connected = std::unique_ptr<Client>;

class DaemonTest : public testing::Test {
 protected:
  DaemonTest() { set_log_level(LogLevel::off); }
  ~DaemonTest() override {
    set_log_level(LogLevel::warn);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }

  config::AccountConfig account(const std::string& name) const {
    config::AccountConfig account;
    account.name = name;
    account.user = name;
    account.host = "127.0.0.1";
    account.maildir = temporary_ / name;
    return account;
  }
  config::Config config_of(std::vector<config::AccountConfig> accounts) const {
    config::Config config;
    config.state_dir = temporary_ / "state";
    config.control_socket = temporary_ / "run/control.sock";
    config.accounts = std::move(accounts);
    return config;
  }
  static account::Neighbours no_neighbours(const config::Config&) { return nullptr; }
  static AccountSetup setup_of(const config::Config& config, const config::AccountConfig& account) {
    AccountSetup setup = unreachable(config, account);
    setup.life.tells_changes = needs_changes(config.hooks);
    return setup;
  }

  // Runs the script beside a daemon with these accounts, and stops it then.
  void beside(const config::Config& config, std::function<coro::Task<void>(Daemon&)> script) {
    auto manager = net::ServiceManager::from_environment();
    ASSERT_TRUE(manager);
    next_config_ = config;
    Ways ways{.load = [this] { return next_config_; },
              .setup = setup_of,
              .neighbours = no_neighbours,
              .give_up = [] { FAIL() << "it did not stop in time"; },
              .version = "1.2.3"};
    Daemon daemon(loop_, *manager, std::move(ways), Log());
    Status ended;
    loop_.run(both(daemon, config, script(daemon), ended));
    EXPECT_TRUE(ended) << ended.error().describe();
  }
  static coro::Task<void> both(Daemon& daemon, config::Config config, coro::Task<void> script,
                               Status& ended) {
    const auto live = [](Daemon& one, config::Config its, Status& end) -> coro::Task<void> {
      end = co_await one.run(std::move(its));
    };
    coro::Scope scope = co_await coro::make_scope();
    scope.spawn(live(daemon, std::move(config), ended));
    co_await coro::yield();
    co_await std::move(script);
    daemon.stop();
    co_await scope.join();
  }

  coro::Task<Connected> connect(std::string state_dir = {}) {
    auto client =
        co_await Client::connect(loop_, temporary_ / "run/control.sock", std::move(state_dir));
    EXPECT_TRUE(client) << client.error().describe();
    co_return client ? std::move(*client) : nullptr;
  }
  coro::Task<std::vector<std::string>> names(Client& client) {
    std::vector<std::string> result;
    const auto status = co_await client.ask(Op::status);
    EXPECT_TRUE(status);
    if (status) {
      for (const AccountLife& life : status->lives) result.push_back(life.name);
    }
    co_return result;
  }
  coro::Task<account::Life> life_when(Client& client, std::string account, LifeState state) {
    for (int tries = 0; tries < 500; ++tries) {
      const auto status = co_await client.ask(Op::status, {account});
      EXPECT_TRUE(status) << status.error().describe();
      if (!status) break;
      if (status->lives.front().life.state == state) co_return status->lives.front().life;
      static_cast<void>(co_await loop_.clock().sleep(10ms));
    }
    ADD_FAILURE() << account << " did not become " << to_string(state);
    co_return account::Life{};
  }
  // Whether a sync of it ends within that time.
  coro::Task<bool> syncs_within(std::string account, std::chrono::milliseconds limit) {
    const Connected client = co_await connect();
    const auto wish = [](Client& asked, std::string name) -> coro::Task<Status> {
      const auto told = [](std::size_t, Result<account::AccountReport>) {};
      std::vector<SyncWish> wishes{{name, {}, nullptr}};
      co_return co_await asked.sync(std::move(wishes), told);
    };
    const Status done =
        co_await io::with_deadline(loop_.clock(), limit, wish(*client, std::move(account)));
    co_return done.has_value();
  }

  test::TempDir temporary_;
  net::Loop loop_;
  Result<config::Config> next_config_ = fail(ErrorCode::config, "none");
};

TEST_F(DaemonTest, SaysWhoItIsAndHowItsAccountsAre) {
  beside(config_of({account("home"), account("work")}), [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    EXPECT_EQ(client->version(), "1.2.3");
    EXPECT_EQ(co_await names(*client), (std::vector<std::string>{"home", "work"}));
    const account::Life life = co_await life_when(*client, "work", LifeState::offline);
    EXPECT_TRUE(life.error);
    EXPECT_GT(life.next_try_ms, 0);
  });
}

TEST_F(DaemonTest, ADisabledAccountDoesNotLive) {
  config::Config config = config_of({account("home"), account("work")});
  config.accounts[0].enabled = false;
  beside(config, [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    EXPECT_EQ(co_await names(*client), std::vector<std::string>{"work"});
  });
}

TEST_F(DaemonTest, ASecondOneIsRefused) {
  const config::Config config = config_of({account("work")});
  beside(config, [&](Daemon&) -> coro::Task<void> {
    auto manager = net::ServiceManager::from_environment();
    Daemon second(loop_, *manager,
                  {.load = {},
                   .setup = setup_of,
                   .neighbours = no_neighbours,
                   .give_up = {},
                   .version = "1.2.3"},
                  Log());
    const Status refused = co_await second.run(config);
    EXPECT_FALSE(refused);
    if (!refused) EXPECT_TRUE(refused.error().is(ErrorCode::locked));
  });
}

TEST_F(DaemonTest, SyncsAndReportsWhatFailed) {
  beside(config_of({account("home"), account("work")}), [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    std::map<std::size_t, Result<account::AccountReport>> reports;
    const auto told = [&](std::size_t wish, Result<account::AccountReport> report) {
      reports.emplace(wish, std::move(report));
    };
    std::vector<SyncWish> wishes;
    for (const char* name : {"home", "work", "nowhere"}) wishes.push_back({name, {}, nullptr});
    const Status done = co_await client->sync(std::move(wishes), told);
    EXPECT_TRUE(done);
    EXPECT_EQ(reports.size(), 3U);
    for (const std::size_t wish : {0U, 1U}) {
      const auto& report = reports.at(wish);
      EXPECT_TRUE(report);
      EXPECT_EQ(report->account, wish == 0 ? "home" : "work");
      EXPECT_EQ(report->errors.size(), 1U);
      EXPECT_TRUE(report->errors.front().is(ErrorCode::connect))
          << report->errors.front().describe();
    }
    EXPECT_FALSE(reports.at(2));
    EXPECT_TRUE(reports.at(2).error().is(ErrorCode::not_found));
  });
}

TEST_F(DaemonTest, APauseIsRecordedAndOutlivesIt) {
  const config::Config config = config_of({account("home"), account("work")});
  const account::Settings settings = setup_of(config, config.accounts[1]).settings;
  beside(config, [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    EXPECT_TRUE(co_await client->ask(Op::pause, {"work"}));
    const account::Life life = co_await life_when(*client, "work", LifeState::paused);
    EXPECT_EQ(life.next_try_ms, 0);
    co_await life_when(*client, "home", LifeState::offline);
  });
  EXPECT_EQ(account::read_pause(settings, 1).value(), account::Pause{});
  beside(config, [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    co_await life_when(*client, "work", LifeState::paused);
    EXPECT_TRUE(co_await client->ask(Op::resume, {"work"}));
    co_await life_when(*client, "work", LifeState::offline);
  });
  EXPECT_EQ(account::read_pause(settings, 1).value(), std::nullopt);
}

TEST_F(DaemonTest, AResumeEndsAWaitOnlyOfWhatIsNamed) {
  const config::Config config = config_of({account("home"), account("work")});
  const account::Settings settings = setup_of(config, config.accounts[1]).settings;
  const std::int64_t now_ms = loop_.clock().wall_ns() / 1'000'000;
  const account::ToldWait wait{now_ms + 600'000, "try again in 10 minutes"};
  std::filesystem::create_directories(settings.state_dir);
  std::ofstream(settings.state_dir + "/wait") << wait.until_ms << "\n" << wait.said << "\n";
  beside(config, [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    co_await life_when(*client, "work", LifeState::backoff);
    EXPECT_TRUE(co_await client->ask(Op::resume)) << "nothing is paused";
    EXPECT_TRUE(co_await client->ask(Op::pause));
    co_await life_when(*client, "work", LifeState::paused);
    EXPECT_TRUE(co_await client->ask(Op::resume));
    co_await life_when(*client, "home", LifeState::offline);
    const account::Life life = co_await life_when(*client, "work", LifeState::backoff);
    EXPECT_GE(life.next_try_ms, wait.until_ms - 1'000);
    EXPECT_EQ(account::read_standing_wait(settings, now_ms).value(), wait);
    EXPECT_TRUE(co_await client->ask(Op::resume, {"work"}));
    co_await life_when(*client, "work", LifeState::offline);
    EXPECT_EQ(account::read_standing_wait(settings, now_ms).value(), std::nullopt);
  });
}

TEST_F(DaemonTest, WaitsCanBeKeptOfWhatIsNamed) {
  const config::Config config = config_of({account("work")});
  const account::Settings settings = setup_of(config, config.accounts[0]).settings;
  const std::int64_t now_ms = loop_.clock().wall_ns() / 1'000'000;
  std::filesystem::create_directories(settings.state_dir);
  std::ofstream(settings.state_dir + "/wait") << now_ms + 600'000 << "\nsoon\n";
  beside(config, [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    EXPECT_TRUE(co_await client->ask(Op::pause, {"work"}));
    co_await life_when(*client, "work", LifeState::paused);
    EXPECT_TRUE(co_await client->resume_keeping_waits({"work"}));
    co_await life_when(*client, "work", LifeState::backoff);
    EXPECT_TRUE(account::read_standing_wait(settings, now_ms).value());
  });
}

TEST_F(DaemonTest, AnAccountWithItsStateElsewhereIsNotKnown) {
  const config::Config config = config_of({account("home"), account("work")});
  beside(config, [&](Daemon&) -> coro::Task<void> {
    const Connected other = co_await connect(temporary_ / "other");
    EXPECT_EQ(co_await names(*other), std::vector<std::string>{});
    for (const Op op : {Op::status, Op::sync, Op::pause, Op::resume, Op::lend, Op::subscribe}) {
      const auto refused = co_await other->ask(op, {"work"});
      EXPECT_FALSE(refused);
      if (!refused) EXPECT_TRUE(refused.error().is(ErrorCode::not_found));
    }
    EXPECT_FALSE((co_await other->borrow({"work"})).value());
    EXPECT_TRUE(co_await other->ask(Op::pause)) << "none of them";
    const Connected client = co_await connect(config.state_dir);
    EXPECT_EQ(co_await names(*client), (std::vector<std::string>{"home", "work"}));
    co_await life_when(*client, "work", LifeState::offline);
  });
}

TEST_F(DaemonTest, TheSameStateByAnotherPathIsTheSame) {
  const config::Config config = config_of({account("work")});
  std::filesystem::create_directories(config.state_dir);
  std::filesystem::create_directory_symlink(config.state_dir, temporary_ / "link");
  beside(config, [&](Daemon&) -> coro::Task<void> {
    for (const std::string& path : {temporary_ / "link", config.state_dir + "/../state/"}) {
      const Connected client = co_await connect(path);
      EXPECT_EQ(co_await names(*client), std::vector<std::string>{"work"}) << path;
    }
  });
}

TEST_F(DaemonTest, ASubscriberHearsOfHisOwnAccountsAlone) {
  beside(config_of({account("work")}), [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    const Connected other = co_await connect(temporary_ / "other");
    EXPECT_TRUE(co_await other->ask(Op::subscribe));
    EXPECT_TRUE(co_await client->ask(Op::subscribe));
    EXPECT_TRUE(co_await syncs_within("work", 10s));
    bool is_synced = false;
    while (!is_synced) {
      const auto event = co_await client->next();
      EXPECT_TRUE(event);
      if (!event) co_return;
      is_synced = event->kind == Message::Kind::synced;
    }
    const auto nothing = co_await io::with_deadline(loop_.clock(), 300ms, other->next());
    EXPECT_FALSE(nothing) << "it heard of another's account";
  });
}

TEST_F(DaemonTest, WhatAnAccountIsSetToIsToldByItsDigest) {
  const config::Config config = config_of({account("work")});
  const std::string digest = config::settings_digest(config.accounts[0]);
  beside(config, [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    EXPECT_EQ((co_await client->ask(Op::status))->lives.front().settings, digest);
    next_config_->accounts[0].policy.direction = config::Direction::pull;
    EXPECT_TRUE(co_await client->ask(Op::reload));
    EXPECT_EQ((co_await client->ask(Op::status))->lives.front().settings,
              config::settings_digest(next_config_->accounts[0]));
    EXPECT_NE(config::settings_digest(next_config_->accounts[0]), digest);
  });
}

TEST_F(DaemonTest, WhatIsLentIsLeftAloneUntilItsBorrowerGoes) {
  beside(config_of({account("home"), account("work")}), [&](Daemon&) -> coro::Task<void> {
    Connected borrower = co_await connect();
    EXPECT_TRUE((co_await borrower->borrow({"work", "nowhere"})).value());
    EXPECT_FALSE(co_await syncs_within("work", 200ms));
    EXPECT_TRUE(co_await syncs_within("home", 10s));
    const auto twice = co_await borrower->ask(Op::lend, {"work"});
    EXPECT_FALSE(twice);
    borrower.reset();
    EXPECT_TRUE(co_await syncs_within("work", 10s));
  });
}

TEST_F(DaemonTest, ALoanCanBeReturned) {
  beside(config_of({account("work")}), [&](Daemon&) -> coro::Task<void> {
    const Connected borrower = co_await connect();
    EXPECT_FALSE(co_await borrower->ask(Op::give_back)) << "nothing is lent";
    EXPECT_TRUE((co_await borrower->borrow({"work"})).value());
    EXPECT_TRUE(co_await borrower->ask(Op::give_back));
    EXPECT_TRUE((co_await borrower->borrow({"work"})).value()) << "and again";
    EXPECT_TRUE(co_await borrower->ask(Op::give_back));
    EXPECT_TRUE(co_await syncs_within("work", 10s));
  });
}

TEST_F(DaemonTest, AReloadDisturbsNobodyElse) {
  beside(config_of({account("gone"), account("kept")}), [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    Connected borrower = co_await connect();
    EXPECT_TRUE((co_await borrower->borrow({"kept"})).value());
    next_config_ = config_of({account("kept"), account("new")});
    EXPECT_TRUE(co_await client->ask(Op::reload));
    EXPECT_EQ(co_await names(*client), (std::vector<std::string>{"kept", "new"}));
    EXPECT_FALSE(co_await syncs_within("kept", 200ms)) << "it is the same one, and lent";
    borrower.reset();
    EXPECT_TRUE(co_await syncs_within("kept", 10s));
  });
}

TEST_F(DaemonTest, AFirstHookDisturbsNobody) {
  beside(config_of({account("kept")}), [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    const Connected borrower = co_await connect();
    EXPECT_TRUE((co_await borrower->borrow({"kept"})).value());
    next_config_ = config_of({account("kept")});
    next_config_->hooks.after_change = {"true"};
    EXPECT_TRUE(co_await client->ask(Op::reload));
    EXPECT_FALSE(co_await syncs_within("kept", 200ms)) << "it is the same one, and lent";
  });
}

TEST_F(DaemonTest, AReloadThatMovesTheFiguresRemovesWhatNobodyWritesAnyMore) {
  const auto with_figures_in = [&](const std::string& path) {
    config::Config config = config_of({account("work")});
    config.metrics.textfile = path;
    return config;
  };
  const std::string first = temporary_ / "first.prom";
  const std::string second = temporary_ / "second.prom";
  beside(with_figures_in(first), [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    const auto come_to_be = [&](bool one, bool other) -> coro::Task<bool> {
      for (int tries = 0; tries < 500; ++tries) {
        if (std::filesystem::exists(first) == one && std::filesystem::exists(second) == other)
          co_return true;
        static_cast<void>(co_await loop_.clock().sleep(10ms));
      }
      co_return false;
    };
    EXPECT_TRUE(co_await come_to_be(true, false));
    for (const std::string& path : {second, second, first, std::string()}) {
      next_config_ = with_figures_in(path);
      EXPECT_TRUE(co_await client->ask(Op::reload));
      EXPECT_TRUE(co_await come_to_be(path == first, path == second)) << path;
    }
  });
  EXPECT_FALSE(std::filesystem::exists(first));
}

TEST_F(DaemonTest, WhoWaitsForAnotherAccountDoesNotHoldUpAReload) {
  beside(config_of({account("home"), account("work")}), [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    const Connected first = co_await connect();
    EXPECT_TRUE((co_await first->borrow({"work"})).value());
    const Connected second = co_await connect();
    const auto ask_for_both = [](Client& borrower, bool& refused) -> coro::Task<void> {
      refused = !co_await borrower.ask(Op::lend, {"home", "work"});
    };
    bool refused = false;
    coro::Scope scope = co_await coro::make_scope();
    scope.spawn(ask_for_both(*second, refused));
    EXPECT_FALSE(co_await syncs_within("home", 200ms)) << "it is lent already";
    next_config_ = config_of({account("work")});
    EXPECT_TRUE(co_await io::with_deadline(loop_.clock(), 5s, client->ask(Op::reload)));
    co_await scope.join();
    EXPECT_TRUE(refused);
  });
}

TEST_F(DaemonTest, AnAccountThatChangedIsReplacedUnderWhoeverUsesIt) {
  beside(config_of({account("work")}), [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    const Connected borrower = co_await connect();
    EXPECT_TRUE((co_await borrower->borrow({"work"})).value());
    next_config_ = config_of({account("work")});
    next_config_->accounts[0].user = "other";
    EXPECT_TRUE(co_await client->ask(Op::reload));
    EXPECT_TRUE(co_await syncs_within("work", 10s));
  });
}

TEST_F(DaemonTest, ABadConfigurationChangesNothing) {
  beside(config_of({account("work")}), [&](Daemon& daemon) -> coro::Task<void> {
    const Connected client = co_await connect();
    next_config_ = fail(ErrorCode::config, "c.toml:1:1: unknown key");
    const auto refused = co_await client->ask(Op::reload);
    EXPECT_FALSE(refused);
    if (!refused) EXPECT_EQ(refused.error().message(), "c.toml:1:1: unknown key");
    EXPECT_EQ(co_await names(*client), std::vector<std::string>{"work"});
    next_config_ = config_of({account("home")});
    daemon.reload();
    while (co_await names(*client) != std::vector<std::string>{"home"})
      static_cast<void>(co_await loop_.clock().sleep(5ms));
  });
}

TEST_F(DaemonTest, SubscribersHearWhatHappens) {
  beside(config_of({account("home"), account("work")}), [&](Daemon&) -> coro::Task<void> {
    const Connected listener = co_await connect();
    const auto begun = co_await listener->ask(Op::subscribe, {"work"});
    EXPECT_TRUE(begun);
    EXPECT_EQ(begun->lives.size(), 1U);
    const Connected client = co_await connect();
    EXPECT_TRUE(co_await client->ask(Op::pause, {}));
    for (;;) {
      const auto event = co_await listener->next();
      EXPECT_TRUE(event);
      if (!event) break;
      if (event->kind != Message::Kind::life) continue;
      EXPECT_EQ(event->lives.front().name, "work") << "it asked for no other";
      if (event->lives.front().life.state == LifeState::paused) break;
    }
  });
}

TEST_F(DaemonTest, SubscribersHearOfAnAccountThatAReloadTakesAway) {
  beside(config_of({account("home"), account("work")}), [&](Daemon& daemon) -> coro::Task<void> {
    const Connected listener = co_await connect();
    EXPECT_TRUE(co_await listener->ask(Op::subscribe));
    next_config_ = config_of({account("home")});
    daemon.reload();
    for (;;) {
      const auto event = co_await listener->next();
      EXPECT_TRUE(event);
      if (!event) break;
      if (event->kind != Message::Kind::ended) continue;
      EXPECT_EQ(event->lives.front().name, "work");
      break;
    }
  });
}

TEST_F(DaemonTest, HostileLinesAreAnsweredAndHarmNobody) {
  beside(config_of({account("work")}), [&](Daemon&) -> coro::Task<void> {
    auto raw = net::connect_local(loop_, temporary_ / "run/control.sock");
    EXPECT_TRUE(raw);
    net::LocalConnection& line = **raw;
    static_cast<void>(co_await line.read_line());  // hello
    for (const char* sent :
         {"garbage", "{}", R"({"id":1,"op":"fly"})", R"({"id":2,"op":"lend","x":1})",
          R"({"id":3,"op":"status","accounts":["none"]})"}) {
      static_cast<void>(co_await line.send(sent));
      const auto answer = co_await line.read_line();
      EXPECT_TRUE(answer && *answer && (*answer)->find("\"ok\":false") != std::string::npos)
          << sent;
    }
    coro::Scope scope = co_await coro::make_scope();
    line.post(std::string(2 * net::kLocalLineMax, 'x'));
    scope.spawn(line.pump());
    const auto answer = co_await line.read_line();
    if (answer && *answer) EXPECT_NE((*answer)->find("a line of more than"), std::string::npos);
    co_await scope.close();
    const Connected client = co_await connect();
    EXPECT_EQ(co_await names(*client), std::vector<std::string>{"work"});
  });
}

TEST_F(DaemonTest, TooManyConnectionsAreTurnedAway) {
  beside(config_of({account("work")}), [&](Daemon&) -> coro::Task<void> {
    std::vector<Connected> many;
    for (;;) {
      auto one = co_await Client::connect(loop_, temporary_ / "run/control.sock");
      if (!one) {
        EXPECT_TRUE(one.error().is(ErrorCode::locked)) << one.error().describe();
        break;
      }
      many.push_back(std::move(*one));
      EXPECT_LE(many.size(), 64U);
      if (many.size() > 64) break;
    }
    many.clear();
    static_cast<void>(co_await loop_.clock().sleep(20ms));
    const Connected client = co_await connect();
    EXPECT_EQ((co_await names(*client)).size(), 1U);
  });
}

// --- the service manager

class Manager {
 public:
  explicit Manager(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  // All that was heard so far.
  std::vector<std::string> heard() {
    char buffer[512];
    for (;;) {
      const ssize_t count = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
      if (count < 0) return heard_;
      heard_.emplace_back(buffer, static_cast<std::size_t>(count));
    }
  }
  std::size_t count(const std::string& beginning) {
    const auto all = heard();
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [&](const std::string& one) { return one.starts_with(beginning); }));
  }

 private:
  UniqueFd socket_;
  std::vector<std::string> heard_;
};

TEST_F(DaemonTest, TheServiceManagerHearsWhatItNeeds) {
  Manager manager(temporary_ / "notify");
  ::setenv("WATCHDOG_USEC", "100000", 1);
  beside(config_of({account("work")}), [&](Daemon&) -> coro::Task<void> {
    const Connected client = co_await connect();
    co_await life_when(*client, "work", LifeState::offline);
    while (manager.count("READY=1") == 0 || manager.count("WATCHDOG=1") < 3 ||
           manager.count("STATUS=1 account: 1 offline") == 0)
      static_cast<void>(co_await loop_.clock().sleep(10ms));
    EXPECT_EQ(manager.count("READY=1"), 1U) << "though the account is offline";
    EXPECT_TRUE(co_await client->ask(Op::reload));
    EXPECT_EQ(manager.count("RELOADING=1"), 1U);
    EXPECT_EQ(manager.count("READY=1"), 2U);
  });
  EXPECT_EQ(manager.count("STOPPING=1"), 1U);
}

}  // namespace
}  // namespace sterna::daemon
