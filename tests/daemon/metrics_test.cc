// SPDX-License-Identifier: Apache-2.0
#include "sterna/daemon/metrics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "sterna/base/bytes.h"
#include "tests/support/temp_dir.h"
#include "tests/support/virtual_clock.h"

namespace sterna::daemon {
namespace {

using namespace std::chrono_literals;
using account::Life;
using account::LifeState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Life busy_life() {
  Life life;
  life.state = LifeState::watching;
  life.last_sync_ms = 1'700'000'000'123;
  life.last_duration = 1500ms;
  life.pending = 1;
  life.held = 2;
  life.quarantined = 3;
  life.pushed = {"INBOX", "Work"};
  life.push_by = "IDLE";
  life.connections = 2;
  life.watches = 40;
  life.certificate_expires_ms = 1'800'000'000'000;
  life.token_expires_ms = 1'700'000'003'600;
  life.counters.syncs = 10;
  life.counters.syncs_failed = 1;
  life.counters.logins = 4;
  life.counters.logins_refused = 5;
  life.counters.reconnects = {{"slept", 2}, {"timeout", 1}};
  life.counters.moved.downloaded = 7;
  life.counters.moved.deleted_out = 8;
  life.counters.moved.bytes_in = 9000;
  life.counters.pushes = 3;
  life.counters.push_latency_sum = 750ms;
  life.counters.push_latency_max = 500ms;
  return life;
}

std::string text_of(const AccountFigures& figures) {
  return metrics_text({figures}, "1.2.3");
}

TEST(Metrics, TellALife) {
  const Life life = busy_life();
  AccountFigures figures = figures_of("home", life);
  figures.database_octets = 4096;
  const std::string text = text_of(figures);
  for (const std::string_view line : {
           R"(sterna_build_info{version="1.2.3"} 1)",
           R"(sterna_account_up{account="home"} 1)",
           R"(sterna_account_state{account="home",state="watching"} 1)",
           R"(sterna_last_success_timestamp_seconds{account="home"} 1700000000.123)",
           R"(sterna_pending{account="home"} 1)",
           R"(sterna_held{account="home"} 2)",
           R"(sterna_quarantined{account="home"} 3)",
           R"(sterna_syncs_total{account="home"} 10)",
           R"(sterna_syncs_failed_total{account="home"} 1)",
           R"(sterna_last_sync_duration_seconds{account="home"} 1.5)",
           R"(sterna_messages_total{account="home",direction="in",operation="new"} 7)",
           R"(sterna_messages_total{account="home",direction="out",operation="new"} 0)",
           R"(sterna_messages_total{account="home",direction="out",operation="deleted"} 8)",
           R"(sterna_bytes_total{account="home",direction="in"} 9000)",
           R"(sterna_connections{account="home"} 2)",
           R"(sterna_reconnects_total{account="home",reason="slept"} 2)",
           R"(sterna_reconnects_total{account="home",reason="timeout"} 1)",
           R"(sterna_logins_total{account="home"} 4)",
           R"(sterna_auth_failures_total{account="home"} 5)",
           R"(sterna_pushed_mailboxes{account="home",by="IDLE"} 2)",
           R"(sterna_push_latency_seconds_sum{account="home"} 0.75)",
           R"(sterna_push_latency_seconds_count{account="home"} 3)",
           R"(sterna_push_latency_max_seconds{account="home"} 0.5)",
           R"(sterna_watches{account="home"} 40)",
           R"(sterna_watch_incomplete{account="home"} 0)",
           R"(sterna_database_bytes{account="home"} 4096)",
           R"(sterna_certificate_expiry_timestamp_seconds{account="home"} 1800000000.000)",
           R"(sterna_token_expiry_timestamp_seconds{account="home"} 1700000003.600)",
       }) {
    EXPECT_THAT(text, HasSubstr(fmt::format("\n{}\n", line)));
  }
}

// What a parser of the format asks for: HELP and TYPE once, before the lines of their family, which
// stand together, and no series twice.
TEST(Metrics, AreInTheFormat) {
  const Life life = busy_life();
  const std::string text = metrics_text({figures_of("a", life), figures_of("b", life)}, "1");
  std::set<std::string> families;
  std::set<std::string> series;
  std::string family;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string_view> words = split(line, ' ');
    if (line.starts_with("# HELP ")) {
      family = words[2];
      EXPECT_TRUE(families.insert(family).second) << line;
      EXPECT_TRUE(family.starts_with("sterna_")) << line;
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_EQ(words[2], family);
    } else {
      EXPECT_TRUE(line.starts_with(family)) << line;
      EXPECT_TRUE(series.insert(std::string(line.substr(0, line.rfind(' ')))).second) << line;
    }
  }
  EXPECT_GT(families.size(), 20U);
  EXPECT_TRUE(text.ends_with('\n'));
}

// The tables of docs/metrics.md are those of the text: the same families, of the same types.
TEST(Metrics, AreDocumented) {
  std::set<std::string> told;
  const Life life = busy_life();
  for (const std::string_view line : split(text_of(figures_of("a", life)), '\n'))
    if (line.starts_with("# TYPE ")) told.insert(std::string(line.substr(7)));
  std::set<std::string> documented;
  std::ifstream page(std::string(STERNA_SOURCE_DIR) + "/docs/metrics.md");
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `sterna_")) continue;
    const std::vector<std::string_view> cells = split(line, '|');
    std::string name(trim(cells[1]));
    std::erase(name, '`');
    documented.insert(fmt::format("{} {}", name, trim(cells[2])));
  }
  EXPECT_EQ(told, documented);
}

TEST(Metrics, OfAnAccountWithoutADaemonHaveWhatTheStateKnows) {
  account::AccountState state;
  state.name = "home";
  state.last_sync_ms = 5000;
  state.held = 4;
  const std::string text = text_of(figures_of(state));
  EXPECT_THAT(text, HasSubstr("\nsterna_account_up{account=\"home\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("{account=\"home\",state=\"stopped\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sterna_last_success_timestamp_seconds{account=\"home\"} 5.000\n"));
  EXPECT_THAT(text, HasSubstr("\nsterna_held{account=\"home\"} 4\n"));
  EXPECT_THAT(text, Not(HasSubstr("sterna_syncs_total{")));
  EXPECT_THAT(text, Not(HasSubstr("sterna_database_bytes{")));
  state.error = "it failed";
  EXPECT_THAT(text_of(figures_of(state)),
              HasSubstr("sterna_last_success_timestamp_seconds{account=\"home\"} 5.000\n"))
      << "an alert looks for its age";
  state.last_sync_ms = 0;
  EXPECT_THAT(text_of(figures_of(state)), Not(HasSubstr("sterna_last_success_timestamp_seconds{")));
}

TEST(Metrics, TellOfNoCertificateWhereNoneIsKnown) {
  const Life life;
  EXPECT_THAT(text_of(figures_of("a", life)),
              Not(HasSubstr("sterna_certificate_expiry_timestamp_seconds{")));
}

TEST(Metrics, CountAsUpOnlyWhatIsKeptInStep) {
  Life life;
  for (const LifeState state : {LifeState::syncing, LifeState::watching, LifeState::polling}) {
    life.state = state;
    EXPECT_THAT(text_of(figures_of("a", life)), HasSubstr("sterna_account_up{account=\"a\"} 1"));
  }
  for (const LifeState state :
       {LifeState::starting, LifeState::offline, LifeState::backoff, LifeState::paused,
        LifeState::held, LifeState::needs_auth, LifeState::needs_secret, LifeState::error}) {
    life.state = state;
    EXPECT_THAT(text_of(figures_of("a", life)), HasSubstr("sterna_account_up{account=\"a\"} 0"));
  }
}

TEST(Metrics, EscapeLabels) {
  Life life;
  life.counters.reconnects = {{"a\"b\\c\nd\xff", 1}};
  EXPECT_THAT(text_of(figures_of("a", life)),
              HasSubstr("reason=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\"} 1\n"));
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(MetricsFile, IsReadableByEverybodyWhateverTheUmask) {
  sterna::test::TempDir directory;
  const std::string path = directory / "sterna.prom";
  const mode_t before = ::umask(0077);
  EXPECT_TRUE(write_metrics_file(path, "1\n"));
  EXPECT_TRUE(write_metrics_file(path, "2\n"));
  ::umask(before);
  EXPECT_EQ(content(path), "2\n");
  struct stat found{};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0644U);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(MetricsFile, DoesNotFollowWhatLiesInItsWay) {
  sterna::test::TempDir directory;
  const std::string path = directory / "sterna.prom";
  std::ofstream(directory / "precious") << "precious";
  std::filesystem::create_symlink(directory / "precious", path + ".new");
  EXPECT_TRUE(write_metrics_file(path, "1\n"));
  EXPECT_EQ(content(directory / "precious"), "precious");
  EXPECT_EQ(content(path), "1\n");
}

TEST(MetricsFile, NamesWhatCannotBeWritten) {
  Status written = write_metrics_file("/no/such/directory/sterna.prom", "1\n");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().describe(), HasSubstr("/no/such/directory/sterna.prom.new"));
}

class AtOnce : public io::Worker {
 public:
  coro::Task<void> run(std::function<void()> job) override {
    job();
    co_return;
  }
};

coro::Task<void> keep_for(io::Clock& clock, MetricsFile& file, std::chrono::milliseconds time) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(file.run());
  static_cast<void>(co_await clock.sleep(time));
  co_await scope.close();
}

TEST(MetricsFile, IsWrittenAtMostEveryFifteenSeconds) {
  sterna::test::TempDir directory;
  sterna::test::VirtualClock clock;
  AtOnce worker;
  std::vector<std::int64_t> at;
  const auto text = [&] {
    at.push_back(std::chrono::duration_cast<std::chrono::seconds>(clock.monotonic()).count());
    return std::string("x\n");
  };
  MetricsFile file(clock, worker, directory / "sterna.prom", text, Log());
  for (const auto when : {1s, 2s, 3s, 20s}) clock.schedule(when, [&] { file.touch(); });
  clock.run(keep_for(clock, file, 10min));
  EXPECT_THAT(at, ElementsAre(0, 15, 30, 330));
  EXPECT_EQ(content(directory / "sterna.prom"), "x\n");
}

}  // namespace
}  // namespace sterna::daemon
