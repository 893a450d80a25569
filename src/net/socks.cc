// SPDX-License-Identifier: Apache-2.0
#include "socks.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "sterna/base/secret.h"

namespace sterna::net {
namespace {

constexpr char kVersion = 5;
constexpr char kNoLogin = 0;
constexpr char kUserAndPassword = 2;
constexpr char kNoneAcceptable = '\xff';
constexpr char kConnect = 1;
constexpr char kIpv4 = 1;
constexpr char kName = 3;
constexpr char kIpv6 = 4;
constexpr std::size_t kTextMax = 255;

Error no_socks() {
  return Error(ErrorCode::protocol, "what answers there is no SOCKS 5 proxy")
      .with_scope(ErrorScope::account)
      .with_hint("check `proxy`");
}

// No octet more, since what follows may be the server's.
coro::Task<Result<std::string>> read_exactly(io::Transport& stream, std::size_t octets) {
  std::string text;
  while (text.size() < octets) {
    STERNA_CO_TRY(const std::size_t count, co_await stream.read_some(text, octets - text.size()));
    if (count == 0) {
      co_return fail(ErrorCode::disconnected, "the proxy closed the connection");
    }
  }
  co_return text;
}

Error proxy_refuses_login(std::string what) {
  return Error(ErrorCode::login, std::move(what))
      .with_disposition(Disposition::needs_user)
      .with_hint("check user and password in `proxy`: socks5h://USER:PASSWORD@HOST:PORT");
}

// RFC 1929.
coro::Task<Status> log_in(io::Transport& stream, const io::Proxy& proxy) {
  const std::string_view password = proxy.password.reveal();
  WipedString message;
  message.reserve(proxy.user.size() + password.size() + 3);
  message += '\x01';
  message += static_cast<char>(proxy.user.size());
  message += proxy.user;
  message += static_cast<char>(password.size());
  message += password;
  STERNA_CO_CHECK(co_await stream.write(std::move(message)));
  STERNA_CO_TRY(const std::string answer, co_await read_exactly(stream, 2));
  if (answer[1] != 0) co_return fail(proxy_refuses_login("the proxy refused user and password"));
  co_return Status{};
}

coro::Task<Status> agree_on_login(io::Transport& stream, const io::Proxy& proxy) {
  const bool has_user = !proxy.user.empty();
  std::string offer{kVersion};
  if (has_user) {
    offer += {2, kNoLogin, kUserAndPassword};
  } else {
    offer += {1, kNoLogin};
  }
  STERNA_CO_CHECK(co_await stream.write(std::move(offer)));
  STERNA_CO_TRY(const std::string answer, co_await read_exactly(stream, 2));
  if (answer[0] != kVersion) co_return fail(no_socks());
  if (answer[1] == kNoLogin) co_return Status{};
  if (answer[1] == kUserAndPassword && has_user) co_return co_await log_in(stream, proxy);
  if (answer[1] != kNoneAcceptable) co_return fail(no_socks());
  co_return fail(proxy_refuses_login(has_user ? "the proxy wants another way to log in"
                                              : "the proxy wants a user and a password"));
}

// Section 4.
std::string request(const std::string& host, std::uint16_t port) {
  std::string text{kVersion, kConnect, 0};
  std::array<char, 16> address{};
  if (::inet_pton(AF_INET, host.c_str(), address.data()) == 1) {
    text += kIpv4;
    text.append(address.data(), 4);
  } else if (::inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
    text += kIpv6;
    text.append(address.data(), 16);
  } else {
    text += kName;
    text += static_cast<char>(host.size());
    text += host;
  }
  text += static_cast<char>(port >> 8);
  text += static_cast<char>(port & 0xff);
  return text;
}

std::optional<Error> refusal(char code) {
  const auto failed = [](ErrorCode error, std::string_view why) {
    return Error(error, fmt::format("the proxy could not connect: {}", why));
  };
  switch (code) {
    case 0:
      return std::nullopt;
    case 2:
      return failed(ErrorCode::connect, "its rules forbid it");
    case 3:
      return failed(ErrorCode::connect, "the network is unreachable");
    case 4:
      return failed(ErrorCode::resolve, "the host is unreachable, or its name unknown");
    case 5:
      return failed(ErrorCode::connect, "connection refused");
    case 6:
      return failed(ErrorCode::connect, "it took too long");
    case 8:
      return failed(ErrorCode::connect, "it does not know that kind of address");
    default:
      return failed(ErrorCode::connect,
                    fmt::format("failure {}", static_cast<unsigned char>(code)));
  }
}

}  // namespace

coro::Task<Status> connect_by_socks(io::Transport& stream, io::Proxy proxy, std::string host,
                                    std::uint16_t port) {
  if (host.size() > kTextMax || proxy.user.size() > kTextMax ||
      proxy.password.reveal().size() > kTextMax) {
    co_return fail(ErrorCode::config, "host, user and password have 255 octets at most with SOCKS");
  }
  STERNA_CO_CHECK(co_await agree_on_login(stream, proxy));
  STERNA_CO_CHECK(co_await stream.write(request(host, port)));
  STERNA_CO_TRY(const std::string head, co_await read_exactly(stream, 4));
  if (head[0] != kVersion) co_return fail(no_socks());
  if (auto why = refusal(head[1])) co_return fail(std::move(*why));
  // The address that the proxy speaks from, which is of no use to us, and its port.
  std::size_t rest = 2;
  if (head[3] == kIpv4) {
    rest += 4;
  } else if (head[3] == kIpv6) {
    rest += 16;
  } else if (head[3] == kName) {
    STERNA_CO_TRY(const std::string length, co_await read_exactly(stream, 1));
    rest += static_cast<unsigned char>(length[0]);
  } else {
    co_return fail(no_socks());
  }
  STERNA_CO_TRY(const std::string bound, co_await read_exactly(stream, rest));
  co_return Status{};
}

}  // namespace sterna::net
