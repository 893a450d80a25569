// SPDX-License-Identifier: Apache-2.0
#include "init_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "runner.h"
#include "sterna/base/bytes.h"
#include "sterna/base/loopback.h"
#include "sterna/discover/find.h"
#include "sterna/discover/judge.h"
#include "sterna/net/dns.h"
#include "sterna/net/https.h"

namespace sterna::cli {
namespace {

using discover::Candidate;

std::string environment(const char* name) {
  const char* value = ::secure_getenv(name);
  return value ? value : "";
}

// For tests and for networks of one's own (sterna(1)).
std::vector<std::string> connect_to() {
  std::vector<std::string> list;
  const std::string value = environment("STERNA_DISCOVERY_CONNECT_TO");
  for (const std::string_view one : split(value, ','))
    if (!one.empty()) list.emplace_back(one);
  return list;
}

std::string database_base() {
  const std::string own = environment("STERNA_DISCOVERY_DATABASE");
  return own.empty() ? std::string(discover::kDatabaseUsual) : own;
}

config::TlsMode mode_of(io::TlsMode mode) {
  return mode == io::TlsMode::starttls ? config::TlsMode::starttls : config::TlsMode::implicit;
}

std::optional<Candidate> of_known_exchange(const std::string& host) {
  const config::Preset* preset = config::preset_of_mail_exchange(host);
  if (preset == nullptr || preset->host.empty()) return std::nullopt;
  Candidate candidate;
  candidate.host = preset->host;
  candidate.port = preset->port;
  candidate.mode =
      preset->mode == config::TlsMode::starttls ? io::TlsMode::starttls : io::TlsMode::implicit;
  candidate.logins = {discover::Login::password};
  return candidate;
}

class Choosing {
 public:
  Choosing(Console& console, Prompt& prompt, const InitArguments& arguments,
           discover::Address address)
      : console_(console), prompt_(prompt), arguments_(arguments), address_(std::move(address)) {}

  Result<Server> run() {
    if (!arguments_.preset.empty()) return of_named_preset();
    if (!arguments_.host.empty()) return of_host(arguments_.host);
    if (const config::Preset* preset = config::preset_of_domain(address_.domain)) {
      Server server = of_preset(*preset, fmt::format("known by the domain {}", address_.domain));
      server.preset_by_address = true;
      return server;
    }
    if (!arguments_.offline) {
      STERNA_TRY(auto found, search());
      if (found) return std::move(*found);
    }
    return ask();
  }

 private:
  Server of_preset(const config::Preset& preset, std::string found_by) {
    Server server;
    server.preset = &preset;
    server.host = preset.host;
    server.port = preset.port;
    server.mode = preset.mode;
    server.found_by = std::move(found_by);
    if (preset.login == config::PresetLogin::oauth) server.logins = {discover::Login::oauth};
    return server;
  }

  Result<Server> of_named_preset() {
    const config::Preset* preset = config::find_preset(arguments_.preset);
    if (preset == nullptr) {
      const std::string near = config::nearest_preset(arguments_.preset);
      return fail(Error(ErrorCode::usage,
                        fmt::format("there is no preset {}", printable(arguments_.preset, 40)))
                      .with_hint(near.empty()
                                     ? "leave it out: the domain gives it, or the server is found"
                                     : fmt::format("did you mean {}?", near)));
    }
    Server server = of_preset(*preset, "named by you");
    server.preset_by_address = preset == config::preset_of_domain(address_.domain);
    if (!arguments_.host.empty()) server.host = arguments_.host;
    if (!server.host.empty()) return server;
    STERNA_TRY(const Server asked, ask());
    server.host = asked.host;
    return server;
  }

  Result<Server> of_host(std::string host) {
    if (!discover::is_host_name(host) && !is_loopback_host(host)) {
      return fail(Error(ErrorCode::usage, fmt::format("{} is no host name", printable(host, 200)))
                      .with_hint("such as imap.example.org; the port has an option of its own"));
    }
    // A server that is known has more to it than its name.
    if (const config::Preset* preset = config::preset_of_host(host))
      return of_preset(*preset, "named by you");
    Server server;
    server.host = std::move(host);
    server.found_by = "named by you";
    server.port_is_guessed = !arguments_.port && arguments_.tls.empty();
    return server;
  }

  Server of_candidate(const Candidate& candidate) {
    const std::string found_by =
        fmt::format("{}: {}", to_string(candidate.source), candidate.where);
    const config::Preset* preset = config::preset_of_host(candidate.host);
    if (candidate.source == discover::Source::known_exchange)
      preset = known_preset(candidate, preset);
    Server server = preset != nullptr ? of_preset(*preset, found_by) : Server();
    if (preset == nullptr) {
      server.host = candidate.host;
      server.port = candidate.port;
      server.mode = mode_of(candidate.mode);
      server.logins = candidate.logins;
    }
    server.user = candidate.user;
    server.found_by = found_by;
    return server;
  }

  // That of a program on this machine is no host by which it would be known.
  const config::Preset* known_preset(const Candidate& candidate, const config::Preset* by_host) {
    if (by_host != nullptr) return by_host;
    const auto all = config::presets();
    const auto it = std::ranges::find_if(all, [&candidate](const config::Preset& preset) {
      return preset.host == candidate.host && preset.port == candidate.port &&
             !preset.mail_exchanges.empty();
    });
    return it == all.end() ? nullptr : &*it;
  }

  Result<discover::Found> look(std::string database) {
    Runner runner;
    const auto http = net::make_http(runner.loop());
    STERNA_TRY(const auto dns, net::make_dns(runner.loop(), environment("STERNA_DISCOVERY_DNS")));
    discover::Question question;
    question.address = address_;
    question.database = std::move(database);
    question.connect_to = connect_to();
    question.known_exchange = of_known_exchange;
    discover::Found found = runner.run(discover::find(
        {*http, *dns, runner.loop().clock(), runner.loop().random()}, std::move(question)));
    if (runner.interrupted()) return fail(Error::cancelled());
    if (console_.verbose() || found.candidates.empty()) {
      for (const discover::Tried& one : found.tried)
        console_.err(fmt::format("  {}: {}\n", one.what, one.outcome));
    }
    return found;
  }

  // What is taken of what was found; none where nothing is.
  Result<std::optional<Server>> search() {
    if (!console_.quiet())
      console_.err(fmt::format("Looking for the mail server of {}\n", address_.domain));
    STERNA_TRY(discover::Found found, look(arguments_.database ? database_base() : ""));
    if (found.candidates.empty() && !arguments_.database && prompt_.may_ask()) {
      STERNA_TRY(const bool agreed,
                 prompt_.yes(fmt::format("Ask the central database at {}? It learns that somebody "
                                         "asks for {}.",
                                         database_base(), address_.domain),
                             false));
      if (agreed) {
        STERNA_TRY(found, look(database_base()));
      }
    }
    return take_one_of(found.candidates);
  }

  // Those that need no consent go before those that do.
  Result<std::optional<Server>> take_one_of(const std::vector<Candidate>& candidates) {
    for (const bool with_consent : {false, true}) {
      for (const Candidate& candidate : candidates) {
        if (discover::needs_consent(candidate, address_) != with_consent) continue;
        STERNA_TRY(auto server, offer(candidate, with_consent));
        if (server) return std::move(server);
      }
    }
    return std::optional<Server>();
  }

  Result<std::optional<Server>> offer(const Candidate& candidate, bool needs_consent) {
    Server server = of_candidate(candidate);
    const std::string foreign =
        fmt::format("{} is not within {}, and what named it is not authenticated ({})", server.host,
                    address_.domain, server.found_by);
    if (!prompt_.may_ask() && needs_consent) {
      return fail(Error(ErrorCode::certificate, foreign).with_hint(consent_option(server)));
    }
    if (!prompt_.may_ask()) return std::optional(std::move(server));
    console_.err(fmt::format("Found {}\n  by {}\n", server_text(server), server.found_by));
    if (needs_consent) console_.err(fmt::format("{}.\n", foreign));
    STERNA_TRY(const bool taken,
               prompt_.yes(needs_consent ? "Is it your provider's?" : "Use it?", !needs_consent));
    if (!taken) return std::optional<Server>();
    server.agreed_to = true;
    return std::optional(std::move(server));
  }

  static std::string consent_option(const Server& server) {
    if (server.preset != nullptr)
      return fmt::format("if that is your provider, say so: --preset {}", server.preset->name);
    std::string option = fmt::format("if that is your provider, say so: --host {}", server.host);
    if (server.port != 993) option += fmt::format(" --port {}", server.port);
    if (server.mode == config::TlsMode::starttls) option += " --tls starttls";
    return option;
  }

  Result<Server> ask() {
    if (!prompt_.may_ask()) {
      return fail(
          Error(ErrorCode::not_found,
                fmt::format("no mail server was found for {}", address_.domain))
              .with_hint("name it: --host imap.example.org, with --port and --tls starttls where "
                         "it is not the usual 993" +
                         std::string(arguments_.database || arguments_.offline
                                         ? ""
                                         : "; or ask the central database of providers: "
                                           "--database")));
    }
    for (;;) {
      STERNA_TRY(const std::string host,
                 prompt_.line("Your provider's IMAP server (imap.example.org)"));
      auto server = of_host(host);
      if (server) return server;
      console_.error(server.error());
    }
  }

  Console& console_;
  Prompt& prompt_;
  const InitArguments& arguments_;
  discover::Address address_;
};

Result<config::TlsMode> mode_named(const std::string& word) {
  if (word == "implicit") return config::TlsMode::implicit;
  if (word == "starttls") return config::TlsMode::starttls;
  if (word == "none") return config::TlsMode::none;
  return fail(ErrorCode::usage, fmt::format("--tls: {} is neither implicit nor starttls nor none",
                                            printable(word, 40)));
}

}  // namespace

Result<Server> choose_server(Console& console, Prompt& prompt, const InitArguments& arguments,
                             const std::string& address) {
  STERNA_TRY(discover::Address parsed, discover::parse_address(address));
  STERNA_TRY(Server server, Choosing(console, prompt, arguments, std::move(parsed)).run());
  if (!arguments.tls.empty()) {
    STERNA_TRY(server.mode, mode_named(arguments.tls));
    server.port = server.mode == config::TlsMode::implicit ? 993 : 143;
  }
  if (arguments.port) server.port = *arguments.port;
  if (arguments.port == 143 && arguments.tls.empty()) server.mode = config::TlsMode::starttls;
  if (!arguments.user.empty()) server.user = arguments.user;
  return server;
}

std::string server_text(const Server& server) {
  const std::string title =
      server.preset != nullptr ? fmt::format("{}: ", server.preset->title) : std::string();
  const std::string_view tls = server.mode == config::TlsMode::implicit   ? "TLS from the start"
                               : server.mode == config::TlsMode::starttls ? "STARTTLS"
                                                                          : "no TLS";
  return fmt::format("{}{}, port {}, {}", title, server.host, server.port, tls);
}

}  // namespace sterna::cli
