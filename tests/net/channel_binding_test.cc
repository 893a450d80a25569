// SPDX-License-Identifier: Apache-2.0
// What both ends of a TLS connection know and nobody else does: each kind of binding is compared
// with what OpenSSL's server calculates of its own end.
#include "net/channel_binding.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>

#include "certificates.h"

namespace sterna::net {
namespace {

struct Free {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

// Two ends in one thread, shaken hands.
class Ends {
 public:
  Ends(int version, std::uint64_t server_options) : identity_(test::make_authority()) {
    server_context_.reset(SSL_CTX_new(TLS_server_method()));
    client_context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_use_certificate(server_context_.get(), identity_.certificate.get());
    SSL_CTX_use_PrivateKey(server_context_.get(), identity_.key.get());
    SSL_CTX_set_options(server_context_.get(), server_options);
    SSL_CTX_set_min_proto_version(server_context_.get(), version);
    SSL_CTX_set_max_proto_version(server_context_.get(), version);
    server.reset(SSL_new(server_context_.get()));
    client.reset(SSL_new(client_context_.get()));
    BIO* ours = nullptr;
    BIO* theirs = nullptr;
    BIO_new_bio_pair(&ours, 0, &theirs, 0);
    SSL_set_bio(client.get(), ours, ours);
    SSL_set_bio(server.get(), theirs, theirs);
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    for (int i = 0; i < 10; ++i) {
      SSL_do_handshake(client.get());
      SSL_do_handshake(server.get());
    }
    ERR_clear_error();
    EXPECT_TRUE(SSL_is_init_finished(client.get()));
    EXPECT_TRUE(SSL_is_init_finished(server.get()));
  }

  std::string exported_by_server() const {
    const std::string label = "EXPORTER-Channel-Binding";
    std::string data(32, '\0');
    EXPECT_EQ(
        SSL_export_keying_material(server.get(), reinterpret_cast<unsigned char*>(data.data()),
                                   data.size(), label.data(), label.size(), nullptr, 0, 0),
        1);
    return data;
  }

  std::string finished_seen_by_server() const {
    std::string data(EVP_MAX_MD_SIZE, '\0');
    data.resize(SSL_get_peer_finished(server.get(), data.data(), data.size()));
    return data;
  }

  std::string hash_of_certificate() const {
    unsigned char* der = nullptr;
    const int size = i2d_X509(identity_.certificate.get(), &der);
    std::string data(32, '\0');
    EVP_Digest(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(data.data()),
               nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    return data;
  }

 private:
  test::Identity identity_;
  std::unique_ptr<SSL_CTX, Free> server_context_;
  std::unique_ptr<SSL_CTX, Free> client_context_;

 public:
  std::unique_ptr<SSL, Free> server;
  std::unique_ptr<SSL, Free> client;
};

TEST(ChannelBinding, IsExportedWithTls13) {
  const Ends ends(TLS1_3_VERSION, 0);
  const auto found = channel_bindings_of(ends.client.get());
  ASSERT_FALSE(found.empty());
  const auto* binding = &found.front();
  EXPECT_EQ(binding->type, "tls-exporter");
  EXPECT_EQ(binding->data, ends.exported_by_server());
  const Ends others(TLS1_3_VERSION, 0);
  EXPECT_NE(binding->data, others.exported_by_server());
}

TEST(ChannelBinding, IsTheFirstFinishedMessageWithTls12) {
  const Ends ends(TLS1_2_VERSION, 0);
  const auto found = channel_bindings_of(ends.client.get());
  ASSERT_FALSE(found.empty());
  const auto* binding = &found.front();
  EXPECT_EQ(binding->type, "tls-unique");
  EXPECT_EQ(binding->data, ends.finished_seen_by_server());
}

TEST(ChannelBinding, IsTheCertificateWhereTheMasterSecretCouldBeShared) {
  const Ends ends(TLS1_2_VERSION, SSL_OP_NO_EXTENDED_MASTER_SECRET);
  const auto found = channel_bindings_of(ends.client.get());
  ASSERT_FALSE(found.empty());
  const auto* binding = &found.front();
  EXPECT_EQ(binding->type, "tls-server-end-point");
  EXPECT_EQ(binding->data, ends.hash_of_certificate());
}

TEST(ChannelBinding, TheOthersFollow) {
  const Ends ends(TLS1_3_VERSION, 0);
  const auto found = channel_bindings_of(ends.client.get());
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[1].type, "tls-server-end-point");
  EXPECT_EQ(found[1].data, ends.hash_of_certificate());
  EXPECT_EQ(found[2].type, "tls-unique");
  EXPECT_EQ(found[2].data, ends.finished_seen_by_server());
}

}  // namespace
}  // namespace sterna::net
