// SPDX-License-Identifier: Apache-2.0
// When a daemon feeds the watchdog: by the real thing but for the clock, which jumps where a test
// lets it.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <ctime>

#include "sterna/coro/sync.h"
#include "sterna/daemon/daemon.h"
#include "tests/daemon/unreachable.h"
#include "tests/support/temp_dir.h"

namespace {

std::atomic<std::int64_t> g_jumped_s = 0;

}  // namespace

// In the place of libc's, in this program.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (clock == CLOCK_MONOTONIC && result == 0) time->tv_sec += g_jumped_s;
  return result;
}

namespace sterna::daemon {
namespace {

using namespace std::chrono_literals;
using account::LifeState;

// The program that gives it has hung itself up, and nothing ends the wait for it.
coro::Task<Result<Secret>> no_password() {
  coro::Event never;
  STERNA_CO_CHECK(co_await never.wait());
  co_return Secret();
}

class WatchdogTest : public testing::Test {
 protected:
  WatchdogTest() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    set_log_level(LogLevel::off);
    const std::string path = temporary_ / "notify";
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "20000", 1);
  }
  ~WatchdogTest() override {
    g_jumped_s = 0;
    set_log_level(LogLevel::warn);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC"}) ::unsetenv(name);
  }

  config::Config config_of(const std::vector<std::string>& accounts) const {
    config::Config config;
    config.state_dir = temporary_ / "state";
    config.control_socket = temporary_ / "run/control.sock";
    for (const std::string& name : accounts) {
      config::AccountConfig& account = config.accounts.emplace_back();
      account.name = account.user = name;
      account.host = "127.0.0.1";
      account.maildir = temporary_ / name;
    }
    return config;
  }
  // Nobody listens at its port; one whose name is "stuck" does not get as far as that.
  static AccountSetup setup_of(const config::Config& config, const config::AccountConfig& account) {
    AccountSetup setup = unreachable(config, account);
    if (account.name == "stuck") setup.settings.password = no_password;
    return setup;
  }

  void beside(const std::vector<std::string>& accounts, std::function<coro::Task<void>()> script) {
    auto manager = net::ServiceManager::from_environment();
    ASSERT_TRUE(manager);
    next_config_ = config_of(accounts);
    Daemon daemon(loop_, *manager,
                  {.load = [this] { return next_config_; },
                   .setup = setup_of,
                   .neighbours = [](const config::Config&) { return nullptr; },
                   .give_up = [] { FAIL() << "it did not stop in time"; },
                   .version = "1.2.3"},
                  Log());
    daemon_ = &daemon;
    loop_.run(both(daemon, *next_config_, script()));
  }
  static coro::Task<void> both(Daemon& daemon, config::Config config, coro::Task<void> script) {
    const auto live = [](Daemon& one, config::Config its) -> coro::Task<void> {
      const Status ended = co_await one.run(std::move(its));
      EXPECT_TRUE(ended) << ended.error().describe();
    };
    coro::Scope scope = co_await coro::make_scope();
    scope.spawn(live(daemon, std::move(config)));
    co_await std::move(script);
    daemon.stop();
    co_await scope.join();
  }

  // How often that was said since the last call.
  int heard(const std::string& what) {
    int times = 0;
    char buffer[512];
    for (;;) {
      const ssize_t count = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
      if (count < 0) return times;
      if (std::string_view(buffer, static_cast<std::size_t>(count)).starts_with(what)) ++times;
    }
  }
  coro::Task<void> wait_for(std::string what) {
    while (heard(what) == 0) static_cast<void>(co_await loop_.clock().sleep(5ms));
  }
  // A minute, which the daemon notices, and 50 ms, in which the watchdog has its turn.
  coro::Task<void> pass_minutes(int minutes) {
    for (int i = 0; i < minutes; ++i) {
      g_jumped_s += 60;
      static_cast<void>(co_await loop_.clock().sleep(50ms));
    }
  }

  test::TempDir temporary_;
  UniqueFd socket_;
  net::Loop loop_;
  Result<config::Config> next_config_ = fail(ErrorCode::config, "none");
  Daemon* daemon_ = nullptr;
};

TEST_F(WatchdogTest, IsFedWhileAnAccountFailsAgainAndAgain) {
  beside({"failing"}, [&]() -> coro::Task<void> {
    co_await wait_for("STATUS=1 account: 1 offline");
    for (int i = 0; i < 30; ++i) {
      co_await pass_minutes(1);
      EXPECT_GT(heard("WATCHDOG=1"), 0) << i;
    }
  });
}

TEST_F(WatchdogTest, IsFedNoMoreWhenAnAccountIsStuckAndAgainWhenThatIsGone) {
  beside({"failing", "stuck"}, [&]() -> coro::Task<void> {
    co_await wait_for("STATUS=2 accounts: 1 syncing, 1 offline");
    co_await pass_minutes(19);
    EXPECT_GT(heard("WATCHDOG=1"), 0) << "it may be slow";
    co_await pass_minutes(2);
    heard("");  // until then
    co_await pass_minutes(3);
    EXPECT_EQ(heard("WATCHDOG=1"), 0);
    next_config_ = config_of({"failing"});
    daemon_->reload();
    co_await wait_for("WATCHDOG=1");
  });
}

}  // namespace
}  // namespace sterna::daemon
