// SPDX-License-Identifier: Apache-2.0
// TLS on a Transport: from the start, after STARTTLS, below deflate; and how it ends.
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "client.h"
#include "net/deflate.h"
#include "peer.h"
#include "sterna/coro/scope.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;
using test::Connection;
using test::Dialled;
using test::noise;
using test::Peer;
using test::read_octets;
using test::read_to_end;

class TlsTransport : public testing::Test {
 protected:
  TlsTransport() {
    std::ofstream(directory_ / "ca.pem") << authority_.certificate_pem();
    settings_.ca_file = directory_ / "ca.pem";
    settings_.server_name = "mail.example.org";
  }

  Dialled dial(Loop& loop, const Peer& peer) {
    return test::dial(loop, test::tls_endpoint(peer.port(), settings_));
  }

  sterna::test::TempDir directory_;
  test::Identity authority_ = test::make_authority();
  test::Identity server_ = test::issue({}, &authority_);
  io::TlsSettings settings_;
};

TEST_F(TlsTransport, CarriesMuchBothWays) {
  const std::string text = noise(5 << 20);
  Peer peer([&](Connection& connection) {
    ASSERT_TRUE(connection.start_tls(server_));
    EXPECT_TRUE(connection.receive_exactly(text.size()) == text);
    EXPECT_TRUE(connection.send(text));
    connection.end_tls();
  });
  Loop loop;
  Dialled stream = dial(loop, peer);
  ASSERT_TRUE(stream) << stream.error().describe();
  EXPECT_TRUE(loop.run((*stream)->write(text)));
  EXPECT_TRUE(loop.run(read_to_end(**stream)).value() == text);
  ASSERT_TRUE((*stream)->tls_info());
  EXPECT_EQ((*stream)->tls_info()->subject, "CN=mail.example.org");
  EXPECT_GT((*stream)->octets_in(), text.size());
}

TEST_F(TlsTransport, AnEndWithoutCloseNotifyIsACutLine) {
  Peer peer([&](Connection& connection) {
    ASSERT_TRUE(connection.start_tls(server_));
    connection.send("half of some");
  });
  Loop loop;
  Dialled stream = dial(loop, peer);
  ASSERT_TRUE(stream);
  Result<std::string> read = loop.run(read_to_end(**stream));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::disconnected);
}

TEST_F(TlsTransport, SaysGoodbyeToTheServer) {
  Peer peer([&](Connection& connection) {
    ASSERT_TRUE(connection.start_tls(server_));
    EXPECT_EQ(connection.receive_until("\n"), "");
    EXPECT_TRUE(connection.got_close_notify());
  });
  Loop loop;
  Dialled stream = dial(loop, peer);
  ASSERT_TRUE(stream);
  stream->reset();
}

TEST_F(TlsTransport, APlainServerGivesAHint) {
  Peer peer([&](Connection& connection) {
    connection.receive_exactly(1);
    connection.send("* OK IMAP4rev1 ready\r\n");
    connection.wait_for_end();
  });
  Loop loop;
  Dialled refused = dial(loop, peer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::tls);
  EXPECT_NE(refused.error().hint().find("starttls"), std::string::npos);
}

TEST_F(TlsTransport, AServerThatHangsUpInTheHandshakeIsADisconnection) {
  Peer peer([&](Connection& connection) { connection.receive_exactly(1); });
  Loop loop;
  Dialled refused = dial(loop, peer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::disconnected);
}

TEST_F(TlsTransport, BeginsAfterStarttls) {
  Peer peer([&](Connection& connection) {
    connection.send("* OK ready\r\n");
    EXPECT_EQ(connection.receive_until("\r\n"), "a1 STARTTLS\r\n");
    connection.send("a1 OK\r\n");
    ASSERT_TRUE(connection.start_tls(server_));
    EXPECT_EQ(connection.receive_until("\r\n"), "a2 NOOP\r\n");
    connection.send("a2 OK\r\n");
  });
  Loop loop;
  auto stream = test::connect(loop, peer.port());
  EXPECT_EQ(loop.run(read_octets(*stream, 12)).value(), "* OK ready\r\n");
  EXPECT_TRUE(loop.run(stream->write("a1 STARTTLS\r\n")));
  EXPECT_EQ(loop.run(read_octets(*stream, 7)).value(), "a1 OK\r\n");
  Status started = loop.run(stream->start_tls(settings_));
  ASSERT_TRUE(started) << started.error().describe();
  EXPECT_TRUE(loop.run(stream->write("a2 NOOP\r\n")));
  EXPECT_EQ(loop.run(read_octets(*stream, 7)).value(), "a2 OK\r\n");
}

TEST_F(TlsTransport, RefusesOctetsThatCameBeforeTheHandshake) {
  Peer peer([&](Connection& connection) {
    EXPECT_EQ(connection.receive_until("\r\n"), "a1 STARTTLS\r\n");
    connection.send("a1 OK\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n");
    connection.wait_for_end();
  });
  Loop loop;
  auto stream = test::connect(loop, peer.port());
  EXPECT_TRUE(loop.run(stream->write("a1 STARTTLS\r\n")));
  EXPECT_EQ(loop.run(read_octets(*stream, 7)).value(), "a1 OK\r\n");
  Status started = loop.run(stream->start_tls(settings_));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), ErrorCode::protocol);
  EXPECT_EQ(stream->octets_out(), 13u) << "no handshake may begin";
  stream.reset();
}

TEST_F(TlsTransport, CarriesDeflateAboveIt) {
  const std::string text(500'000, 'x');
  Peer peer([&](Connection& connection) {
    ASSERT_TRUE(connection.start_tls(server_));
    Deflater deflater;
    std::string wire;
    deflater.write(text, true, wire);
    connection.send(wire);
    Inflater inflater;
    std::string received;
    while (received.size() < text.size()) {
      std::string octet = connection.receive_exactly(1);
      if (octet.empty()) break;
      inflater.input() += octet;
      ASSERT_TRUE(inflater.read(received, 1 << 20));
    }
    EXPECT_TRUE(received == text);
    connection.wait_for_end();
  });
  Loop loop;
  Dialled stream = dial(loop, peer);
  ASSERT_TRUE(stream);
  ASSERT_TRUE((*stream)->start_deflate(""));
  EXPECT_TRUE(loop.run(read_octets(**stream, text.size())).value() == text);
  EXPECT_TRUE(loop.run((*stream)->write(text)));
  EXPECT_LT((*stream)->octets_out(), text.size() / 10);
  stream->reset();
}

coro::Task<void> keep_code(coro::Task<Dialled> task, std::optional<ErrorCode>& code) {
  Dialled outcome = co_await std::move(task);
  if (!outcome) code = outcome.error().code();
}

coro::Task<void> cancel_dial(Loop& loop, io::Endpoint endpoint, std::optional<ErrorCode>& code) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(keep_code(loop.dialer().dial(endpoint), code));
  static_cast<void>(co_await loop.clock().sleep(30ms));
  co_await scope.close();
}

TEST_F(TlsTransport, AHandshakeCanBeCancelled) {
  Peer peer([&](Connection& connection) { connection.wait_for_end(); });
  Loop loop;
  std::optional<ErrorCode> code;
  loop.run(cancel_dial(loop, test::tls_endpoint(peer.port(), settings_), code));
  EXPECT_EQ(code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace sterna::net
