// SPDX-License-Identifier: Apache-2.0
// io::Dialer: a name, a connection, a handshake, each within its deadline.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "connector.h"
#include "core.h"
#include "process.h"
#include "resolver.h"
#include "socks.h"
#include "sterna/base/bytes.h"
#include "sterna/io/deadline.h"
#include "stream.h"
#include "tls_context.h"

namespace sterna::net {
namespace {

// Name and connection together.
constexpr std::chrono::seconds kConnectMax{15};

// A file as it was when a context was made of it; one that is not there is like none.
struct FileState {
  explicit FileState(const std::string& path) {
    struct stat found{};
    if (path.empty() || ::stat(path.c_str(), &found) != 0) return;
    ino = found.st_ino;
    size = found.st_size;
    mtime_s = found.st_mtim.tv_sec;
    mtime_ns = found.st_mtim.tv_nsec;
  }
  bool operator==(const FileState&) const = default;

  std::uint64_t ino = 0;
  std::int64_t size = 0;
  std::int64_t mtime_s = 0;
  std::int64_t mtime_ns = 0;
};

struct KnownContext {
  std::unique_ptr<TlsContext> context;
  std::array<FileState, 3> files;
};

std::array<FileState, 3> files_of(const io::TlsSettings& settings) {
  return {FileState(settings.ca_file), FileState(settings.client_cert_file),
          FileState(settings.client_key_file)};
}

class LoopDialer : public io::Dialer {
 public:
  explicit LoopDialer(Loop::Core& core) : core_(core) {}

  coro::Task<Result<std::unique_ptr<io::Transport>>> dial(io::Endpoint endpoint) override {
    std::string where = endpoint.tunnel.empty()
                            ? fmt::format("{}:{}", printable(endpoint.host), endpoint.port)
                            : fmt::format("tunnel {}", printable(endpoint.tunnel.front()));
    auto outcome = co_await dial_plainly(std::move(endpoint));
    if (!outcome) co_return fail_in(std::move(outcome), std::move(where));
    co_return std::move(*outcome);
  }

 private:
  coro::Task<Result<std::unique_ptr<io::Transport>>> dial_plainly(io::Endpoint endpoint) {
    auto contexts = [this](const io::TlsSettings& settings) { return context_for(settings); };
    if (!endpoint.tunnel.empty()) {
      auto tunnel = open_tunnel(core_, endpoint, contexts);
      if (!tunnel) co_return fail(std::move(tunnel).error());
      co_return co_await finish(std::move(*tunnel), endpoint);
    }
    const bool by_proxy = !endpoint.proxy.host.empty();
    const auto began = core_.clock->monotonic();
    auto connecting = by_proxy ? connect(endpoint.proxy.host, endpoint.proxy.port)
                               : connect(endpoint.host, endpoint.port);
    auto socket = co_await std::move(connecting);
    if (!socket && by_proxy) co_return fail(at_proxy(std::move(socket).error(), endpoint.proxy));
    if (!socket) co_return fail(std::move(socket).error());
    std::unique_ptr<io::Transport> stream =
        std::make_unique<Stream>(core_, std::move(*socket), endpoint.host, contexts);
    if (by_proxy) {
      const auto left = time_left(began);
      Status connected = co_await io::with_deadline(
          *core_.clock, left,
          connect_by_socks(*stream, endpoint.proxy, endpoint.host, endpoint.port),
          fmt::format("no connection by the proxy within {} s", kConnectMax.count()));
      if (!connected) co_return fail(at_proxy(std::move(connected).error(), endpoint.proxy));
    }
    co_return co_await finish(std::move(stream), endpoint);
  }

  static Error at_proxy(Error error, const io::Proxy& proxy) {
    return std::move(error).with_context(
        fmt::format("proxy {}:{}", printable(proxy.host), proxy.port));
  }

  std::chrono::milliseconds time_left(std::chrono::nanoseconds began) {
    using std::chrono::milliseconds;
    const auto left = kConnectMax - (core_.clock->monotonic() - began);
    return std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(left));
  }

  coro::Task<Result<std::unique_ptr<io::Transport>>> finish(std::unique_ptr<io::Transport> stream,
                                                            io::Endpoint endpoint) {
    if (endpoint.tls_mode != io::TlsMode::implicit) co_return std::move(stream);
    Status secured = co_await stream->start_tls(endpoint.tls);
    if (secured) co_return std::move(stream);
    Error error = std::move(secured).error();
    const bool silent = error.is(ErrorCode::timeout) || error.is(ErrorCode::disconnected);
    if (!silent || !error.hint().empty()) co_return fail(std::move(error));
    co_return fail(std::move(error).with_hint(
        "check host and port; where TLS begins later, as on 143, set tls.mode = \"starttls\""));
  }

  coro::Task<Result<std::unique_ptr<Descriptor>>> connect(std::string host, std::uint16_t port) {
    const auto began = core_.clock->monotonic();
    STERNA_CO_TRY(auto addresses, co_await resolve_within(core_, kConnectMax, host, port));
    auto connecting = connect_any(core_, std::move(addresses));
    auto socket = co_await io::with_deadline(*core_.clock, time_left(began), std::move(connecting));
    if (socket || !socket.error().is(ErrorCode::timeout)) co_return socket;
    co_return fail(ErrorCode::timeout,
                   fmt::format("not connected within {} s", kConnectMax.count()));
  }

  // Accounts are few, so a list serves. Certificates are renewed while a daemon lives: what was
  // made of other files is made anew, and OpenSSL keeps the old one for as long as its streams
  // live. Where they make none, a renewal may be half-way: the next line reads them again.
  Result<const TlsContext*> context_for(const io::TlsSettings& settings) {
    const auto files = files_of(settings);
    auto known = std::ranges::find_if(
        contexts_, [&](const auto& one) { return one.context->settings() == settings; });
    if (known != contexts_.end() && known->files == files) return known->context.get();
    auto fresh = TlsContext::create(settings);
    if (!fresh && known != contexts_.end()) return known->context.get();
    if (!fresh) return fail(std::move(fresh).error());
    if (known == contexts_.end()) known = contexts_.emplace(known, nullptr, files);
    known->context = std::move(*fresh);
    known->files = files;
    return known->context.get();
  }

  Loop::Core& core_;
  std::vector<KnownContext> contexts_;
};

}  // namespace

std::unique_ptr<io::Dialer> make_dialer(Loop::Core& core) {
  return std::make_unique<LoopDialer>(core);
}

}  // namespace sterna::net
