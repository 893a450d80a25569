// SPDX-License-Identifier: Apache-2.0
// What somebody on the way may answer for the DNS: few records at most, and what is no visible
// letter of a name is written out (RFC 1035 section 5.1).
#include <cstdint>
#include <string_view>

#include "../../src/net/dns_answer.h"
#include "sterna/base/assert.h"
#include "sterna/net/dns.h"

namespace {

void check(std::string_view name) {
  STERNA_ASSERT(name.size() <= 1024);
  for (const char c : name) STERNA_ASSERT(c > ' ' && c <= '~');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view answer(reinterpret_cast<const char*>(data), size);
  const auto services = sterna::net::parse_srv(answer);
  for (const auto& one : services) check(one.target);
  const auto hosts = sterna::net::parse_mx(answer);
  for (const auto& one : hosts) check(one.host);
  STERNA_ASSERT(services.size() <= sterna::net::kDnsRecordsMax);
  STERNA_ASSERT(hosts.size() <= sterna::net::kDnsRecordsMax);
  return 0;
}
