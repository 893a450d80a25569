// SPDX-License-Identifier: Apache-2.0
// TlsContext: OpenSSL's settings for connections with the same TlsSettings, made once and shared by
// them.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/io/transport.h"

namespace sterna::net {

class TlsContext {
 public:
  // Reads ca_file and the client's certificate; ErrorCode::certificate if that fails,
  // ErrorCode::config for a pin that is no SHA-256 in base64 or an unknown min_version.
  static Result<std::unique_ptr<TlsContext>> create(const io::TlsSettings& settings);

  SSL_CTX* get() const { return context_.get(); }
  const io::TlsSettings& settings() const { return settings_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  TlsContext(SSL_CTX* context, io::TlsSettings settings)
      : context_(context), settings_(std::move(settings)) {}

  std::unique_ptr<SSL_CTX, Free> context_;
  io::TlsSettings settings_;
};

// Lets a context trust the system's authorities, which SSL_CERT_DIR and SSL_CERT_FILE may name, and
// those in `ca_file`, unless it is empty; `key` is what the configuration calls that file.
Status trust_authorities(SSL_CTX* context, const std::string& ca_file, std::string_view key);

// The first error of OpenSSL's queue as words, and the queue emptied.
std::string take_openssl_error();

}  // namespace sterna::net
