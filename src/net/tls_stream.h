// SPDX-License-Identifier: Apache-2.0
// TlsStream: the client's side of TLS as a transformer of octets: what the network gave goes in,
// what the network is to take comes out. It knows no socket, so it is tested without one.
//
//   handshake() until it says done, moving input() and output() in between; then read() and
//   write().
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "certificate.h"
#include "sterna/base/result.h"
#include "sterna/io/transport.h"
#include "tls_context.h"

namespace sterna::net {

class TlsStream {
 public:
  enum class Step : std::uint8_t { done, wants_input };

  // `host` is what the certificate must be for.
  static Result<std::unique_ptr<TlsStream>> create(const TlsContext& context,
                                                   const std::string& host);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // Octets from the network that were not used yet; append to it.
  std::string& input() { return input_; }
  // Octets for the network; whoever sends them erases them.
  std::string& output() { return output_; }

  // ErrorCode::certificate says what is wrong with it; otherwise ErrorCode::tls. After a failure
  // the output holds an alert for the server.
  Result<Step> handshake();
  // Appends at most `octets_max` octets to `into`; 0 where it needs more input, or has ended.
  Result<std::size_t> read(std::string& into, std::size_t octets_max);
  // Whether the server has ended the stream with close_notify. An end without one is a cut line.
  bool ended() const { return ended_; }
  Status write(std::string_view bytes);
  // Says close_notify.
  void end();

  io::TlsInfo info() const;
  // After the handshake.
  std::vector<io::ChannelBinding> channel_bindings() const;

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  struct Pipe;  // OpenSSL's side of input() and output()

  TlsStream() = default;
  Error failure();

  PeerCheck check_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string input_;
  std::size_t input_used_ = 0;
  std::string output_;
  bool ended_ = false;
  std::optional<Error> broken_;
};

}  // namespace sterna::net
