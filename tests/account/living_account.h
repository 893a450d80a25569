// SPDX-License-Identifier: Apache-2.0
// LivingAccount: an account that lives on virtual time, with a TalkingServer, a state and a Maildir
// on the disk, and a watch of it that tells what the test says.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sterna/account/account.h"
#include "sterna/coro/scope.h"
#include "tests/account/account_world.h"
#include "tests/account/talking_server.h"
#include "tests/support/end_scope.h"
#include "tests/support/virtual_clock.h"

namespace sterna::account::test {

// A job is done at once, or when its time is over: nothing interrupts one that has begun.
class TimedWorker final : public io::Worker {
 public:
  explicit TimedWorker(sterna::test::VirtualClock& clock) : clock_(clock) {}
  coro::Task<void> run(std::function<void()> job) override {
    ++jobs;
    if (takes.count() > 0) {
      coro::Event over;
      clock_.schedule(takes, [&over] { over.set(); });
      static_cast<void>(co_await over.wait_regardless());
    }
    job();
  }
  std::chrono::nanoseconds takes{};
  std::size_t jobs = 0;

 private:
  sterna::test::VirtualClock& clock_;
};

class ToldWatcher final : public io::Watcher {
 public:
  struct Told {
    std::map<io::WatchTag, std::string> paths;
    io::WatchReport report;
    coro::Event news;
  };

  Result<std::unique_ptr<io::Watch>> open() override { return std::make_unique<ToldWatch>(told_); }

  // In the directory of this path, of each of these files; `written`: one of them in place.
  void tell(const std::string& path, const std::set<std::string>& names, bool written = false) {
    for (const auto& [tag, watched] : told_->paths) {
      if (watched != path) continue;
      told_->report.changed.insert(tag);
      if (written) told_->report.written.insert(tag);
      told_->report.names[tag].insert(names.begin(), names.end());
    }
    told_->news.set();
  }
  // It was renamed: it is told of, and what is below it is told of no more.
  void move_away(const std::string& path) {
    for (auto& [tag, watched] : told_->paths) {
      if (watched == path) told_->report.gone.insert(tag);
      if (watched.starts_with(path + "/")) watched = "elsewhere";
    }
    std::erase_if(told_->paths, [&](const auto& one) { return one.second == path; });
    told_->news.set();
  }
  // The directories are others by now, and nobody said so.
  void forget() { told_->paths.clear(); }
  void overflow() {
    told_->report.overflow = true;
    told_->news.set();
  }

 private:
  class ToldWatch final : public io::Watch {
   public:
    explicit ToldWatch(std::shared_ptr<Told> told) : told_(std::move(told)) {}
    Status add(const std::string& path, io::WatchTag tag) override {
      if (!std::filesystem::is_directory(path)) return fail(ErrorCode::not_found, path);
      told_->paths[tag] = path;
      return {};
    }
    void remove(io::WatchTag tag) override { told_->paths.erase(tag); }
    std::size_t size() const override { return told_->paths.size(); }
    coro::Task<Result<io::WatchReport>> next() override {
      while (told_->report.empty()) {
        told_->news.reset();
        STERNA_CO_CHECK(co_await told_->news.wait());
      }
      co_return std::exchange(told_->report, {});
    }

   private:
    std::shared_ptr<Told> told_;
  };

  std::shared_ptr<Told> told_ = std::make_shared<Told>();
};

class LivingAccount : public AccountWorld, public Observer {
 protected:
  using minutes = std::chrono::minutes;
  using nanoseconds = std::chrono::nanoseconds;
  using seconds = std::chrono::seconds;

  LivingAccount() {
    set_log_level(LogLevel::off);
    settings_.password = [] { return password(); };
    settings_.endpoint.tls_mode = io::TlsMode::none;
    settings_.allow_plaintext = true;
    settings_.settles = std::chrono::milliseconds(150);
    settings_.waits_for_quiet = false;
    how_.poll_interval = std::chrono::hours(24);
  }
  ~LivingAccount() override { set_log_level(LogLevel::warn); }
  // Before the members of what derives from this go, to which its tasks may refer.
  void TearDown() override { end(); }

  void begin(seconds time = seconds(20), const std::function<void()>& before = [] {}) {
    const Services services{clock_, worker_, server_, loop_.random(), loop_.file_system()};
    account_ = std::make_unique<Account>(services, watcher_, settings_, how_, *this, Log());
    before();
    scope_ = std::make_unique<coro::Scope>(clock_.queue());
    scope_->spawn(account_->run());
    pass(time);
  }
  void end() {
    if (!scope_) return;
    sterna::test::end_scope(*scope_, clock_);
    scope_.reset();
    account_.reset();
  }
  void pass(nanoseconds time) {
    bool over = false;
    clock_.schedule(time, [&over] { over = true; });
    while (!over) ASSERT_TRUE(clock_.step());
  }
  // Another network, so often, as on a host of containers.
  void probe_each_five_seconds(nanoseconds time) {
    for (const auto end = clock_.monotonic() + time; clock_.monotonic() < end; pass(seconds(5)))
      account_->probe("network_changed");
  }
  const Life& life() const { return account_->life(); }
  seconds now() const { return std::chrono::duration_cast<seconds>(clock_.monotonic()); }

  sterna::test::VirtualClock clock_;
  TimedWorker worker_{clock_};
  TalkingServer server_{clock_};
  ToldWatcher watcher_;
  LifeSettings how_;
  std::unique_ptr<Account> account_;
  std::unique_ptr<coro::Scope> scope_;

 private:
  static coro::Task<Result<Secret>> password() { co_return Secret("x"); }
};

}  // namespace sterna::account::test
