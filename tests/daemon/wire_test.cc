// SPDX-License-Identifier: Apache-2.0
// The lines of the control socket, both ways, and what is refused.
#include "daemon/wire.h"

#include <gtest/gtest.h>

namespace sterna::daemon {
namespace {

using account::AccountReport;
using account::LifeState;

Request there_and_back(const Request& request) {
  const ReadRequest read = read_request(request_line(request));
  EXPECT_TRUE(read.request) << read.request.error().describe();
  return read.request ? *read.request : Request{};
}

std::string refusal_of(const std::string& line) {
  const ReadRequest read = read_request(line);
  EXPECT_FALSE(read.request) << line;
  return read.request ? "" : read.request.error().describe();
}

Error some_error() {
  Error error = Error(ErrorCode::login, "refused \xe9")
                    .with_scope(ErrorScope::account)
                    .with_disposition(Disposition::needs_user)
                    .with_hint("sterna check work");
  error.add_context("login");
  error.add_context("account work");
  return error;
}

void expect_same(const Error& one, const Error& other) {
  EXPECT_EQ(one.code(), other.code());
  EXPECT_EQ(one.scope(), other.scope());
  EXPECT_EQ(one.disposition(), other.disposition());
  EXPECT_EQ(one.describe(), other.describe());
  EXPECT_EQ(one.hint(), other.hint());
}

TEST(WireTest, ARequestComesBackAsItWas) {
  Request request{.id = 7, .op = Op::sync, .accounts = {"work"}, .mailboxes = {}, .until_ms = {}};
  request.mailboxes = {MailboxName("INBOX"), MailboxName("caf\xe9")};
  EXPECT_EQ(there_and_back(request), request);
  for (const Op op : {Op::status, Op::sync, Op::pause, Op::resume, Op::lend, Op::give_back,
                      Op::subscribe, Op::reload}) {
    const Request bare{.id = -1, .op = op, .accounts = {}, .mailboxes = {}, .until_ms = {}};
    EXPECT_EQ(there_and_back(bare), bare);
  }
  const Request pause{
      .id = 1, .op = Op::pause, .accounts = {"a", "b"}, .mailboxes = {}, .until_ms = 12};
  EXPECT_EQ(there_and_back(pause), pause);
}

TEST(WireTest, WhereItsStateIsGoesWithWhateverNamesAccounts) {
  for (const Op op : {Op::status, Op::sync, Op::pause, Op::resume, Op::lend, Op::subscribe}) {
    const Request request{.id = 1,
                          .op = op,
                          .accounts = {},
                          .mailboxes = {},
                          .until_ms = {},
                          .state_dir = "/caf\xe9"};
    EXPECT_EQ(there_and_back(request), request);
  }
  const Request reload{.id = 1,
                       .op = Op::reload,
                       .accounts = {},
                       .mailboxes = {},
                       .until_ms = {},
                       .state_dir = "/state"};
  EXPECT_EQ(request_line(reload), R"({"id":1,"op":"reload"})");
  const Request resume{.id = 1,
                       .op = Op::resume,
                       .accounts = {"work"},
                       .mailboxes = {},
                       .until_ms = {},
                       .keep_waits = true};
  EXPECT_EQ(there_and_back(resume), resume);
}

TEST(WireTest, ARequestIsOneLine) {
  const Request request{
      .id = 7, .op = Op::sync, .accounts = {"a\nb"}, .mailboxes = {}, .until_ms = {}};
  EXPECT_EQ(request_line(request), R"({"id":7,"op":"sync","accounts":["a\nb"]})");
}

TEST(WireTest, WhatIsNoRequestIsRefusedByName) {
  EXPECT_EQ(refusal_of("hello"), "a line is no JSON object");
  EXPECT_EQ(refusal_of(""), "a line is no JSON object");
  EXPECT_EQ(refusal_of(R"([{"id":1,"op":"status"}])"), "a line is no JSON object");
  EXPECT_EQ(refusal_of(R"({"op":"status"})"), "`id` takes a whole number");
  EXPECT_EQ(refusal_of(R"({"id":1})"), "`op` is missing");
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"fly"})"), "there is no op `fly`");
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"status","until_ms":3})"),
            "`status` has no field `until_ms`");
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"sync","accounts":"work"})"),
            "`accounts` takes a list of names");
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"sync","accounts":[]})"),
            "`accounts` is empty; leave it out for all");
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"sync","mailboxes":["INBOX"]})"),
            "`mailboxes` are those of one account: name it in `accounts`");
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"pause","until_ms":-3})"),
            "`until_ms` takes milliseconds since the epoch");
  for (const char* directory : {R"("state")", R"("")", "7"}) {
    EXPECT_EQ(refusal_of(std::string(R"({"id":1,"op":"status","state_dir":)") + directory + "}"),
              "`state_dir` takes an absolute path");
  }
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"reload","state_dir":"/state"})"),
            "`reload` has no field `state_dir`");
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"resume","keep_waits":1})"),
            "`keep_waits` takes true or false");
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"pause","keep_waits":true})"),
            "`pause` has no field `keep_waits`");
}

TEST(WireTest, ARefusalCarriesTheIdWhereThereIsOne) {
  EXPECT_EQ(read_request(R"({"id":5,"op":"fly"})").id, 5);
  EXPECT_EQ(read_request("{").id, std::nullopt);
}

TEST(WireTest, DeepNestingIsNoObject) {
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"status","x":)" + std::string(100'000, '[')),
            "a line is no JSON object");
  const std::string closed = std::string(50, '[') + std::string(50, ']');
  EXPECT_EQ(refusal_of(R"({"id":1,"op":"status","x":)" + closed + "}"), "a line is no JSON object");
}

TEST(WireTest, AReportComesBackAsItWas) {
  AccountReport report;
  report.account = "work";
  report.counts.downloaded = 12;
  report.counts.bytes_out = 1ULL << 60U;
  report.held = 3;
  report.quarantined = 1;
  report.marker_held = true;
  report.anything_done = true;
  report.seconds = 1.5;
  report.errors.push_back(some_error());
  report.waiting.push_back({"Sent \xff", 2, "waits for a quiet moment"});
  const auto message = read_message(reports_line(4, {report}));
  ASSERT_TRUE(message) << message.error().describe();
  EXPECT_EQ(message->kind, Message::Kind::done);
  EXPECT_EQ(message->id, 4);
  ASSERT_EQ(message->reports.size(), 1U);
  const AccountReport& read = message->reports.front();
  EXPECT_EQ(read.account, "work");
  EXPECT_EQ(read.counts.downloaded, 12U);
  EXPECT_EQ(read.counts.bytes_out, 1ULL << 60U);
  EXPECT_EQ(read.held, 3U);
  EXPECT_EQ(read.quarantined, 1U);
  EXPECT_TRUE(read.marker_held);
  EXPECT_TRUE(read.anything_done);
  EXPECT_EQ(read.seconds, 1.5);
  ASSERT_EQ(read.errors.size(), 1U);
  expect_same(read.errors.front(), some_error());
  ASSERT_EQ(read.waiting.size(), 1U);
  EXPECT_EQ(read.waiting.front().mailbox, "Sent \xff");
  EXPECT_EQ(read.waiting.front().count, 2U);
}

TEST(WireTest, ALifeComesBackAsItWas) {
  account::Life life;
  life.error = some_error();
  life.since_ms = 1;
  life.next_try_ms = 2;
  life.pending = 3;
  life.waiting = 2;
  life.last_sync_ms = 4;
  life.last_duration = std::chrono::milliseconds(5);
  life.held = 6;
  life.quarantined = 7;
  life.pushed = {"INBOX", "caf\xe9"};
  life.push_by = "IDLE";
  life.connections = 8;
  life.watches = 9;
  life.watch_obstacle = "no more watches";
  life.disk_silent = true;
  life.certificate_expires_ms = 14;
  life.token_expires_ms = 15;
  life.counters.syncs = 10;
  life.counters.reconnects["slept"] = 11;
  life.counters.moved.uploaded = 12;
  life.counters.push_latency_max = std::chrono::milliseconds(13);
  for (int i = 0; i <= static_cast<int>(LifeState::error); ++i) {
    life.state = static_cast<LifeState>(i);
    const auto message = read_message(life_event({"work", life}));
    ASSERT_TRUE(message) << message.error().describe();
    EXPECT_EQ(message->kind, Message::Kind::life);
    ASSERT_EQ(message->lives.size(), 1U);
    EXPECT_EQ(message->lives.front().name, "work");
    const account::Life& read = message->lives.front().life;
    EXPECT_EQ(read.state, life.state) << to_string(life.state);
    expect_same(*read.error, *life.error);
    EXPECT_EQ(read.since_ms, 1);
    EXPECT_EQ(read.next_try_ms, 2);
    EXPECT_EQ(read.pending, 3U);
    EXPECT_EQ(read.waiting, 2U);
    EXPECT_EQ(read.last_sync_ms, 4);
    EXPECT_EQ(read.last_duration, life.last_duration);
    EXPECT_EQ(read.held, 6U);
    EXPECT_EQ(read.quarantined, 7U);
    EXPECT_EQ(read.pushed, life.pushed);
    EXPECT_EQ(read.push_by, "IDLE");
    EXPECT_EQ(read.connections, 8U);
    EXPECT_EQ(read.watches, 9U);
    EXPECT_EQ(read.watch_obstacle, "no more watches");
    EXPECT_TRUE(read.disk_silent);
    EXPECT_EQ(read.certificate_expires_ms, 14);
    EXPECT_EQ(read.token_expires_ms, 15);
    EXPECT_EQ(read.counters.syncs, 10U);
    EXPECT_EQ(read.counters.reconnects, life.counters.reconnects);
    EXPECT_EQ(read.counters.moved.uploaded, 12U);
    EXPECT_EQ(read.counters.push_latency_max, life.counters.push_latency_max);
  }
}

TEST(WireTest, ALifeWithoutErrorHasNone) {
  const auto message = read_message(lives_line(1, {{"work", {}}, {"home", {}, "0a1b"}}));
  ASSERT_TRUE(message);
  ASSERT_EQ(message->lives.size(), 2U);
  EXPECT_EQ(message->lives.back().name, "home");
  EXPECT_FALSE(message->lives.front().life.error);
  EXPECT_EQ(message->lives.front().settings, "");
  EXPECT_EQ(message->lives.back().settings, "0a1b");
}

TEST(WireTest, TheOtherLinesComeBack) {
  const auto hello = read_message(hello_line("0.1.0"));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->kind, Message::Kind::hello);
  EXPECT_EQ(hello->version, "0.1.0");
  EXPECT_EQ(hello->protocol, kProtocol);
  EXPECT_EQ(hello->revision, kRevision);
  EXPECT_EQ(read_message(R"({"sterna":"0.1.0","protocol":1})")->revision, 0);

  const ProgressNote note{"work", 10, 2000, 3, 400, "fetching"};
  const auto progress = read_message(progress_line(2, note));
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->kind, Message::Kind::progress);
  EXPECT_EQ(progress->id, 2);
  EXPECT_EQ(progress->progress, note);

  const auto failed = read_message(failed_line(3, some_error()));
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, Message::Kind::failed);
  expect_same(*failed->error, some_error());
  EXPECT_EQ(read_message(failed_line(std::nullopt, some_error()))->id, std::nullopt);

  EXPECT_EQ(read_message(done_line(4))->kind, Message::Kind::done);
  EXPECT_EQ(read_message(synced_event({}))->kind, Message::Kind::synced);
}

TEST(WireTest, WhatADaemonNeverSaysIsAnError) {
  for (const char* line : {"", "{}", "[]", R"({"id":1})", R"({"event":"life"})"}) {
    const auto message = read_message(line);
    if (message) EXPECT_EQ(message->kind, Message::Kind::life) << line;
  }
  EXPECT_FALSE(read_message("garbage"));
}

}  // namespace
}  // namespace sterna::daemon
