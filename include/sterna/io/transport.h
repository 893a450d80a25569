// SPDX-License-Identifier: Apache-2.0
// Transport: a stream of octets to a server, whatever it is made of (TCP, TLS, deflate, a pipe, a
// simulation). Dialer: makes them. No implementation lives here.
//
// One coroutine reads and one writes at a time. Cancelling the awaiting task ends a read or a write
// with ErrorCode::cancelled; after a cancelled write the stream is unusable and must be closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/coro/task.h"

namespace sterna::io {

enum class TlsMode : std::uint8_t { none, implicit, starttls };

struct TlsSettings {
  std::string server_name;              // checked against the certificate (RFC 7817)
  std::string ca_file;                  // beside the system's store; "" for none
  std::vector<std::string> pin_sha256;  // base64 of SPKI hashes; where given, one must match
  std::string client_cert_file;         // PEM; "" for none
  std::string client_key_file;
  std::string min_version = "1.2";  // "1.2" or "1.3"

  bool operator==(const TlsSettings&) const = default;
};

// What the handshake agreed on, for `sterna check`.
struct TlsInfo {
  std::string version;  // "TLSv1.3"
  std::string cipher;
  std::string subject;       // printable
  std::string issuer;        // printable
  std::int64_t expires = 0;  // seconds since the epoch
};

// What this TLS connection has that no other one has (RFC 5056).
struct ChannelBinding {
  std::string type;  // "tls-exporter" "tls-unique" "tls-server-end-point"
  std::string data;
};

// A SOCKS 5 proxy, which looks up the names of hosts.
struct Proxy {
  std::string host;  // "": none
  std::uint16_t port = 0;
  std::string user;  // "": none is said
  Secret password;
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  TlsMode tls_mode = TlsMode::implicit;  // starttls: dialled plain, start_tls() later
  TlsSettings tls;
  // Instead of a connection to host and port: a program and its arguments, which speaks to the
  // server on its standard input and output. Empty for none.
  std::vector<std::string> tunnel;
  Proxy proxy;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Appends at least one octet and at most `octets_max` to `into`; the result is how many, 0 at the
  // end of the stream. Ready at once where data is buffered.
  virtual coro::Task<Result<std::size_t>> read_some(std::string& into, std::size_t octets_max) = 0;

  // All of `bytes`, in order; returns when the kernel has taken them.
  virtual coro::Task<Status> write(std::string bytes) = 0;

  // Puts TLS on the stream (after STARTTLS). Fails with ErrorCode::protocol if octets that came
  // before the handshake are still unread: they were injected, or the server is broken.
  virtual coro::Task<Status> start_tls(TlsSettings settings) = 0;

  // Raw deflate in both directions from the next octet on (RFC 4978), below which TLS stays.
  // `unread` are octets that were already read and belong to the deflated stream.
  virtual Status start_deflate(std::string unread) = 0;

  virtual std::optional<TlsInfo> tls_info() const = 0;
  // All that there are, the best first; none without TLS.
  virtual std::vector<ChannelBinding> channel_bindings() const { return {}; }
  // The address at the other end; "" where that is none.
  virtual std::string peer() const { return {}; }
  // What whoever carries the stream said beside it since the last time, as a tunnel on its standard
  // error: lines, unprinted.
  virtual std::string take_remarks() { return {}; }

  // Octets on the wire so far.
  virtual std::uint64_t octets_in() const = 0;
  virtual std::uint64_t octets_out() const = 0;

  // Closes at once, from any state; pending reads and writes end with ErrorCode::disconnected.
  virtual void close() = 0;
};

class Dialer {
 public:
  virtual ~Dialer() = default;
  // Resolves, connects (happy eyeballs, RFC 8305), and does the TLS handshake where it is implicit.
  virtual coro::Task<Result<std::unique_ptr<Transport>>> dial(Endpoint endpoint) = 0;
};

}  // namespace sterna::io
