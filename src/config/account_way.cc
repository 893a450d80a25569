// SPDX-License-Identifier: Apache-2.0
// The keys that say by which way the server is reached where that is not a connection to it: a
// tunnel, a proxy.
#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "account.h"
#include "sterna/base/bytes.h"

namespace sterna::config {
namespace {

constexpr std::string_view kScheme = "socks5h://";

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned octet = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, problem] = std::from_chars(digits, digits + 2, octet, 16);
    if (problem != std::errc() || end != digits + 2 || octet == 0) return std::nullopt;
    decoded += static_cast<char>(octet);
    i += 2;
  }
  return decoded;
}

// "ann:secret"
bool read_user(std::string_view text, ProxyConfig& proxy) {
  const std::size_t colon = text.find(':');
  auto user = percent_decoded(text.substr(0, colon));
  auto password = percent_decoded(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (!user || user->empty() || !password) return false;
  proxy.user = std::move(*user);
  proxy.password = Secret(std::move(*password));
  return true;
}

// "proxy.example.org:1080", "[::1]:1080"
bool read_place(std::string_view text, ProxyConfig& proxy) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.contains(':')) {
    return false;
  }
  if (host.empty() || host.find_first_of(" /[]@?#") != std::string_view::npos) return false;
  proxy.host = host;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), proxy.port);
  return problem == std::errc() && end == port.data() + port.size() && proxy.port != 0;
}

std::optional<ProxyConfig> parse_proxy(std::string_view text) {
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  ProxyConfig proxy;
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos && !read_user(text.substr(0, at), proxy)) return std::nullopt;
  if (!read_place(at == std::string_view::npos ? text : text.substr(at + 1), proxy)) {
    return std::nullopt;
  }
  return proxy;
}

// The value is not shown: a password may stand in it.
void read_proxy(const Fields& fields, AccountConfig& account) {
  std::string text;
  if (!fields.text("proxy", text) || text.empty()) return;
  auto proxy = parse_proxy(text);
  wipe(text);
  if (proxy) {
    account.proxy = std::move(*proxy);
  } else {
    fields.refuse("proxy", "`proxy` takes socks5h://HOST:PORT",
                  "with a login of its own: socks5h://USER:PASSWORD@HOST:PORT, other characters "
                  "than letters and digits as %XX; the proxy looks up the name of the server");
  }
}

void read_tunnel(const Fields& fields, AccountConfig& account) {
  const Node* node = fields.find("tunnel");
  if (node == nullptr) return;
  const bool is_none = node->is(Node::Kind::array) && node->items.empty();
  if (is_none || !fields.command("tunnel", account.tunnel)) return;
  // What the command does about encryption is its own business, unless `tls.mode` says otherwise.
  account.tls.mode = TlsMode::none;
}

}  // namespace

void read_way(const Fields& fields, AccountConfig& account) {
  read_tunnel(fields, account);
  read_proxy(fields, account);
  if (!account.tunnel.empty() && !account.proxy.host.empty()) {
    fields.refuse("proxy", "`tunnel` and `proxy` are two ways to one server", "keep one of them");
  }
}

}  // namespace sterna::config
