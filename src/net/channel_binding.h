// SPDX-License-Identifier: Apache-2.0
// What of a TLS connection a login can be bound to.
#pragma once

#include <openssl/ssl.h>

#include <vector>

#include "sterna/io/transport.h"

namespace sterna::net {

// After the handshake, the best first. With TLS 1.3: tls-exporter (RFC 9266), tls-server-end-point
// (RFC 5929 section 4), and tls-unique, which is not defined there (RFC 8446 appendix C.5), but all
// that some servers know. With TLS 1.2: tls-unique (RFC 5929 section 3) where the master secret is
// that of RFC 7627, without which two connections can be made to share it, and
// tls-server-end-point.
std::vector<io::ChannelBinding> channel_bindings_of(SSL* ssl);

}  // namespace sterna::net
