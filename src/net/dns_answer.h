// SPDX-License-Identifier: Apache-2.0
// The octets of an answer of the DNS (RFC 1035) as records. Whatever the octets are, the result is
// bounded; what is cut short or damaged ends it.
#pragma once

#include <string_view>
#include <vector>

#include "sterna/io/dns.h"

namespace sterna::net {

std::vector<io::SrvRecord> parse_srv(std::string_view answer);
std::vector<io::MxRecord> parse_mx(std::string_view answer);

}  // namespace sterna::net
