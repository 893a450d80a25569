// SPDX-License-Identifier: Apache-2.0
#include "tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <cstdlib>
#include <cstring>

#include "certificate.h"
#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna::net {
namespace {

int verify_callback(X509_STORE_CTX* chain, void*) {
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return verify_peer(chain, *static_cast<PeerCheck*>(SSL_get_app_data(ssl))) ? 1 : 0;
}

// A key with a passphrase would make OpenSSL ask on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Result<int> minimum(const std::string& version) {
  if (version == "1.2") return TLS1_2_VERSION;
  if (version == "1.3") return TLS1_3_VERSION;
  return fail(ErrorCode::config, fmt::format("unknown TLS version {}", printable(version, 20)));
}

Status check_pins(const std::vector<std::string>& pins) {
  for (const std::string& pin : pins) {
    std::optional<std::string> raw = base64_decode(pin);
    if (!raw || raw->size() != 32)
      return fail(ErrorCode::config,
                  fmt::format("{} is not a SHA-256 digest in base64", printable(pin, 80)));
  }
  return {};
}

Status unreadable(std::string_view what, const std::string& file) {
  return fail(Error(ErrorCode::certificate,
                    fmt::format("{} {}: {}", what, printable(file), take_openssl_error()))
                  .with_hint("it must be a file in PEM that whoever runs Sterna can read; mend it, "
                             "or its name in the configuration"));
}

Status load_client_certificate(SSL_CTX* context, const io::TlsSettings& settings) {
  if (settings.client_cert_file.empty()) return {};
  const std::string& key =
      settings.client_key_file.empty() ? settings.client_cert_file : settings.client_key_file;
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(context, settings.client_cert_file.c_str()) != 1)
    return unreadable("cannot read tls.client_cert", settings.client_cert_file);
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return unreadable(settings.client_key_file.empty() ? "cannot read the key in tls.client_cert"
                                                       : "cannot read tls.client_key",
                      key);
  return {};
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  if (reason) return reason;
  if (code != 0 && ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  return "unknown error";
}

Status trust_authorities(SSL_CTX* context, const std::string& ca_file, std::string_view key) {
  // The hashed directory, which SSL_CERT_DIR may name, is read a certificate at a time, when one is
  // needed. The bundle, which SSL_CTX_set_default_verify_paths would add, takes 27 ms to parse: it
  // is read where somebody asks for it.
  if (SSL_CTX_set_default_verify_dir(context) != 1)
    return unreadable("cannot use", X509_get_default_cert_dir());
  if (const char* bundle = ::secure_getenv(X509_get_default_cert_file_env());
      bundle && SSL_CTX_load_verify_file(context, bundle) != 1) {
    return fail(
        Error(ErrorCode::certificate, fmt::format("cannot read {}, which SSL_CERT_FILE names: {}",
                                                  printable(bundle), take_openssl_error()))
            .with_hint("mend the file, or unset SSL_CERT_FILE in the environment"));
  }
  if (ca_file.empty()) return {};
  if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1)
    return unreadable(fmt::format("cannot read {}", key), ca_file);
  // Whatever the user puts there is trusted, also a server's own or an intermediate certificate.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

Result<std::unique_ptr<TlsContext>> TlsContext::create(const io::TlsSettings& settings) {
  STERNA_TRY(int version, minimum(settings.min_version));
  STERNA_CHECK(check_pins(settings.pin_sha256));
  ERR_clear_error();
  SSL_CTX* raw = SSL_CTX_new(TLS_client_method());
  if (!raw) return fail(ErrorCode::tls, take_openssl_error());
  std::unique_ptr<TlsContext> context(new TlsContext(raw, settings));
  SSL_CTX_set_min_proto_version(raw, version);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Idle connections are many; their record buffers need not stay.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(raw, verify_callback, nullptr);
  STERNA_CHECK(trust_authorities(raw, settings.ca_file, "tls.ca_file"));
  STERNA_CHECK(load_client_certificate(raw, settings));
  return context;
}

}  // namespace sterna::net
