// SPDX-License-Identifier: Apache-2.0
// Living: an account that lives on virtual time, with a server that tells and a disk that is
// watched.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "environment.h"
#include "sim_watcher.h"
#include "stage.h"
#include "sterna/account/account.h"
#include "sterna/coro/scope.h"
#include "tests/support/end_scope.h"

namespace sterna::simulation {

// So many steps within the time that passes are a life that never rests.
inline constexpr std::uint64_t kStepsMax = 3'000'000;

class Living : public Stage, public account::Observer {
 protected:
  using LifeState = account::LifeState;
  using hours = std::chrono::hours;
  using milliseconds = std::chrono::milliseconds;
  using minutes = std::chrono::minutes;
  using nanoseconds = std::chrono::nanoseconds;
  using seconds = std::chrono::seconds;

  Living() {
    set_log_level(asked_log_level());
    abilities = {.condstore = true, .qresync = true, .uidplus = true, .move = true};
    abilities.list_status = abilities.idle = true;
    settings_ = settings_of(state_ / "state");
    settings_.connections = 4;
    settings_.quiet = seconds(10);
    settings_.settles = milliseconds(150);
    settings_.waits_for_quiet = false;
    how_.poll_interval = hours(24);
    server.before_command = [this, strikes = server.before_command](const std::string& line) {
      commands_.push_back(line);
      if (!falls_silent_at_.empty() && line.contains(falls_silent_at_)) {
        falls_silent_at_.clear();
        line_->fall_silent();
      }
      if (tells_story_) story_.push_back(line);
      strikes(line);
    };
  }
  ~Living() override { end(); }

  void on_synced(const account::Account&, const account::AccountReport& report) override {
    ++syncs_;
    for (const Error& error : report.errors) errors_.push_back(error.describe());
  }

  void begin() {
    line_ = std::make_unique<SimNetwork>(clock_, random_, server, abilities);
    network_ = line_.get();
    watcher_ = std::make_unique<SimWatcher>(clock_, random_, machine_);
    watcher_->watches_max = watches_max_;
    const account::Services services{clock_, worker_, *line_, random_, machine_};
    account_ =
        std::make_unique<account::Account>(services, *watcher_, settings_, how_, *this, Log());
    scope_ = std::make_unique<coro::Scope>(clock_.queue());
    scope_->spawn(account_->run());
    pass(seconds(20));
  }
  void end() {
    if (!scope_) return;
    test::end_scope(*scope_, clock_);
    scope_.reset();
    account_.reset();
    watcher_.reset();
    line_.reset();
  }
  void pass(nanoseconds time) {
    bool over = false;
    clock_.schedule(time, [&over] { over = true; });
    std::uint64_t steps = 0;
    while (!over) {
      ASSERT_TRUE(clock_.step());
      ASSERT_LT(++steps, kStepsMax) << "it never rests";
    }
    disk.set_now_ns(std::max(disk.now_ns(), clock_.wall_ns()));
  }
  // Somebody else did something on the server, which tells of it.
  void told() { line_->tell(); }
  void delivered(const std::string& mailbox, const std::string& token) {
    const std::string home = "mail/" + mailbox;
    write(home + "/tmp/", token);
    disk.rename(home + "/tmp/" + token, home + "/new/" + token);
  }
  void write(const std::string& directory, const std::string& token) {
    disk.write(directory + token, "Subject: " + token + "\nX-Token: " + token + "\n\n");
  }
  // How often the server is asked anything in that time; a renewed IDLE is nothing.
  std::size_t asked_within(nanoseconds time) {
    const std::size_t before = commands_.size();
    pass(time);
    return static_cast<std::size_t>(
        std::count_if(commands_.begin() + static_cast<std::ptrdiff_t>(before), commands_.end(),
                      [](const std::string& line) {
                        return !line.ends_with("DONE") && !line.ends_with("IDLE");
                      }));
  }
  // Short of the next poll, nothing is asked.
  void expect_rest() {
    const std::size_t before = commands_.size();
    if (asked_within(minutes(20)) == 0) return;
    for (std::size_t i = before; i < commands_.size(); ++i) ADD_FAILURE() << commands_[i];
  }
  coro::Task<void> ask(bool& done, account::AccountReport& report) {
    account::Progress progress;
    report = co_await account_->sync({}, progress);
    done = true;
  }
  void borrow(account::Account::Loan& loan) {
    const auto lend = [](account::Account& account, account::Account::Loan& into,
                         bool& given) -> coro::Task<void> {
      Result<account::Account::Loan> got = co_await account.lend();
      if (!got) co_return;
      into = std::move(*got);
      given = true;
    };
    bool given = false;
    scope_->spawn(lend(*account_, loan, given));
    pass(seconds(1));
    ASSERT_TRUE(given);
  }

  std::size_t watches_max_ = SIZE_MAX;  // of the lives that begin
  bool tells_story_ = false;
  std::string falls_silent_at_;  // every line, when a command has this in it; once
  Lines story_;
  account::Settings settings_;
  account::LifeSettings how_;
  std::vector<std::string> commands_;
  std::vector<std::string> errors_;
  std::uint64_t syncs_ = 0;
  std::unique_ptr<SimNetwork> line_;
  std::unique_ptr<SimWatcher> watcher_;
  std::unique_ptr<account::Account> account_;
  std::unique_ptr<coro::Scope> scope_;
};

}  // namespace sterna::simulation
