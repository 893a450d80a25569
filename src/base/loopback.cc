// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/loopback.h"

#include <arpa/inet.h>

#include <string>

#include "sterna/base/bytes.h"

namespace sterna {

bool is_loopback_host(std::string_view host) {
  if (ascii_iequals(host, "localhost")) return true;
  const std::string text(host);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace sterna
