// SPDX-License-Identifier: Apache-2.0
// Whether a server's certificate is good for the host that was meant (RFC 7817, RFC 9525), and if
// not, why, in words that help.
//
// A pin (the SHA-256 of a public key) of the server's own key is proof by itself: the handshake
// shows that the server has that key, so issuer, name and dates do not matter. A pin of another key
// of the chain counts only in a chain that is valid anyway. Where pins are given, one of them must
// match.
#pragma once

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <optional>
#include <string>
#include <vector>

#include "sterna/base/error.h"

namespace sterna::net {

// What one handshake is to prove, and why it did not.
struct PeerCheck {
  std::string host;               // a name or an IP literal
  std::vector<std::string> pins;  // base64 of SHA-256 of SubjectPublicKeyInfo
  std::optional<Error> failure;   // ErrorCode::certificate
};

bool is_ip_literal(const std::string& host);
// Name check without the fallback to the common name and without partial wildcards.
bool expect_host(X509_VERIFY_PARAM* param, const std::string& host);

// The verification of one chain, as the callback of SSL_CTX_set_cert_verify_callback needs it.
bool verify_peer(X509_STORE_CTX* chain, PeerCheck& check);

std::string spki_pin(X509* certificate);
std::string subject_of(X509* certificate);  // printable
std::string issuer_of(X509* certificate);   // printable
std::int64_t expiry_of(X509* certificate);  // seconds since the epoch

}  // namespace sterna::net
