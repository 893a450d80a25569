// SPDX-License-Identifier: Apache-2.0
// What tests do with a Transport, as tasks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sterna/coro/task.h"
#include "sterna/io/transport.h"
#include "sterna/net/loop.h"

namespace sterna::net::test {

using Dialled = Result<std::unique_ptr<io::Transport>>;

io::Endpoint plain_endpoint(std::uint16_t port);
io::Endpoint tls_endpoint(std::uint16_t port, io::TlsSettings settings);

Dialled dial(Loop& loop, io::Endpoint endpoint);
// Dials, and fails the test if that fails.
std::unique_ptr<io::Transport> connect(Loop& loop, std::uint16_t port);

// Exactly so many octets, or all up to the end of the stream.
coro::Task<Result<std::string>> read_octets(io::Transport& transport, std::size_t octets,
                                            std::size_t at_a_time = 64 * 1024);
coro::Task<Result<std::string>> read_to_end(io::Transport& transport);

// Text without any pattern, the same for the same seed.
std::string noise(std::size_t octets, unsigned seed = 1);

}  // namespace sterna::net::test
