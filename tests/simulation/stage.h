// SPDX-License-Identifier: Apache-2.0
// Stage: one account, synced step by step, and what one of the two users or the line does at one
// moment of a sync.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim_world.h"
#include "sterna/store/store.h"

namespace sterna::simulation {

class Stage : public testing::Test {
 protected:
  Stage() {
    std::filesystem::create_directory(state_ / "state");
    disk.make_maildir("mail/INBOX");
    disk.make_maildir("mail/m1");
    server.create("m1");
    disk.before = [this](test::DiskOp operation, std::string_view name) {
      disk.set_now_ns(std::max(disk.now_ns(), clock_.wall_ns()));
      letters_read_ = letters_read_ || name == "dovecot-keywords";
      if (operation == test::DiskOp::list) strike(at_listing);
      if (operation == test::DiskOp::list && letters_read_) strike(at_late_listing);
      if (operation == test::DiskOp::list && meanwhile) meanwhile();
      if (operation == test::DiskOp::rename) strike(at_rename);
      const bool moves = operation == test::DiskOp::replace || operation == test::DiskOp::rename;
      return moves && name == refused_ ? Status(fail(ErrorCode::io, "not now")) : Status{};
    };
    server.before_command = [this](const std::string& line) {
      if (line.contains(command_)) strike(at_command_);
    };
  }
  ~Stage() override { disk.before = nullptr; }

  // Each sync has a connection and hours of its own, as in real life.
  account::AccountReport sync() {
    account::AccountReport report = run();
    for (const Error& error : report.errors) ADD_FAILURE() << error.describe();
    return report;
  }
  // Whatever comes of it.
  account::AccountReport run() {
    SimNetwork network(clock_, random_, server, abilities);
    network_ = &network;
    const account::Services services{clock_, worker_, network, random_, machine_};
    account::Progress progress;
    letters_read_ = false;
    account::Settings settings = settings_of(state_ / "state");
    settings.quiet = settings.settles = quiet;
    if (brake) {
      settings.policy_for = [old = settings.policy_for, this](const MailboxName& name) {
        account::MailboxPolicy policy = old(name);
        policy.brake = *brake;
        return policy;
      };
    }
    account::AccountReport report =
        clock_.run(account::sync_account(services, settings, {}, progress, Log()));
    static_cast<void>(clock_.run(clock_.sleep(afterwards)));
    return report;
  }
  // While the disk refuses to replace or to rename the file of that name.
  void sync_in_vain(const std::string& refused) {
    EXPECT_FALSE(run_refused(refused).errors.empty());
  }
  account::AccountReport run_refused(const std::string& refused) {
    refused_ = refused;
    account::AccountReport report = run();
    refused_.clear();
    return report;
  }
  // The line goes when the first file is renamed here.
  void sync_cut_at_rename() {
    at_rename = [this] { network_->go_down(); };
    EXPECT_FALSE(run().errors.empty());
    EXPECT_FALSE(at_rename);
  }
  // The line goes when the server gets a command with that in it.
  void sync_cut_at(std::string part) {
    at_command(std::move(part), [this] { network_->go_down(); });
    EXPECT_FALSE(run().errors.empty());
    EXPECT_FALSE(at_command_);
  }
  std::uint64_t decide(account::HeldDecision decision) {
    const auto decided = account::decide_held(settings_of(state_ / "state"), decision, {});
    EXPECT_TRUE(decided.has_value());
    return decided.value_or(0);
  }
  // As after a backup of it took its place.
  void pair_anew(const std::string& name) {
    const auto base = store::Store::open(state_ / "state", false);
    ASSERT_TRUE(base.has_value());
    const auto rows = (*base)->mailboxes();
    auto transaction = (*base)->begin(store::Durability::full);
    ASSERT_TRUE(rows && transaction);
    for (MailboxRow row : *rows) {
      row.pair_anew = row.pair_anew || row.name.text() == name;
      EXPECT_TRUE((*base)->update_mailbox(row));
    }
    EXPECT_TRUE(transaction->commit());
  }
  // Once, when the server gets a command with that in it.
  void at_command(std::string part, std::function<void()> deed) {
    command_ = std::move(part);
    at_command_ = std::move(deed);
  }

  std::uint32_t arrives(const std::string& mailbox, const std::string& token,
                        const FlagSet& flags = {}) {
    return server.find(mailbox)->append("Subject: " + token + "\r\nX-Token: " + token + "\r\n\r\n",
                                        flags, 1'600'000'000);
  }
  void moves(const std::string& from, std::uint32_t uid, const std::string& to) {
    server.copy(*server.find(from), uid, *server.find(to));
    server.find(from)->expunge(uid);
  }
  // "INBOX t1:DS" for each file, in order.
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const std::string& mailbox : mailboxes) {
      for (const std::string& path : paths(mailbox)) {
        found.push_back(mailbox + " " + token_of(disk.read(path)) + letters_of(path));
      }
    }
    return found;
  }
  std::vector<std::string> messages() {
    std::vector<std::string> found;
    for (const auto& [name, mailbox] : server.mailboxes()) {
      for (const auto& [uid, message] : mailbox.messages) {
        const std::string flags = message.flags.to_string();
        found.push_back(name + " " + token_of(message.octets) + (flags.empty() ? "" : " ") + flags);
      }
    }
    return found;
  }
  std::string file_in(const std::string& mailbox) const {
    const std::vector<std::string> found = paths(mailbox);
    return found.size() == 1 ? found.front() : "";
  }
  std::string file_of(const std::string& token) const {
    for (const std::string& mailbox : mailboxes) {
      for (const std::string& path : paths(mailbox)) {
        if (token_of(disk.read(path)) == token) return path;
      }
    }
    return "";
  }

  static std::string letters_of(const std::string& path) {
    const std::size_t colon = path.rfind(":2,");
    return colon == std::string::npos || colon + 3 == path.size() ? ""
                                                                  : ":" + path.substr(colon + 3);
  }
  static std::string without_letters(const std::string& path) {
    return path.substr(0, path.rfind(":2,"));
  }

  using Lines = std::vector<std::string>;
  Lines mailboxes{"INBOX", "m1"};
  Abilities abilities;
  ServerState server;
  test::MemoryFileSystem machine_;
  test::MemoryDisk& disk = machine_.disk();
  std::function<void()> at_listing;       // once, before a directory is read
  std::function<void()> at_late_listing;  // the same, where letters were read before
  std::function<void()> at_rename;        // once, before a file is renamed
  std::function<void()> meanwhile;        // before each directory is read
  std::chrono::milliseconds quiet{0};
  std::chrono::milliseconds afterwards = std::chrono::hours(2);  // passes after each sync
  std::optional<sync::Brake> brake;
  test::VirtualClock clock_;

  static void strike(std::function<void()>& deed) {
    if (auto once = std::exchange(deed, nullptr)) once();
  }

  SeededRandom random_{1};
  test::TempDir state_;
  InlineWorker worker_{clock_, random_};
  SimNetwork* network_ = nullptr;  // of the sync that runs

 private:
  std::vector<std::string> paths(const std::string& mailbox) const {
    std::vector<std::string> found;
    for (const std::string part : {"/new/", "/cur/"}) {
      for (const std::string& name : disk.names("mail/" + mailbox + part.substr(0, 4))) {
        found.push_back("mail/" + mailbox + part + name);
      }
    }
    return found;
  }

  bool letters_read_ = false;
  std::string refused_;
  std::string command_;
  std::function<void()> at_command_;
};

}  // namespace sterna::simulation
