// SPDX-License-Identifier: Apache-2.0
// AccountWorld: one account on a real disk, with its settings, its base and its Maildir, and no
// server.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "sterna/account/settings.h"
#include "sterna/net/loop.h"
#include "sterna/store/store.h"
#include "tests/support/temp_dir.h"

namespace sterna::account::test {

class AccountWorld : public testing::Test {
 protected:
  AccountWorld() {
    settings_.name = "work";
    settings_.user = "ann";
    settings_.maildir = dir_ / "mail";
    settings_.state_dir = dir_ / "state";
    settings_.password = no_password;
    settings_.includes = [](const MailboxName&, Role) { return true; };
    settings_.policy_for = [](const MailboxName&) { return MailboxPolicy{}; };
    settings_.to_local = [](const MailboxName& name) { return Result<MailboxName>(name); };
    settings_.to_remote = [](const MailboxName& name) { return Result<MailboxName>(name); };
  }

  static coro::Task<Result<Secret>> no_password() {
    co_return fail(ErrorCode::secret, "nobody asks in this test");
  }

  Services services() {
    return {loop_.clock(), loop_.worker(), loop_.dialer(), loop_.random(), loop_.file_system()};
  }
  io::FileSystem& files() { return loop_.file_system(); }

  // The base, with its lock; give it back before what is tested opens it.
  std::unique_ptr<store::Store> open() {
    auto opened = store::Store::open(settings_.state_dir, false);
    EXPECT_TRUE(opened) << opened.error().describe();
    return std::move(*opened);
  }

  // One transaction on the base.
  void write(const std::function<void(store::Store&)>& change) {
    const auto base = open();
    write(*base, change);
  }
  static void write(store::Store& base, const std::function<void(store::Store&)>& change) {
    auto transaction = base.begin(store::Durability::full);
    ASSERT_TRUE(transaction) << transaction.error().describe();
    change(base);
    ASSERT_TRUE(transaction->commit());
  }

  static MailboxId add_mailbox(store::Store& base, const std::string& name,
                               const std::string& path) {
    MailboxRow row;
    row.name = MailboxName(name);
    row.wire = {name};
    row.path = path;
    row.has_local = row.has_remote = true;
    row.cursor.uidvalidity = UidValidity{7};
    row.stamp = "as listed";
    auto added = base.add_mailbox(row);
    EXPECT_TRUE(added) << added.error().describe();
    return *added;
  }

  static MessageRow row(MailboxId mailbox, std::uint32_t uid, const std::string& base_name,
                        RowState state = RowState::present) {
    MessageRow row;
    row.key = {mailbox, Uid{uid}};
    row.state = state;
    row.base_name = base_name;
    row.info = base_name.empty() ? "" : ":2,";
    return row;
  }

  void make_mailbox(const std::string& path) {
    for (const char* part : {"cur", "new", "tmp"}) {
      std::filesystem::create_directories(settings_.maildir + "/" + path + "/" + part);
    }
  }
  void write_file(const std::string& path, const std::string& content) {
    std::ofstream(settings_.maildir + "/" + path, std::ios::binary) << content;
  }

  sterna::test::TempDir dir_;
  net::Loop loop_;
  Settings settings_;
};

}  // namespace sterna::account::test
