// SPDX-License-Identifier: Apache-2.0
// A Transport without TLS: over TCP on loopback and over the pipe of a tunnel.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <latch>
#include <optional>
#include <thread>
#include <utility>

#include "client.h"
#include "net/deflate.h"
#include "peer.h"
#include "sterna/coro/scope.h"
#include "sterna/io/deadline.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;
using test::connect;
using test::Connection;
using test::noise;
using test::Peer;
using test::read_octets;
using test::read_to_end;

TEST(PlainStream, CarriesLinesBothWays) {
  Peer peer([](Connection& connection) {
    connection.send("* OK ready\r\n");
    EXPECT_EQ(connection.receive_until("\r\n"), "a1 NOOP\r\n");
    connection.send("a1 OK\r\n");
  });
  Loop loop;
  auto stream = connect(loop, peer.port());
  EXPECT_EQ(loop.run(read_octets(*stream, 12)).value(), "* OK ready\r\n");
  EXPECT_TRUE(loop.run(stream->write("a1 NOOP\r\n")));
  EXPECT_EQ(loop.run(read_to_end(*stream)).value(), "a1 OK\r\n");
  EXPECT_EQ(stream->octets_in(), 19u);
  EXPECT_EQ(stream->octets_out(), 9u);
  EXPECT_FALSE(stream->tls_info());
  EXPECT_EQ(stream->peer(), "127.0.0.1");
}

TEST(PlainStream, CarriesMuchBothWaysAtOnce) {
  const std::string text = noise(20 << 20);
  Peer peer([&](Connection& connection) {
    std::thread sender([&] { EXPECT_TRUE(connection.send(text)); });
    EXPECT_TRUE(connection.receive_exactly(text.size()) == text);
    sender.join();
  });
  Loop loop;
  auto stream = connect(loop, peer.port());
  auto both = [&]() -> coro::Task<Result<std::string>> {
    coro::Scope scope = co_await coro::make_scope();
    auto write = [&]() -> coro::Task<void> {
      Status status = co_await stream->write(text);
      EXPECT_TRUE(status);
    };
    scope.spawn(write());
    Result<std::string> read = co_await read_octets(*stream, text.size(), 256 * 1024);
    co_await scope.join();
    co_return read;
  };
  EXPECT_TRUE(loop.run(both()).value() == text);
}

TEST(PlainStream, DoesNotReadMoreThanAskedFor) {
  Peer peer([](Connection& connection) { connection.send("abcdef"); });
  Loop loop;
  auto stream = connect(loop, peer.port());
  EXPECT_EQ(loop.run(read_octets(*stream, 3, 1)).value(), "abc");
  EXPECT_EQ(stream->octets_in(), 3u);
  EXPECT_EQ(loop.run(read_to_end(*stream)).value(), "def");
}

TEST(PlainStream, HoldsThePeerBackWhileNobodyReads) {
  std::size_t sent = 0;
  Peer peer([&](Connection& connection) {
    const std::string chunk(64 * 1024, 'x');
    while (::send(connection.fd(), chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
      sent += chunk.size();
  });
  Loop loop;
  auto stream = connect(loop, peer.port());
  peer.join();
  EXPECT_LT(sent, std::size_t{64} << 20) << "the kernel's buffers are the only ones";
  EXPECT_EQ(stream->octets_in(), 0u);
}

TEST(PlainStream, AResetIsADisconnection) {
  Peer peer([](Connection& connection) {
    connection.receive_until("\n");
    connection.reset();
  });
  Loop loop;
  auto stream = connect(loop, peer.port());
  EXPECT_TRUE(loop.run(stream->write("x\n")));
  Result<std::string> read = loop.run(read_to_end(*stream));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::disconnected);
}

coro::Task<Status> write_until_it_fails(io::Transport& stream) {
  while (true) STERNA_CO_CHECK(co_await stream.write(std::string(1 << 20, 'x')));
}

TEST(PlainStream, WritingToSomeoneWhoLeftFails) {
  Peer peer([](Connection& connection) {
    connection.receive_exactly(1);
    connection.reset();
  });
  Loop loop;
  auto stream = connect(loop, peer.port());
  Status status = loop.run(write_until_it_fails(*stream));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::disconnected);
}

coro::Task<void> keep_read(io::Transport& stream, std::optional<ErrorCode>& code) {
  std::string text;
  Result<std::size_t> count = co_await stream.read_some(text, 100);
  if (!count) code = count.error().code();
}

coro::Task<void> keep_write(io::Transport& stream, std::optional<ErrorCode>& code) {
  Status status = co_await write_until_it_fails(stream);
  if (!status) code = status.error().code();
}

struct Pending {
  std::optional<ErrorCode> read;
  std::optional<ErrorCode> write;
};

coro::Task<void> interrupt(Loop& loop, io::Transport& stream, Pending& outcome, bool by_closing) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(keep_read(stream, outcome.read));
  scope.spawn(keep_write(stream, outcome.write));
  // Until the peer, which reads nothing, holds the writer back.
  std::uint64_t before = 1;
  while (stream.octets_out() != std::exchange(before, stream.octets_out()))
    static_cast<void>(co_await loop.clock().sleep(20ms));
  if (by_closing)
    stream.close();
  else
    scope.cancel();
  co_await scope.join();
}

TEST(PlainStream, CancellingEndsAReadAndAWriteThatWait) {
  std::latch finished(1);
  Peer peer([&](Connection&) { finished.wait(); });
  Loop loop;
  auto stream = connect(loop, peer.port());
  Pending outcome;
  loop.run(interrupt(loop, *stream, outcome, false));
  EXPECT_EQ(outcome.read, ErrorCode::cancelled);
  EXPECT_EQ(outcome.write, ErrorCode::cancelled);
  Status status = loop.run(stream->write("more"));
  ASSERT_FALSE(status) << "a stream that was cut in the middle takes nothing more";
  EXPECT_EQ(status.error().code(), ErrorCode::disconnected);
  finished.count_down();
}

TEST(PlainStream, ClosingEndsAReadAndAWriteThatWait) {
  std::latch finished(1);
  Peer peer([&](Connection&) { finished.wait(); });
  Loop loop;
  auto stream = connect(loop, peer.port());
  Pending outcome;
  loop.run(interrupt(loop, *stream, outcome, true));
  EXPECT_EQ(outcome.read, ErrorCode::disconnected);
  EXPECT_EQ(outcome.write, ErrorCode::disconnected);
  std::string text;
  EXPECT_FALSE(loop.run(stream->read_some(text, 1)));
  finished.count_down();
}

coro::Task<void> cancel_reader(Loop& loop, io::Transport& stream, std::uint64_t& read) {
  coro::Scope scope = co_await coro::make_scope();
  auto reader = [&]() -> coro::Task<void> {
    std::string text;
    while (true) {
      text.clear();
      Result<std::size_t> count = co_await stream.read_some(text, 4096);
      if (!count || *count == 0) break;
      read += *count;
    }
  };
  scope.spawn(reader());
  static_cast<void>(co_await loop.clock().sleep(20ms));
  co_await scope.close();
}

TEST(PlainStream, AReaderThatNeverHasToWaitCanBeCancelledAndLetsTimersRun) {
  Peer peer([](Connection& connection) {
    const std::string chunk(256 * 1024, 'x');
    while (connection.send(chunk)) {
    }
  });
  Loop loop;
  auto stream = connect(loop, peer.port());
  std::uint64_t read = 0;
  loop.run(cancel_reader(loop, *stream, read));
  EXPECT_GT(read, 0u);
  stream.reset();
}

TEST(PlainStream, DeflatesBothWaysAfterASwitch) {
  const std::string text = "* 1 FETCH\r\n" + std::string(100'000, 'x') + noise(10'000);
  Peer peer([&](Connection& connection) {
    Deflater deflater;
    Inflater inflater;
    std::string wire;
    deflater.write(text, true, wire);
    // The first deflated octets come in one packet with the line before them.
    connection.send("a1 OK\r\n" + wire);
    std::string received;
    while (received != "a2 NOOP\r\n") {
      std::string more = connection.receive_exactly(1);
      if (more.empty()) break;
      inflater.input() += more;
      EXPECT_TRUE(inflater.read(received, 100));
    }
    EXPECT_EQ(received, "a2 NOOP\r\n");
    connection.wait_for_end();
  });
  Loop loop;
  auto stream = connect(loop, peer.port());
  std::string first;
  while (!first.starts_with("a1 OK\r\n")) ASSERT_TRUE(loop.run(stream->read_some(first, 4096)));
  ASSERT_TRUE(stream->start_deflate(first.substr(7)));
  EXPECT_TRUE(loop.run(read_octets(*stream, text.size(), 1000)).value() == text);
  EXPECT_LT(stream->octets_in(), text.size() / 2);
  EXPECT_TRUE(loop.run(stream->write("a2 NOOP\r\n")));
  stream.reset();
}

TEST(Dialer, SaysWhereNobodyListens) {
  const std::uint16_t port = test::unused_port();
  Loop loop;
  test::Dialled none = test::dial(loop, test::plain_endpoint(port));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::connect);
  EXPECT_EQ(none.error().describe(),
            "127.0.0.1:" + std::to_string(port) + ": 127.0.0.1: Connection refused");
}

TEST(Tunnel, SpeaksToAProgram) {
  Loop loop;
  io::Endpoint endpoint;
  endpoint.tls_mode = io::TlsMode::none;
  endpoint.tunnel = {"cat"};
  test::Dialled stream = test::dial(loop, endpoint);
  ASSERT_TRUE(stream);
  EXPECT_TRUE(loop.run((*stream)->write("a1 NOOP\r\n")));
  EXPECT_EQ(loop.run(read_octets(**stream, 9)).value(), "a1 NOOP\r\n");
}

TEST(Tunnel, EndsWithItsProgram) {
  Loop loop;
  io::Endpoint endpoint;
  endpoint.tls_mode = io::TlsMode::none;
  endpoint.tunnel = {"sh", "-c", "echo bye"};
  test::Dialled stream = test::dial(loop, endpoint);
  ASSERT_TRUE(stream);
  EXPECT_EQ(loop.run(read_to_end(**stream)).value(), "bye\n");
}

TEST(Tunnel, SaysThatItsProgramIsMissing) {
  Loop loop;
  io::Endpoint endpoint;
  endpoint.tunnel = {"/nonexistent/program"};
  test::Dialled none = test::dial(loop, endpoint);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::connect);
  EXPECT_EQ(none.error().disposition(), Disposition::needs_user);
  EXPECT_NE(none.error().describe().find("/nonexistent/program"), std::string::npos);
}

TEST(Tunnel, TellsWhatItsProgramSaysBeside) {
  Loop loop;
  io::Endpoint endpoint;
  endpoint.tls_mode = io::TlsMode::none;
  // More than a pipe holds: a program that nobody listens to would wait for ever.
  endpoint.tunnel = {"sh", "-c", "head -c 200000 /dev/zero >&2; echo last words >&2; echo bye"};
  test::Dialled stream = test::dial(loop, endpoint);
  ASSERT_TRUE(stream);
  EXPECT_EQ(loop.run(read_to_end(**stream)).value(), "bye\n");
  const std::string remarks = (*stream)->take_remarks();
  EXPECT_TRUE(remarks.ends_with("last words\n"));
  EXPECT_LE(remarks.size(), 4096U);
  EXPECT_EQ((*stream)->take_remarks(), "");
}

}  // namespace
}  // namespace sterna::net
