// SPDX-License-Identifier: Apache-2.0
// Peer: the other end of a connection over loopback, played by a thread with blocking sockets, and
// its TLS by OpenSSL's own server. Every wait of it is bounded, so that a failing test ends.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "certificates.h"
#include "sterna/base/unique_fd.h"

namespace sterna::net::test {

// One accepted connection, as the script sees it.
class Connection {
 public:
  explicit Connection(UniqueFd fd);

  // Plain, or through TLS once it began. False when the other end is gone.
  bool send(std::string_view bytes);
  // All that comes until `end` was seen, or the stream ends.
  std::string receive_until(std::string_view end);
  std::string receive_exactly(std::size_t octets);
  // The server's side of a handshake; `minimum` and `maximum` are versions of OpenSSL's, 0 for any.
  bool start_tls(const Identity& identity, int maximum = 0);
  // The certificate that the client showed: its subject's common name, or "".
  std::string client_name() const;
  void end_tls();  // close_notify
  bool got_close_notify() const;
  // Until the other end has closed; what it sends is dropped.
  void wait_for_end();
  // A reset instead of an orderly end.
  void reset();
  int fd() const { return fd_.get(); }

 private:
  std::size_t receive(char* data, std::size_t size);

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  UniqueFd fd_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

class Peer {
 public:
  // Accepts one connection and runs the script on it.
  explicit Peer(std::function<void(Connection&)> script, std::string address = "127.0.0.1");
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  std::uint16_t port() const { return port_; }
  // Waits until the script has ended; the destructor does, too.
  void join();

 private:
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// A listening socket that never accepts. With a full queue the kernel drops further attempts, so
// that a connection to it stays silent.
class SilentListener {
 public:
  explicit SilentListener(const std::string& address = "127.0.0.1", std::uint16_t port = 0);
  std::uint16_t port() const { return port_; }

 private:
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  UniqueFd fillers_[8];
};

// A port of 127.0.0.1 where nobody listens.
std::uint16_t unused_port();

}  // namespace sterna::net::test
