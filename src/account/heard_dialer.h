// SPDX-License-Identifier: Apache-2.0
// HeardDialer: a dialer that knows how many octets came over its lines, also over one that is being
// opened, which nobody else has yet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sterna/io/transport.h"

namespace sterna::account {

// It outlives its lines.
class HeardDialer final : public io::Dialer {
 public:
  explicit HeardDialer(io::Dialer& dialer) : dialer_(dialer) {}

  coro::Task<Result<std::unique_ptr<io::Transport>>> dial(io::Endpoint endpoint) override {
    STERNA_CO_TRY(std::unique_ptr<io::Transport> line, co_await dialer_.dial(std::move(endpoint)));
    co_return std::unique_ptr<io::Transport>(std::make_unique<Line>(std::move(line), octets_in_));
  }
  std::uint64_t octets_in() const { return octets_in_; }

 private:
  class Line final : public io::Transport {
   public:
    Line(std::unique_ptr<io::Transport> line, std::uint64_t& octets_in)
        : line_(std::move(line)), octets_in_(octets_in) {}

    coro::Task<Result<std::size_t>> read_some(std::string& into, std::size_t octets_max) override {
      STERNA_CO_TRY(const std::size_t octets, co_await line_->read_some(into, octets_max));
      octets_in_ += octets;
      co_return octets;
    }
    coro::Task<Status> write(std::string bytes) override { return line_->write(std::move(bytes)); }
    coro::Task<Status> start_tls(io::TlsSettings settings) override {
      return line_->start_tls(std::move(settings));
    }
    Status start_deflate(std::string unread) override {
      return line_->start_deflate(std::move(unread));
    }
    std::optional<io::TlsInfo> tls_info() const override { return line_->tls_info(); }
    std::vector<io::ChannelBinding> channel_bindings() const override {
      return line_->channel_bindings();
    }
    std::string take_remarks() override { return line_->take_remarks(); }
    std::uint64_t octets_in() const override { return line_->octets_in(); }
    std::uint64_t octets_out() const override { return line_->octets_out(); }
    void close() override { line_->close(); }

   private:
    std::unique_ptr<io::Transport> line_;
    std::uint64_t& octets_in_;
  };

  io::Dialer& dialer_;
  std::uint64_t octets_in_ = 0;
};

}  // namespace sterna::account
