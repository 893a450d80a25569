// SPDX-License-Identifier: Apache-2.0
// io::Http over libcurl: one request a connection.
#pragma once

#include <memory>

#include "sterna/io/http.h"
#include "sterna/net/loop.h"

namespace sterna::net {

// For the loop's thread. Each request has a thread of its own while it lasts, so that a server that
// does not answer keeps nobody waiting who works with files; a request that is cancelled ends
// within a second. Trust is that of the mail connections: the system's authorities, SSL_CERT_DIR,
// SSL_CERT_FILE. The proxy is that of https_proxy, all_proxy and no_proxy.
std::unique_ptr<io::Http> make_http(Loop& loop);

}  // namespace sterna::net
