// SPDX-License-Identifier: Apache-2.0
// Stream: io::Transport over a connected stream socket, with TLS and deflate in layers above it.
//
//   caller <-> [deflate] <-> [TLS] <-> socket
//
// Nothing is read ahead of the caller but one chunk of ciphertext or deflated octets, so
// back-pressure reaches the peer through the kernel's buffers. A plain read goes from the kernel
// into the caller's string. After an error in either direction, or a write that was cancelled in
// its middle, the stream only fails.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core.h"
#include "deflate.h"
#include "descriptor.h"
#include "sterna/io/transport.h"
#include "tls_context.h"
#include "tls_stream.h"

namespace sterna::net {

// Gives the context for some settings, valid until it is asked again; the dialer keeps them.
using TlsContexts = std::function<Result<const TlsContext*>(const io::TlsSettings&)>;

class Stream : public io::Transport {
 public:
  // `host`: what the certificate must be for where the settings name no other.
  Stream(Loop::Core& core, std::unique_ptr<Descriptor> socket, std::string host,
         TlsContexts contexts);
  ~Stream() override;

  coro::Task<Result<std::size_t>> read_some(std::string& into, std::size_t octets_max) override;
  coro::Task<Status> write(std::string bytes) override;
  coro::Task<Status> start_tls(io::TlsSettings settings) override;
  Status start_deflate(std::string unread) override;
  std::optional<io::TlsInfo> tls_info() const override;
  std::vector<io::ChannelBinding> channel_bindings() const override;
  std::string peer() const override;
  std::uint64_t octets_in() const override { return octets_in_; }
  std::uint64_t octets_out() const override { return octets_out_; }
  void close() override;

 private:
  struct Deflate {
    Deflater deflater;
    Inflater inflater;
  };

  coro::Task<Result<std::size_t>> read_inflated(std::string& into, std::size_t octets_max);
  coro::Task<Result<std::size_t>> read_decrypted(std::string& into, std::size_t octets_max);
  // From the socket; 0 at its end.
  coro::Task<Status> give_way();
  coro::Task<Result<std::size_t>> receive(std::string& into, std::size_t octets_max);
  coro::Task<Status> flush();
  coro::Task<Status> shake_hands();
  Status check_no_octets_waiting();
  // Through the layers into outgoing().
  Status prepare(std::string_view slice, bool last);
  // Sends what the kernel takes now; true when nothing is left.
  Result<bool> send_some();
  std::string& outgoing() { return tls_ ? tls_->output() : outgoing_; }

  Loop::Core& core_;
  std::unique_ptr<Descriptor> socket_;
  std::string host_;
  TlsContexts contexts_;
  std::unique_ptr<TlsStream> tls_;
  std::unique_ptr<Deflate> deflate_;
  std::string outgoing_;  // unless there is TLS, which has its own
  std::size_t sent_ = 0;  // of outgoing()
  std::uint64_t octets_in_ = 0;
  std::uint64_t octets_out_ = 0;
  int reads_without_wait_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  std::optional<Error> broken_;
};

}  // namespace sterna::net
