// SPDX-License-Identifier: Apache-2.0
#include "channel_binding.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sterna::net {
namespace {

constexpr std::size_t kExporterOctets = 32;

std::optional<io::ChannelBinding> exporter(SSL* ssl) {
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  std::array<unsigned char, kExporterOctets> data{};
  // The context is there, and empty.
  const unsigned char none = 0;
  if (SSL_export_keying_material(ssl, data.data(), data.size(), kLabel.data(), kLabel.size(), &none,
                                 0, 1) != 1) {
    return std::nullopt;
  }
  return io::ChannelBinding{"tls-exporter", std::string(data.begin(), data.end())};
}

// The first Finished message of the handshake: ours, as no session is resumed.
std::optional<io::ChannelBinding> unique(SSL* ssl) {
  if (SSL_session_reused(ssl) != 0) return std::nullopt;
  std::string data(EVP_MAX_MD_SIZE, '\0');
  const std::size_t length = SSL_get_finished(ssl, data.data(), data.size());
  if (length == 0 || length > data.size()) return std::nullopt;
  data.resize(length);
  return io::ChannelBinding{"tls-unique", std::move(data)};
}

// The hash of the certificate, where its signature has one of its own.
std::optional<io::ChannelBinding> server_end_point(SSL* ssl) {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  int hash = NID_undef;
  if (!certificate || X509_get_signature_info(certificate, &hash, nullptr, nullptr, nullptr) != 1) {
    return std::nullopt;
  }
  if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
  const EVP_MD* function = EVP_get_digestbynid(hash);
  std::string data(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  if (!function || X509_digest(certificate, function, reinterpret_cast<unsigned char*>(data.data()),
                               &length) != 1) {
    return std::nullopt;
  }
  data.resize(length);
  return io::ChannelBinding{"tls-server-end-point", std::move(data)};
}

}  // namespace

std::vector<io::ChannelBinding> channel_bindings_of(SSL* ssl) {
  const bool is_tls13 = SSL_version(ssl) >= TLS1_3_VERSION;
  const bool is_unique = is_tls13 || SSL_get_extms_support(ssl) == 1;
  std::optional<io::ChannelBinding> found[] = {
      is_tls13    ? exporter(ssl)
      : is_unique ? unique(ssl)
                  : std::nullopt,
      server_end_point(ssl),
      is_tls13 ? unique(ssl) : std::nullopt,
  };
  std::vector<io::ChannelBinding> bindings;
  for (auto& one : found) {
    if (one) bindings.push_back(std::move(*one));
  }
  return bindings;
}

}  // namespace sterna::net
