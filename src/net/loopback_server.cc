// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/loopback_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "core.h"
#include "descriptor.h"
#include "sterna/base/bytes.h"
#include "sterna/coro/scope.h"
#include "sterna/io/deadline.h"

namespace sterna::net {
namespace {

// Browsers open connections ahead, and may never use them.
constexpr std::size_t kClientsMax = 32;
constexpr std::size_t kRequestMax = 64 * 1024;
constexpr std::chrono::seconds kRequestLimit{20};
// Of a random port that one family has free and the other has not.
constexpr int kPortTries = 20;

Result<UniqueFd> bind_to(int family, std::uint16_t port) {
  UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail(Error::from_errno(errno, "socket"));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_loopback;
  if (family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const auto* address = family == AF_INET ? reinterpret_cast<const sockaddr*>(&v4)
                                          : reinterpret_cast<const sockaddr*>(&v6);
  const socklen_t length = family == AF_INET ? sizeof v4 : sizeof v6;
  if (::bind(socket.get(), address, length) != 0 || ::listen(socket.get(), 16) != 0) {
    if (errno == EADDRINUSE) {
      return fail(Error(ErrorCode::exists,
                        fmt::format("port {} of this machine is taken by another program", port)));
    }
    return fail(Error::from_errno(errno, fmt::format("listening on port {}", port)));
  }
  return socket;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return ntohs(address.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&address)->sin_port
                                            : reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
}

// Both families, or the only one that there is.
Result<std::vector<UniqueFd>> bind_both(std::uint16_t port) {
  std::vector<UniqueFd> sockets;
  Result<UniqueFd> v4 = bind_to(AF_INET, port);
  if (!v4 && v4.error().is(ErrorCode::exists)) return fail(std::move(v4).error());
  if (v4) {
    if (port == 0) port = port_of(v4->get());
    sockets.push_back(std::move(*v4));
  }
  Result<UniqueFd> v6 = bind_to(AF_INET6, port);
  if (v6) {
    sockets.push_back(std::move(*v6));
  } else if (sockets.empty() || v6.error().is(ErrorCode::exists)) {
    return fail(std::move(v6).error());
  }
  return sockets;
}

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '&':
        html += "&amp;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

// No script, nothing loaded from elsewhere, nothing kept: the address holds the code.
std::string response_of(const LoopbackServer::Page& page) {
  const std::string body = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Sterna</title>\n"
      "<body style=\"font: 1.2em sans-serif; margin: 4em\"><p>{}</p></body></html>\n",
      escaped(page.text));
  const std::string_view reason = page.status == 200 ? "OK" : "No";
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n"
      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
      "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
      "Cache-Control: no-store\r\nConnection: close\r\n\r\n{}",
      page.status, reason, body.size(), body);
}

coro::Task<Result<std::string>> read_head(Descriptor& client) {
  std::string head;
  std::array<char, 4096> chunk;
  while (!head.contains("\r\n\r\n")) {
    if (head.size() > kRequestMax) co_return fail(ErrorCode::too_big, "a request without end");
    const ssize_t count = ::read(client.fd(), chunk.data(), chunk.size());
    if (count > 0) {
      head.append(chunk.data(), static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EAGAIN) {
      STERNA_CO_CHECK(co_await client.wait(Direction::read));
    } else if (count == 0 || errno != EINTR) {
      co_return fail(ErrorCode::disconnected, "the browser went away");
    }
  }
  co_return head;
}

coro::Task<Result<std::string>> write_all(Descriptor& client, std::string text) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t count = ::send(client.fd(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      STERNA_CO_CHECK(co_await client.wait(Direction::write));
    } else if (errno != EINTR) {
      co_return fail(ErrorCode::disconnected, "the browser went away");
    }
  }
  co_return text;
}

// What stands between GET and the version.
std::optional<std::string> target_of(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t end = line.rfind(' ');
  if (!line.starts_with("GET /") || end < 5 || !line.substr(end + 1).starts_with("HTTP/1."))
    return std::nullopt;
  return std::string(line.substr(4, end - 4));
}

}  // namespace

struct LoopbackServer::Service {
  coro::Scope& scope;
  std::function<Page(const std::string& target)> visit;
  coro::Event done = {};
};

LoopbackServer::LoopbackServer(Loop& loop, std::uint16_t port,
                               std::vector<std::unique_ptr<Descriptor>> sockets)
    : loop_(loop), port_(port), sockets_(std::move(sockets)) {}

LoopbackServer::~LoopbackServer() = default;

Result<std::unique_ptr<LoopbackServer>> LoopbackServer::listen(Loop& loop, std::uint16_t port) {
  Result<std::vector<UniqueFd>> bound = bind_both(port);
  for (int i = 1; i < kPortTries && port == 0 && !bound; ++i) bound = bind_both(port);
  if (!bound) return fail(std::move(bound).error());
  std::vector<std::unique_ptr<Descriptor>> sockets;
  const std::uint16_t taken = port_of(bound->front().get());
  for (UniqueFd& socket : *bound)
    sockets.push_back(std::make_unique<Descriptor>(loop.core(), std::move(socket)));
  return std::unique_ptr<LoopbackServer>(new LoopbackServer(loop, taken, std::move(sockets)));
}

coro::Task<void> LoopbackServer::answer(Loop& loop, std::unique_ptr<Descriptor> client,
                                        Service& service) {
  const Result<std::string> head =
      co_await io::with_deadline(loop.clock(), kRequestLimit, read_head(*client));
  if (!head) co_return;
  const auto target = target_of(*head);
  // Another answer may have been the last meanwhile.
  const Page page = target && !service.done.is_set() ? service.visit(*target) : Page{};
  // Whoever answered is not asked again.
  if (page.last) service.visit = [](const std::string&) { return Page{}; };
  static_cast<void>(co_await io::with_deadline(loop.clock(), kRequestLimit,
                                               write_all(*client, response_of(page))));
  ::shutdown(client->fd(), SHUT_WR);
  if (page.last) service.done.set();
}

coro::Task<void> LoopbackServer::accept(Loop& loop, Descriptor& listener, Service& service) {
  for (;;) {
    const bool stop = co_await coro::cancelled();
    if (stop) co_return;
    UniqueFd client(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client) {
      if (service.scope.size() > kClientsMax) continue;
      service.scope.spawn(
          answer(loop, std::make_unique<Descriptor>(loop.core(), std::move(client)), service));
    } else if (errno == EAGAIN) {
      const Status ready = co_await listener.wait(Direction::read);
      if (!ready) co_return;
    } else {
      // Out of descriptors, or a client that went away: a moment later there may be another.
      const Status slept = co_await loop.clock().sleep(std::chrono::milliseconds(100));
      if (!slept) co_return;
    }
  }
}

coro::Task<Status> LoopbackServer::serve(std::function<Page(const std::string& target)> visit,
                                         std::chrono::milliseconds limit) {
  coro::Scope scope = co_await coro::make_scope();
  Service service{.scope = scope, .visit = std::move(visit)};
  for (const auto& socket : sockets_) scope.spawn(accept(loop_, *socket, service));
  const Status done = co_await io::wait_for(loop_.clock(), limit, service.done);
  co_await scope.close();
  co_return done;
}

}  // namespace sterna::net
