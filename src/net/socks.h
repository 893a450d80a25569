// SPDX-License-Identifier: Apache-2.0
// The client's side of SOCKS 5 (RFC 1928, RFC 1929): what is said to a proxy before it becomes the
// line to the server.
#pragma once

#include <cstdint>
#include <string>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"
#include "sterna/io/transport.h"

namespace sterna::net {

// Lets the proxy at the other end of `stream` connect to the host, whose name the proxy looks up;
// afterwards the stream is the host's. ErrorCode::resolve and ::connect where the proxy could not,
// ::login (needs_user) where it wants another user, ::protocol where it speaks no SOCKS 5.
coro::Task<Status> connect_by_socks(io::Transport& stream, io::Proxy proxy, std::string host,
                                    std::uint16_t port);

}  // namespace sterna::net
