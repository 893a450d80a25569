// SPDX-License-Identifier: Apache-2.0
// Asks the web and the DNS for the server of an address, all at once: the domain's own web server,
// its SRV records, and, one step later, whoever its MX record names.
//
// Nothing that is asked holds more than the domain, though the addressee of each question learns
// it: the central database is asked only where the user agreed.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sterna/coro/task.h"
#include "sterna/discover/autoconfig.h"
#include "sterna/discover/candidate.h"
#include "sterna/io/clock.h"
#include "sterna/io/dns.h"
#include "sterna/io/http.h"
#include "sterna/io/random.h"

namespace sterna::discover {

inline constexpr std::string_view kDatabaseUsual = "https://v1.ispdb.net/";
inline constexpr std::chrono::seconds kWebLimit{6};  // for each question, redirects included
inline constexpr int kRedirectsMax = 3;

struct World {
  io::Http& http;
  io::Dns& dns;
  io::Clock& clock;
  io::Random& random;
};

struct Question {
  Address address;
  std::string database;  // the URL below which it answers; "": it is not asked
  // HOST:PORT:TO_HOST:TO_PORT: who asks this web server connects to that one. TLS still wants the
  // certificate of the first.
  std::vector<std::string> connect_to;
  // A provider that is known by the host of an MX record; source and where are not set.
  std::function<std::optional<Candidate>(const std::string& host)> known_exchange;
};

struct Tried {
  std::string what;     // the URL, or the record
  std::string outcome;  // printable
};

struct Found {
  std::vector<Candidate> candidates;  // best first
  std::vector<Tried> tried;           // in the order of Source
};

// Always gives an answer, be it an empty one, in at most about three times kWebLimit; what was
// cancelled has what was known by then.
coro::Task<Found> find(World world, Question question);

}  // namespace sterna::discover
