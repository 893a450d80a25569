// SPDX-License-Identifier: Apache-2.0
#include "sterna/discover/find.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sterna/base/bytes.h"
#include "sterna/coro/scope.h"
#include "sterna/discover/judge.h"
#include "sterna/io/deadline.h"

namespace sterna::discover {
namespace {

constexpr int kOk = 200;
constexpr int kRedirectsFrom = 300;
constexpr int kRedirectsUntil = 400;
constexpr std::size_t kShown = 300;

std::string own_url(const std::string& domain) {
  return fmt::format("https://autoconfig.{}/mail/config-v1.1.xml", domain);
}
std::string well_known_url(const std::string& domain) {
  return fmt::format("https://{}/.well-known/autoconfig/mail/config-v1.1.xml", domain);
}
std::string database_url(const std::string& base, const std::string& domain) {
  return base + (base.ends_with('/') ? "" : "/") + domain;
}

class Search {
 public:
  Search(World world, Question question) : world_(world), question_(std::move(question)) {}

  coro::Task<Found> run() {
    const std::string& domain = question_.address.domain;
    coro::Scope scope = co_await coro::make_scope();
    scope.spawn(ask_web(Source::autoconfig, 0, own_url(domain)));
    scope.spawn(ask_web(Source::autoconfig, 1, well_known_url(domain)));
    // Implicit TLS first, whatever the priorities (RFC 8314 section 5.1).
    scope.spawn(ask_srv(0, "_imaps", io::TlsMode::implicit));
    scope.spawn(ask_srv(1, "_imap", io::TlsMode::starttls));
    scope.spawn(ask_exchange());
    if (!question_.database.empty())
      scope.spawn(ask_web(Source::database, 0, database_url(question_.database, domain)));
    co_await scope.join();
    co_return gathered();
  }

 private:
  // What one question led to.
  struct Told {
    Source source;
    int rank;  // among those of one source: each its own
    Tried tried;
    std::vector<Candidate> candidates;
  };

  Found gathered() {
    std::ranges::sort(told_, {}, [](const Told& one) { return std::pair(one.source, one.rank); });
    Found found;
    for (Told& told : told_) {
      found.tried.push_back(std::move(told.tried));
      for (Candidate& candidate : told.candidates) found.candidates.push_back(std::move(candidate));
    }
    found.candidates = ranked(found.candidates);
    return found;
  }

  void note(Source source, int rank, std::string what, std::string outcome,
            std::vector<Candidate> candidates = {}) {
    for (Candidate& candidate : candidates) {
      candidate.source = source;
      candidate.where = what;
    }
    told_.push_back({source, rank, {std::move(what), std::move(outcome)}, std::move(candidates)});
  }
  void note(Source source, int rank, std::string what, const Error& error) {
    std::string_view why = error.message();
    if (why.starts_with(what + ": ")) why.remove_prefix(what.size() + 2);
    std::string outcome = printable(why, kShown);
    note(source, rank, std::move(what), std::move(outcome));
  }

  coro::Task<Result<std::string>> fetch(std::string url) {
    for (int redirects = 0;; ++redirects) {
      io::HttpRequest request;
      request.url = url;
      request.accept = "text/xml, application/xml";
      request.connect_to = question_.connect_to;
      request.octets_max = kAutoconfigOctetsMax;
      request.limit = kWebLimit;
      STERNA_CO_TRY(io::HttpAnswer answer, co_await world_.http.send(std::move(request)));
      if (answer.status == kOk) co_return std::string(std::move(answer.body));
      const bool leads_on = answer.status >= kRedirectsFrom && answer.status < kRedirectsUntil &&
                            answer.redirect.starts_with("https://");
      if (!leads_on)
        co_return fail(ErrorCode::not_found, fmt::format("answered {}", answer.status));
      if (redirects == kRedirectsMax) co_return fail(ErrorCode::not_found, "leads on and on");
      url = std::move(answer.redirect);
    }
  }

  coro::Task<void> ask_web(Source source, int rank, std::string url) {
    auto fetching = fetch(url);
    auto body = co_await io::with_deadline(world_.clock, kWebLimit, std::move(fetching));
    if (!body) {
      note(source, rank, url, body.error());
      co_return;
    }
    auto candidates = parse_autoconfig(*body, question_.address);
    if (!candidates) {
      note(source, rank, url, candidates.error());
    } else {
      note(source, rank, url, "describes a server", std::move(*candidates));
    }
  }

  coro::Task<void> ask_srv(int rank, std::string service, io::TlsMode mode) {
    const std::string name = service + "._tcp." + question_.address.domain;
    auto records = co_await world_.dns.srv(name);
    if (!records) {
      note(Source::srv, rank, name, records.error());
      co_return;
    }
    const Dice dice = [this](std::uint32_t most) {
      return static_cast<std::uint32_t>(world_.random.next() % (std::uint64_t{most} + 1));
    };
    const bool refused = is_refusal(*records);
    auto candidates = from_srv(std::move(*records), mode, dice);
    const bool any = !candidates.empty();
    note(Source::srv, rank, name,
         refused ? "says that it is not offered"
         : any   ? "names a server"
                 : "no such record",
         std::move(candidates));
  }

  coro::Task<void> ask_exchange() {
    const std::string& domain = question_.address.domain;
    const std::string record = "MX of " + domain;
    auto records = co_await world_.dns.mx(domain);
    if (!records) {
      note(Source::known_exchange, 0, record, records.error());
      co_return;
    }
    const std::string host = best_exchange(*records);
    if (host.empty()) {
      note(Source::known_exchange, 0, record, "no such record");
      co_return;
    }
    if (auto known = question_.known_exchange(host)) {
      note(Source::known_exchange, 0, record, host, {std::move(*known)});
      co_return;
    }
    note(Source::known_exchange, 0, record, host);
    co_await ask_domains_of(host);
  }

  coro::Task<void> ask_domains_of(std::string host) {
    const auto domains = domains_of_exchange(host, question_.address.domain);
    if (!domains) {
      note(Source::exchange_autoconfig, 0, "domains above " + host, domains.error());
      co_return;
    }
    coro::Scope scope = co_await coro::make_scope();
    int rank = 0;
    for (const std::string& above : *domains) {
      scope.spawn(ask_web(Source::exchange_autoconfig, rank, own_url(above)));
      if (!question_.database.empty()) {
        scope.spawn(ask_web(Source::database, rank + 1, database_url(question_.database, above)));
      }
      ++rank;
    }
    co_await scope.join();
  }

  World world_;
  Question question_;
  std::vector<Told> told_;
};

}  // namespace

coro::Task<Found> find(World world, Question question) {
  Search search(world, std::move(question));
  co_return co_await search.run();
}

}  // namespace sterna::discover
