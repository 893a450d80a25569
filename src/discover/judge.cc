// SPDX-License-Identifier: Apache-2.0
#include "sterna/discover/judge.h"

#include <libpsl.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

#include "sterna/base/bytes.h"
#include "sterna/base/library.h"

namespace sterna::discover {
namespace {

constexpr std::array kSources = {Source::autoconfig, Source::known_exchange,
                                 Source::exchange_autoconfig, Source::database, Source::srv};

// The next one of equal priority: a record is chosen as often as its weight says, one without any
// rarely.
std::size_t draw(std::span<const io::SrvRecord> records, const Dice& dice) {
  const std::uint32_t total =
      std::accumulate(records.begin(), records.end(), std::uint32_t{0},
                      [](std::uint32_t sum, const io::SrvRecord& one) { return sum + one.weight; });
  const std::uint32_t chosen = dice(total);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    sum += records[i].weight;
    if (sum >= chosen) return i;
  }
  return records.size() - 1;
}

void shuffle_by_weight(std::span<io::SrvRecord> records, const Dice& dice) {
  for (; records.size() > 1; records = records.subspan(1)) {
    const std::size_t next = draw(records, dice);
    std::rotate(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(next),
                records.begin() + static_cast<std::ptrdiff_t>(next) + 1);
  }
}

struct Psl {
  decltype(&psl_builtin) builtin = nullptr;
  decltype(&psl_registrable_domain) registrable_domain = nullptr;
};

Result<Psl> load_psl() {
  Psl psl;
  Library library({"libpsl.so.5", "knows what domains are registered under", "libpsl5"});
  library.find("psl_builtin", psl.builtin).find("psl_registrable_domain", psl.registrable_domain);
  STERNA_CHECK(library.found());
  return psl;
}

Result<std::string> registered_domain(const std::string& host) {
  static const Result<Psl> psl = load_psl();
  if (!psl) return fail(psl.error());
  const char* found = psl->registrable_domain(psl->builtin(), host.c_str());
  return found ? found : "";
}

}  // namespace

std::string_view to_string(Source source) {
  switch (source) {
    case Source::autoconfig:
      return "autoconfig";
    case Source::known_exchange:
      return "mail exchange (MX)";
    case Source::exchange_autoconfig:
      return "autoconfig of the mail exchange (MX)";
    case Source::database:
      return "central database";
    case Source::srv:
      return "DNS (SRV)";
  }
  std::unreachable();
}

std::vector<io::SrvRecord> in_order(std::vector<io::SrvRecord> records, const Dice& dice) {
  std::erase_if(records, [](const io::SrvRecord& one) {
    return one.target.empty() || one.port == 0 || !is_host_name(one.target);
  });
  // RFC 2782 wants those of weight 0 in front of the others.
  std::ranges::sort(records, {}, [](const io::SrvRecord& one) {
    return std::pair(one.priority, one.weight != 0);
  });
  for (auto begin = records.begin(); begin != records.end();) {
    const auto end = std::find_if(begin, records.end(), [begin](const io::SrvRecord& one) {
      return one.priority != begin->priority;
    });
    shuffle_by_weight({begin, end}, dice);
    begin = end;
  }
  return records;
}

std::vector<Candidate> from_srv(std::vector<io::SrvRecord> records, io::TlsMode mode,
                                const Dice& dice) {
  std::vector<Candidate> candidates;
  for (const io::SrvRecord& record : in_order(std::move(records), dice)) {
    candidates.push_back({.source = Source::srv,
                          .where = "",
                          .host = ascii_lower(record.target),
                          .port = record.port,
                          .mode = mode,
                          .user = "",
                          .logins = {Login::password}});
  }
  return candidates;
}

bool is_refusal(const std::vector<io::SrvRecord>& records) {
  return records.size() == 1 && records.front().target.empty();
}

std::string best_exchange(const std::vector<io::MxRecord>& records) {
  const auto best = std::ranges::min_element(records, {}, &io::MxRecord::preference);
  if (best == records.end() || !is_host_name(best->host)) return {};
  return ascii_lower(best->host);
}

Result<std::vector<std::string>> domains_of_exchange(std::string_view host,
                                                     std::string_view domain) {
  const std::string lower = ascii_lower(host);
  STERNA_TRY(const std::string base, registered_domain(lower));
  std::vector<std::string> domains;
  if (base.empty()) return domains;
  const std::size_t dot = lower.find('.');
  const std::string above = lower.substr(dot + 1);
  // Above a host that is itself what was registered there is a public suffix.
  if (lower != base && above != base) domains.push_back(above);
  domains.push_back(base);
  std::erase_if(domains, [domain](const std::string& one) { return ascii_iequals(one, domain); });
  return domains;
}

bool is_within(std::string_view host, std::string_view domain) {
  if (domain.empty() || host.size() < domain.size()) return false;
  const std::size_t begin = host.size() - domain.size();
  return ascii_iequals(host.substr(begin), domain) && (begin == 0 || host[begin - 1] == '.');
}

bool needs_consent(const Candidate& candidate, const Address& address) {
  return candidate.source != Source::autoconfig && !is_within(candidate.host, address.domain);
}

std::vector<Candidate> ranked(const std::vector<Candidate>& candidates) {
  const auto place = [](const Candidate& one) { return std::tie(one.host, one.port, one.mode); };
  std::vector<Candidate> once;
  for (const Source source : kSources) {
    for (const Candidate& candidate : candidates) {
      const bool known = std::ranges::any_of(
          once, [&](const Candidate& other) { return place(other) == place(candidate); });
      if (candidate.source == source && !known) once.push_back(candidate);
    }
  }
  return once;
}

}  // namespace sterna::discover
