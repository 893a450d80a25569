// SPDX-License-Identifier: Apache-2.0
// QuietTransport: a line on which everything goes well and nothing is counted. A server is what
// reads from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sterna/io/transport.h"

namespace sterna::account::test {

class QuietTransport : public io::Transport {
 public:
  coro::Task<Status> write(std::string) override { co_return Status{}; }
  coro::Task<Status> start_tls(io::TlsSettings) override { co_return Status{}; }
  Status start_deflate(std::string) override { return {}; }
  std::optional<io::TlsInfo> tls_info() const override { return std::nullopt; }
  std::uint64_t octets_in() const override { return 0; }
  std::uint64_t octets_out() const override { return 0; }
  void close() override {}
};

}  // namespace sterna::account::test
