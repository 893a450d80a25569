// SPDX-License-Identifier: Apache-2.0
// What the answers of the DNS mean, and how far each is believed. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/discover/autoconfig.h"
#include "sterna/discover/candidate.h"
#include "sterna/io/dns.h"

namespace sterna::discover {

// A number from 0 to `most`.
using Dice = std::function<std::uint32_t(std::uint32_t most)>;

// The order in which the targets are to be tried (RFC 2782): by priority, and by chance according
// to the weights where it is the same. Without those that name no host.
std::vector<io::SrvRecord> in_order(std::vector<io::SrvRecord> records, const Dice& dice);

// The servers that the records of one service name.
std::vector<Candidate> from_srv(std::vector<io::SrvRecord> records, io::TlsMode mode,
                                const Dice& dice);

// One record that names no host says that the service is not offered (RFC 6186 section 3.4).
bool is_refusal(const std::vector<io::SrvRecord>& records);

// The host of the best preference; "" if there is none.
std::string best_exchange(const std::vector<io::MxRecord>& records);

// Domains above the host of an MX record that a provider may describe itself under, the longer
// first: the host without its first label, and the domain that was registered. Never a public
// suffix, and none that is `domain` itself. ErrorCode::unsupported where nothing tells these.
Result<std::vector<std::string>> domains_of_exchange(std::string_view host,
                                                     std::string_view domain);

// Whether the host is the domain's own: the same name, or one below.
bool is_within(std::string_view host, std::string_view domain);

// Whether nothing but an answer that anybody may have forged leads to this host, and its own
// certificate cannot show it either: then a person has to agree to the name (RFC 6186 section 4).
bool needs_consent(const Candidate& candidate, const Address& address);

// By Source, in the given order within one; each host, port and mode once.
std::vector<Candidate> ranked(const std::vector<Candidate>& candidates);

}  // namespace sterna::discover
