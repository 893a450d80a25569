// SPDX-License-Identifier: Apache-2.0
// A client, and a server that a test speaks for, line by line.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "describe.h"
#include "sterna/imap/client.h"
#include "sterna/imap/commands.h"

namespace sterna::imap::testing {

inline const WireName kInbox{"INBOX"};
inline const UidSet kUids = UidSet::single(Uid{5});

class ClientFixture : public ::testing::Test {
 protected:
  explicit ClientFixture(Limits limits = {}) : client(limits) {}

  void greet(const std::string& capabilities = "") {
    server(capabilities.empty() ? "* OK hi" : "* OK [CAPABILITY " + capabilities + "] hi");
  }
  // A line from the server. Fails the test if the client breaks over it.
  void server(const std::string& line) {
    const auto consumed = client.feed(line + "\r\n", events);
    ASSERT_TRUE(consumed) << consumed.error().message();
  }
  std::string broken(const std::string& line) {
    const auto consumed = client.feed(line + "\r\n", events);
    return consumed ? "" : consumed.error().message();
  }
  CommandId submit(Result<Command> command) {
    auto id = client.submit(std::move(command));
    EXPECT_TRUE(id) << (id ? "" : id.error().message());
    return id ? *id : CommandId{};
  }
  ErrorCode refused(Result<Command> command) {
    auto id = client.submit(std::move(command));
    EXPECT_FALSE(id);
    return id ? ErrorCode::internal : id.error().code();
  }
  std::string sent() { return client.take_output(); }
  std::string last_event() { return events.events.empty() ? "" : events.events.back(); }
  void select(const std::string& tag) {
    submit(imap::select(kInbox));
    sent();
    server("* 3 EXISTS");
    server("* FLAGS (\\Seen)");
    server("* OK [UIDVALIDITY 7] x");
    server(tag + " OK [READ-WRITE] done");
  }

  Client client;
  Recorder events;
};

}  // namespace sterna::imap::testing
