// SPDX-License-Identifier: Apache-2.0
// TlsStream against OpenSSL's server, without a socket between them.
#include "net/tls_stream.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>

#include <array>
#include <fstream>

#include "certificates.h"
#include "client.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using test::noise;

class Server {
 public:
  explicit Server(const test::Identity& identity) {
    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context_.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), identity.key.get());
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }

  void take(std::string_view octets) {
    BIO_write(SSL_get_rbio(ssl_.get()), octets.data(), static_cast<int>(octets.size()));
  }
  std::string give() {
    char* data = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &data);
    std::string octets(data, static_cast<std::size_t>(size));
    static_cast<void>(BIO_reset(SSL_get_wbio(ssl_.get())));
    return octets;
  }
  void shake_hands() {
    SSL_do_handshake(ssl_.get());
    ERR_clear_error();
  }
  void write(std::string_view text) {
    std::size_t written = 0;
    ASSERT_EQ(SSL_write_ex(ssl_.get(), text.data(), text.size(), &written), 1);
  }
  std::string read() {
    std::string text;
    std::array<char, 4096> chunk;
    std::size_t count = 0;
    while (SSL_read_ex(ssl_.get(), chunk.data(), chunk.size(), &count) == 1)
      text.append(chunk.data(), count);
    ERR_clear_error();
    return text;
  }
  void ask_for_new_keys() {
    ASSERT_EQ(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED), 1);
    shake_hands();
  }
  void end() { SSL_shutdown(ssl_.get()); }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

class TlsStreamTest : public testing::Test {
 protected:
  TlsStreamTest() {
    io::TlsSettings settings;
    settings.ca_file = directory_ / "ca.pem";
    std::ofstream(settings.ca_file) << authority_.certificate_pem();
    context_ = TlsContext::create(settings).value();
    stream_ = TlsStream::create(*context_, "mail.example.org").value();
  }

  // Octets for the server, and whatever it answers.
  void deliver() {
    server_.take(std::exchange(stream_->output(), {}));
    server_.shake_hands();
  }

  void shake_hands() {
    Result<TlsStream::Step> step = stream_->handshake();
    while (step && *step == TlsStream::Step::wants_input) {
      deliver();
      stream_->input() += server_.give();
      step = stream_->handshake();
    }
    ASSERT_TRUE(step) << step.error().describe();
    deliver();
  }

  std::string read_all(std::size_t at_a_time = 1 << 20) {
    std::string text;
    while (true) {
      Result<std::size_t> count = stream_->read(text, at_a_time);
      EXPECT_TRUE(count);
      if (!count || *count == 0) return text;
    }
  }

  sterna::test::TempDir directory_;
  test::Identity authority_ = test::make_authority();
  test::Identity identity_ = test::issue({}, &authority_);
  Server server_{identity_};
  std::unique_ptr<TlsContext> context_;
  std::unique_ptr<TlsStream> stream_;
};

TEST_F(TlsStreamTest, CarriesManyRecordsBothWays) {
  shake_hands();
  const std::string text = noise(300'000);
  server_.write(text);
  stream_->input() += server_.give();
  EXPECT_TRUE(read_all() == text);
  ASSERT_TRUE(stream_->write(text));
  server_.take(std::exchange(stream_->output(), {}));
  EXPECT_TRUE(server_.read() == text);
}

TEST_F(TlsStreamTest, TakesItsInputOctetByOctet) {
  Result<TlsStream::Step> step = stream_->handshake();
  while (step && *step == TlsStream::Step::wants_input) {
    deliver();
    for (char octet : server_.give()) {
      ASSERT_TRUE(step);
      ASSERT_EQ(*step, TlsStream::Step::wants_input);
      stream_->input() += octet;
      step = stream_->handshake();
    }
  }
  ASSERT_TRUE(step);
  deliver();
  server_.write("* OK ready\r\n");
  std::string text;
  for (char octet : server_.give()) {
    stream_->input() += octet;
    text += read_all(3);
  }
  EXPECT_EQ(text, "* OK ready\r\n");
}

TEST_F(TlsStreamTest, FollowsTheServerToNewKeysInBothDirections) {
  shake_hands();
  server_.ask_for_new_keys();
  server_.write("after");
  stream_->input() += server_.give();
  EXPECT_EQ(read_all(), "after");
  ASSERT_TRUE(stream_->write("answer"));
  server_.take(std::exchange(stream_->output(), {}));
  EXPECT_EQ(server_.read(), "answer");
}

TEST_F(TlsStreamTest, KnowsAnOrderlyEnd) {
  shake_hands();
  server_.write("bye");
  server_.end();
  stream_->input() += server_.give();
  EXPECT_EQ(read_all(), "bye");
  EXPECT_TRUE(stream_->ended());
}

TEST_F(TlsStreamTest, GivesOutWhatCameBeforeDamageAndThenTheError) {
  shake_hands();
  server_.write("whole");
  stream_->input() += server_.give();
  server_.write("damaged");
  std::string damaged = server_.give();
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  stream_->input() += damaged;
  std::string text;
  ASSERT_TRUE(stream_->read(text, 100));
  EXPECT_EQ(text, "whole");
  for (int i = 0; i < 2; ++i) {
    Result<std::size_t> count = stream_->read(text, 100);
    ASSERT_FALSE(count);
    EXPECT_EQ(count.error().code(), ErrorCode::tls);
  }
}

TEST_F(TlsStreamTest, TellsWhatWasAgreedOn) {
  shake_hands();
  const io::TlsInfo info = stream_->info();
  EXPECT_EQ(info.version, "TLSv1.3");
  EXPECT_NE(info.cipher, "");
  EXPECT_EQ(info.subject, "CN=mail.example.org");
  EXPECT_EQ(info.issuer, "CN=Test Authority");
  EXPECT_GT(info.expires, 0);
}

TEST(TlsContext, RefusesSettingsThatMeanNothing) {
  io::TlsSettings settings;
  settings.min_version = "1.1";
  EXPECT_EQ(TlsContext::create(settings).error().code(), ErrorCode::config);
  settings = {};
  settings.pin_sha256 = {"deadbeef"};
  EXPECT_EQ(TlsContext::create(settings).error().code(), ErrorCode::config);
  settings = {};
  settings.ca_file = "/nonexistent/ca.pem";
  Result<std::unique_ptr<TlsContext>> missing = TlsContext::create(settings);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ErrorCode::certificate);
  EXPECT_NE(missing.error().message().find("/nonexistent/ca.pem"), std::string::npos);
}

}  // namespace
}  // namespace sterna::net
