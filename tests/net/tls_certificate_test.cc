// SPDX-License-Identifier: Apache-2.0
// Whom we trust: one handshake over loopback for each kind of certificate.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "client.h"
#include "net/certificate.h"
#include "peer.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using test::CertificateRequest;
using test::Connection;
using test::Identity;
using test::issue;
using test::Peer;

class Certificates : public testing::Test {
 protected:
  Certificates() {
    std::ofstream(directory_ / "ca.pem") << authority_.certificate_pem();
    trusting_.ca_file = directory_ / "ca.pem";
    trusting_.server_name = "mail.example.org";
  }

  // The error of a handshake with a server that shows `identity`, or nothing if it was accepted.
  std::optional<Error> shake_hands(const Identity& identity, const io::TlsSettings& settings) {
    Peer peer([&](Connection& connection) {
      if (!connection.start_tls(identity)) return;
      connection.send("ok");
      connection.wait_for_end();
    });
    Loop loop;
    test::Dialled dialled = test::dial(loop, test::tls_endpoint(peer.port(), settings));
    if (!dialled) return dialled.error();
    EXPECT_EQ(loop.run(test::read_octets(**dialled, 2)).value_or(""), "ok");
    dialled->reset();
    return std::nullopt;
  }

  void expect_refused(const Identity& identity, const io::TlsSettings& settings,
                      const std::string& why) {
    std::optional<Error> error = shake_hands(identity, settings);
    ASSERT_TRUE(error) << "accepted, although: " << why;
    EXPECT_EQ(error->code(), ErrorCode::certificate);
    EXPECT_EQ(error->disposition(), Disposition::needs_user);
    EXPECT_NE(error->message().find(why), std::string::npos) << error->message();
  }

  sterna::test::TempDir directory_;
  Identity authority_ = test::make_authority();
  io::TlsSettings trusting_;
};

TEST_F(Certificates, AcceptsOneFromAnAuthorityOfTheUser) {
  EXPECT_FALSE(shake_hands(issue({}, &authority_), trusting_));
}

TEST_F(Certificates, AcceptsAWildcardForOneLabel) {
  Identity wildcard = issue({.alternative_names = "DNS:*.example.org"}, &authority_);
  EXPECT_FALSE(shake_hands(wildcard, trusting_));
}

TEST_F(Certificates, RefusesAPartialWildcard) {
  Identity partial = issue({.alternative_names = "DNS:ma*.example.org"}, &authority_);
  expect_refused(partial, trusting_, "wanted mail.example.org, the certificate is for ma*.example");
}

TEST_F(Certificates, NamesTheHostsACertificateIsFor) {
  Identity other =
      issue({.alternative_names = "DNS:a.example.net,DNS:b.example.net,IP:192.0.2.7"}, &authority_);
  expect_refused(other, trusting_,
                 "name mismatch: wanted mail.example.org, the certificate is for a.example.net, "
                 "b.example.net, 192.0.2.7");
}

TEST_F(Certificates, DoesNotFallBackToTheCommonName) {
  Identity nameless =
      issue({.common_name = "mail.example.org", .alternative_names = ""}, &authority_);
  expect_refused(nameless, trusting_, "the certificate is for no name at all");
}

TEST_F(Certificates, ChecksAnAddressAgainstAddresses) {
  io::TlsSettings settings = trusting_;
  settings.server_name = "";  // the host of the endpoint: 127.0.0.1
  EXPECT_FALSE(shake_hands(issue({.alternative_names = "IP:127.0.0.1"}, &authority_), settings));
  expect_refused(issue({.alternative_names = "DNS:127.0.0.1,IP:127.0.0.2"}, &authority_), settings,
                 "name mismatch: wanted 127.0.0.1");
}

TEST_F(Certificates, RefusesAnExpiredOneAndSaysSinceWhen) {
  Identity expired = issue({.begins_in_days = -10, .ends_in_days = -1}, &authority_);
  expect_refused(expired, trusting_, "the server's certificate expired on 20");
}

TEST_F(Certificates, RefusesOneThatIsNotYetValid) {
  Identity early = issue({.begins_in_days = 2}, &authority_);
  expect_refused(early, trusting_, "the server's certificate is not valid before 20");
}

TEST_F(Certificates, RefusesAnUnknownIssuer) {
  const Identity stranger = test::make_authority();
  io::TlsSettings settings = trusting_;
  settings.ca_file = "";
  expect_refused(issue({}, &stranger), settings,
                 "unknown issuer of the server's certificate: CN=Test Authority");
}

// A variable of the environment, for a while.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() { ::unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

TEST_F(Certificates, AcceptsAnAuthorityThatTheEnvironmentNames) {
  io::TlsSettings settings = trusting_;
  const Environment file("SSL_CERT_FILE", std::exchange(settings.ca_file, ""));
  EXPECT_FALSE(shake_hands(issue({}, &authority_), settings));
}

TEST_F(Certificates, NamesAFileOfTheEnvironmentThatCannotBeRead) {
  const Environment file("SSL_CERT_FILE", directory_ / "missing.pem");
  expect_refused(issue({}, &authority_), trusting_, "missing.pem, which SSL_CERT_FILE names");
}

TEST_F(Certificates, SaysWhereNoAuthorityIsFound) {
  const std::filesystem::path authorities = directory_ / "authorities";
  std::filesystem::create_directory(authorities);
  std::ofstream(authorities / "some.pem") << authority_.certificate_pem();
  const Environment directory("SSL_CERT_DIR", authorities);
  io::TlsSettings settings = trusting_;
  settings.ca_file = "";
  const std::optional<Error> bare = shake_hands(issue({}, &authority_), settings);
  ASSERT_TRUE(bare);
  EXPECT_NE(bare->hint().find("openssl rehash"), std::string::npos) << bare->hint();
  EXPECT_NE(bare->hint().find(authorities.string()), std::string::npos) << bare->hint();
  std::ofstream(authorities / "5ad8a5d6.0") << authority_.certificate_pem();
  const std::optional<Error> other = shake_hands(issue({}, &authority_), settings);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->hint().find("openssl rehash"), std::string::npos) << other->hint();
}

TEST_F(Certificates, RefusesASelfSignedOneAndTellsItsPin) {
  const Identity self_signed = issue({});
  std::optional<Error> error = shake_hands(self_signed, trusting_);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::certificate);
  EXPECT_NE(error->message().find("self-signed"), std::string::npos);
  EXPECT_NE(error->hint().find(spki_pin(self_signed.certificate.get())), std::string::npos);
}

TEST_F(Certificates, AcceptsASelfSignedOneThatTheUserTrusts) {
  const Identity self_signed = issue({});
  std::ofstream(directory_ / "own.pem") << self_signed.certificate_pem();
  io::TlsSettings settings = trusting_;
  settings.ca_file = directory_ / "own.pem";
  EXPECT_FALSE(shake_hands(self_signed, settings));
}

TEST_F(Certificates, APinOfTheServersKeyExcusesEverythingElse) {
  const Identity bridge = issue(
      {.alternative_names = "DNS:elsewhere.example", .begins_in_days = -10, .ends_in_days = -1});
  io::TlsSettings settings;
  settings.server_name = "mail.example.org";
  settings.pin_sha256 = {spki_pin(issue({}).certificate.get()), spki_pin(bridge.certificate.get())};
  EXPECT_FALSE(shake_hands(bridge, settings));
}

TEST_F(Certificates, AWrongPinRefusesEvenAValidCertificate) {
  io::TlsSettings settings = trusting_;
  settings.pin_sha256 = {spki_pin(issue({}).certificate.get())};
  expect_refused(issue({}, &authority_), settings, "not one of those in tls.pin_sha256");
}

TEST_F(Certificates, APinOfTheAuthorityStillNeedsAValidCertificate) {
  io::TlsSettings settings = trusting_;
  settings.pin_sha256 = {spki_pin(authority_.certificate.get())};
  EXPECT_FALSE(shake_hands(issue({}, &authority_), settings));
  Identity other = issue({.alternative_names = "DNS:a.example.net"}, &authority_);
  std::optional<Error> error = shake_hands(other, settings);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::certificate);
}

TEST_F(Certificates, ShowsOursToAServerThatAsks) {
  const Identity client = issue({.common_name = "ann"}, &authority_);
  std::ofstream(directory_ / "client.pem") << client.certificate_pem() << client.key_pem();
  io::TlsSettings settings = trusting_;
  settings.client_cert_file = directory_ / "client.pem";
  const Identity server = issue({}, &authority_);
  Peer peer([&](Connection& connection) {
    ASSERT_TRUE(connection.start_tls(server));
    connection.send(connection.client_name() + "\n");
    connection.wait_for_end();
  });
  Loop loop;
  test::Dialled stream = test::dial(loop, test::tls_endpoint(peer.port(), settings));
  ASSERT_TRUE(stream);
  EXPECT_EQ(loop.run(test::read_octets(**stream, 4)).value_or(""), "ann\n");
  stream->reset();
}

// Put in its place, as tools that renew certificates do.
void replace(const std::filesystem::path& file, const std::string& content) {
  const std::filesystem::path beside = file.string() + ".new";
  std::ofstream(beside) << content;
  std::filesystem::rename(beside, file);
}

// One loop for all that it dials, as in a daemon.
class RenewedFiles : public Certificates {
 protected:
  test::Dialled dial(const Peer& peer) {
    return test::dial(loop_, test::tls_endpoint(peer.port(), trusting_));
  }
  std::string read(const test::Dialled& stream, std::size_t octets) {
    return loop_.run(test::read_octets(**stream, octets)).value_or("");
  }

  Loop loop_;
};

TEST_F(RenewedFiles, AnotherAuthorityIsTrustedFromTheNextLineOn) {
  const Identity server = issue({}, &authority_);
  Peer old_peer([&](Connection& connection) {
    ASSERT_TRUE(connection.start_tls(server));
    EXPECT_EQ(connection.receive_exactly(2), "go");
    connection.send("ok");
    connection.wait_for_end();
  });
  test::Dialled old_stream = dial(old_peer);
  ASSERT_TRUE(old_stream);
  const Identity authority = test::make_authority();
  replace(directory_ / "ca.pem", authority.certificate_pem());
  const Identity other = issue({}, &authority);
  Peer peer([&](Connection& connection) {
    ASSERT_TRUE(connection.start_tls(other));
    connection.send("ok");
    connection.wait_for_end();
  });
  test::Dialled stream = dial(peer);
  ASSERT_TRUE(stream) << stream.error().describe();
  EXPECT_EQ(read(stream, 2), "ok");
  ASSERT_TRUE(loop_.run((*old_stream)->write("go")));
  EXPECT_EQ(read(old_stream, 2), "ok");
  stream->reset();
  old_stream->reset();
  Peer distrusted([&](Connection& connection) { connection.start_tls(server); });
  EXPECT_FALSE(dial(distrusted));
}

class RenewedOfOurs : public RenewedFiles {
 protected:
  RenewedOfOurs() {
    trusting_.client_cert_file = directory_ / "client.pem";
    trusting_.client_key_file = directory_ / "client.key";
  }
  std::string name_shown() {
    Peer peer([&](Connection& connection) {
      ASSERT_TRUE(connection.start_tls(server_));
      connection.send(connection.client_name() + "\n");
      connection.wait_for_end();
    });
    test::Dialled stream = dial(peer);
    if (!stream) return stream.error().describe();
    std::string shown = read(stream, 4);
    stream->reset();
    return shown;
  }

  const Identity server_ = issue({}, &authority_);
  const Identity ann_ = issue({.common_name = "ann"}, &authority_);
  const Identity bob_ = issue({.common_name = "bob"}, &authority_);
};

TEST_F(RenewedOfOurs, TheCertificateIsShownAsItIsNow) {
  for (const Identity* client : {&ann_, &bob_}) {
    replace(trusting_.client_cert_file, client->certificate_pem());
    replace(trusting_.client_key_file, client->key_pem());
    EXPECT_EQ(name_shown(), client == &ann_ ? "ann\n" : "bob\n");
  }
}

TEST_F(RenewedOfOurs, TheOldOneIsShownUntilTheKeyIsThereToo) {
  replace(trusting_.client_cert_file, ann_.certificate_pem());
  replace(trusting_.client_key_file, ann_.key_pem());
  EXPECT_EQ(name_shown(), "ann\n");
  replace(trusting_.client_cert_file, bob_.certificate_pem());
  EXPECT_EQ(name_shown(), "ann\n");
  replace(trusting_.client_key_file, bob_.key_pem());
  EXPECT_EQ(name_shown(), "bob\n");
}

TEST_F(Certificates, RefusesAServerThatSpeaksOnlyOldTls) {
  const Identity server = issue({}, &authority_);
  Peer peer(
      [&](Connection& connection) { EXPECT_FALSE(connection.start_tls(server, TLS1_1_VERSION)); });
  Loop loop;
  test::Dialled refused = test::dial(loop, test::tls_endpoint(peer.port(), trusting_));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::tls);
}

}  // namespace
}  // namespace sterna::net
