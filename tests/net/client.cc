// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sterna/base/assert.h"

namespace sterna::net::test {

io::Endpoint plain_endpoint(std::uint16_t port) {
  io::Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port;
  endpoint.tls_mode = io::TlsMode::none;
  return endpoint;
}

io::Endpoint tls_endpoint(std::uint16_t port, io::TlsSettings settings) {
  io::Endpoint endpoint = plain_endpoint(port);
  endpoint.tls_mode = io::TlsMode::implicit;
  endpoint.tls = std::move(settings);
  return endpoint;
}

Dialled dial(Loop& loop, io::Endpoint endpoint) {
  return loop.run(loop.dialer().dial(std::move(endpoint)));
}

std::unique_ptr<io::Transport> connect(Loop& loop, std::uint16_t port) {
  Dialled dialled = dial(loop, plain_endpoint(port));
  STERNA_ASSERT(dialled);
  return std::move(*dialled);
}

coro::Task<Result<std::string>> read_octets(io::Transport& transport, std::size_t octets,
                                            std::size_t at_a_time) {
  std::string text;
  while (text.size() < octets) {
    const std::size_t most = std::min(at_a_time, octets - text.size());
    STERNA_CO_TRY(std::size_t count, co_await transport.read_some(text, most));
    if (count == 0) break;
  }
  co_return text;
}

coro::Task<Result<std::string>> read_to_end(io::Transport& transport) {
  return read_octets(transport, std::numeric_limits<std::size_t>::max());
}

std::string noise(std::size_t octets, unsigned seed) {
  std::string text(octets, '\0');
  for (char& c : text) {
    seed = seed * 1664525 + 1013904223;
    c = static_cast<char>(seed >> 24);
  }
  return text;
}

}  // namespace sterna::net::test
