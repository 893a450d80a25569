// SPDX-License-Identifier: Apache-2.0
// The order of things follows RFC 3501 section 6.2 and RFC 8314: what was said before TLS is
// forgotten, a line that should be encrypted and is not is given up, and a password is refused
// once.
#include "login.h"

#include <fmt/format.h>

#include "hints.h"
#include "sterna/auth/mechanism.h"
#include "sterna/auth/sasl.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/outcome.h"

namespace sterna::account {
namespace {

Error wrong_login(const imap::Done& done, const Settings& settings, std::string_view complaint) {
  Error error = imap::error_from(done);
  const bool temporary = done.code.is(imap::Code::unavailable) || done.code.is(imap::Code::limit) ||
                         done.code.is(imap::Code::in_use) || done.code.is(imap::Code::server_bug);
  if (temporary) {
    return std::move(error).with_hint(
        "wait some minutes; where it is about connections, end other mail programs or lower "
        "`connections`");
  }
  if (done.status == imap::StatusKind::bad) {
    return std::move(error).with_hint(
        "the server does not understand this way to log in; try another `auth`: \"plain\" or "
        "\"login\"");
  }
  std::string why = printable(done.text);
  if (!complaint.empty()) why += fmt::format(" ({})", complaint);
  Error refusal(ErrorCode::login, fmt::format("the server refused the login of {}: {}",
                                              printable(settings.user), why));
  if (std::string hint = hint_of_refusal(done.text); !hint.empty())
    return std::move(refusal).with_hint(std::move(hint));
  if (!settings.login_hint.empty()) return std::move(refusal).with_hint(settings.login_hint);
  if (settings.auth == auth::Preference::oauth) {
    return std::move(refusal).with_hint(
        fmt::format("check user, and log in anew: sterna auth {}", settings.name));
  }
  return std::move(refusal).with_hint(
      "check user and password; some providers want an app password instead of your own");
}

coro::Task<Status> secure(Connection& connection, const Settings& settings) {
  if (settings.endpoint.tls_mode != io::TlsMode::starttls) co_return Status{};
  if (connection.client().authenticated()) {
    co_return fail(
        Error(ErrorCode::tls, "the server skipped the login before the line was encrypted")
            .with_disposition(Disposition::needs_user)
            .with_hint("use tls.mode = \"implicit\" with the server's port for it"));
  }
  if (!connection.has(imap::Capability::starttls)) {
    co_return fail(Error(ErrorCode::tls, "the server does not offer STARTTLS")
                       .with_disposition(Disposition::needs_user)
                       .with_hint("use tls.mode = \"implicit\" with the server's port for it, "
                                  "usually 993"));
  }
  STERNA_CO_CHECK(co_await connection.start_tls(settings.endpoint.tls));
  co_return co_await connection.run_ok(imap::capability());
}

// Takes the answers to the server's challenges.
Result<std::shared_ptr<auth::SaslExchange>> start_exchange(Connection& connection,
                                                           auth::Mechanism mechanism,
                                                           const auth::Credentials& credentials) {
  STERNA_TRY(auto started, auth::start_sasl(mechanism, credentials));
  std::shared_ptr<auth::SaslExchange> exchange = std::move(started);
  connection.on_challenges(
      [exchange](std::string_view challenge) { return exchange->respond(challenge); });
  return exchange;
}

Status judge(const imap::Done& done, const auth::SaslExchange& exchange, const Settings& settings) {
  if (!done.ok()) return fail(wrong_login(done, settings, exchange.complaint()));
  return exchange.accept();
}

coro::Task<Status> authenticate(Connection& connection, auth::Mechanism mechanism,
                                auth::Credentials credentials, const Settings& settings) {
  if (mechanism == auth::Mechanism::login_command) {
    STERNA_CO_CHECK(auth::check_login_credentials(credentials));
    STERNA_CO_TRY(imap::Done done,
                  co_await connection.run(imap::login(credentials.user, credentials.secret)));
    if (!done.ok()) co_return fail(wrong_login(done, settings, ""));
    co_return Status{};
  }
  const std::string_view name = auth::sasl_name(mechanism);
  STERNA_CO_TRY(auto exchange, start_exchange(connection, mechanism, credentials));
  if (exchange->speaks_first() && connection.has(imap::Capability::sasl_ir)) {
    STERNA_CO_TRY(Secret first, exchange->respond(""));
    STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::authenticate(name, first)));
    if (done.status != imap::StatusKind::bad) co_return judge(done, *exchange, settings);
    // Not understood, so not judged either: once more, when the server asks for it.
    connection.distrust(imap::Capability::sasl_ir);
    STERNA_CO_TRY(exchange, start_exchange(connection, mechanism, credentials));
  }
  STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::authenticate(name)));
  co_return judge(done, *exchange, settings);
}

void submit_preludes(Connection& connection) {
  const imap::Capabilities& can = connection.capabilities();
  std::vector<imap::Capability> wanted;
  if (can.has(imap::Capability::enable)) {
    if (can.has(imap::Capability::qresync) && !connection.quirks.no_qresync) {
      wanted.push_back(imap::Capability::qresync);
    } else if (can.has(imap::Capability::condstore)) {
      wanted.push_back(imap::Capability::condstore);
    }
    if (can.has(imap::Capability::utf8_only)) {
      wanted.push_back(imap::Capability::utf8_accept);
    }
    // One that speaks both stays with the older one, whose names the base knows.
    if (can.has(imap::Capability::imap4rev2) && !can.has(imap::Capability::imap4rev1)) {
      wanted.push_back(imap::Capability::imap4rev2);
    }
  }
  // Operators ask who it is that does what they see; some servers let nobody in without.
  if (connection.quirks.id_required || can.has(imap::Capability::id)) {
    if (auto id = connection.submit(imap::id({{"name", "Sterna"}, {"version", STERNA_VERSION}}))) {
      connection.prelude(*id);
    }
  }
  if (!wanted.empty()) {
    if (auto id = connection.submit(imap::enable(wanted))) connection.prelude(*id);
  }
  if (can.has(imap::Capability::namespaces)) {
    if (auto id = connection.submit(imap::namespaces(), connection.namespace_sink())) {
      connection.prelude(*id);
    }
  }
}

// A server that expects TLS from the start says nothing before the handshake, and closes at last.
Error without_greeting(Error error, Connection& connection, const io::Endpoint& endpoint) {
  if (error.is(ErrorCode::protocol)) {
    const std::string& message = error.message();
    const std::size_t said = message.find(": ");
    std::string hint = said == std::string::npos
                           ? std::string()
                           : hint_of_greeting(std::string_view(message).substr(said + 2));
    if (!hint.empty()) return std::move(error).with_hint(std::move(hint)).with_context("greeting");
  }
  error.add_context("greeting");
  const bool silent = connection.transport().octets_in() == 0 &&
                      (error.is(ErrorCode::timeout) || error.is(ErrorCode::disconnected));
  if (!silent || endpoint.tls_mode == io::TlsMode::implicit || !endpoint.tunnel.empty()) {
    return error;
  }
  return std::move(error).with_hint(
      fmt::format("check host and port; if port {} expects TLS from the start, as 993 does, set "
                  "tls.mode = \"implicit\"",
                  endpoint.port));
}

coro::Task<Status> try_secret(Connection& connection, const Settings& settings,
                              auth::Mechanism mechanism, Secret secret) {
  auth::Credentials credentials{settings.user, std::move(secret), settings.endpoint.host,
                                settings.endpoint.port};
  co_return co_await authenticate(connection, mechanism, std::move(credentials), settings);
}

}  // namespace

coro::Task<Result<std::unique_ptr<Connection>>> open_line(Services services,
                                                          const Settings& settings, Log log) {
  Result<std::unique_ptr<io::Transport>> dialled = co_await services.dialer.dial(settings.endpoint);
  if (!dialled) {
    co_return fail_in(std::move(dialled), "connect");  // the dialer says where to
  }
  auto connection = std::make_unique<Connection>(services, std::move(*dialled), std::move(log));
  Result<imap::UntaggedStatus> greeting = co_await connection->greeting();
  if (!greeting) {
    co_return fail(without_greeting(std::move(greeting).error(), *connection, settings.endpoint));
  }
  if (connection->capabilities().empty()) {
    STERNA_CO_CHECK(co_await connection->run_ok(imap::capability()));
  }
  STERNA_CO_CHECK(co_await secure(*connection, settings));
  connection->quirks =
      imap::quirks_for(greeting->text, connection->capabilities(), settings.endpoint.host);
  for (const auto& [name, value] : settings.quirks)
    imap::set_quirk(connection->quirks, name, value);
  connection->client().set_pipeline_depth(connection->quirks.pipeline_depth_max);
  co_return connection;
}

Result<auth::Mechanism> mechanism_for(const Connection& connection, const Settings& settings) {
  const auth::Offer offer{connection.capabilities().auth_mechanisms(),
                          connection.has(imap::Capability::login_disabled)};
  const bool encrypted = settings.endpoint.tls_mode != io::TlsMode::none;
  const auth::Link link = encrypted                  ? auth::Link::encrypted
                          : settings.allow_plaintext ? auth::Link::plaintext_allowed
                                                     : auth::Link::plaintext;
  return auth::choose_mechanism(offer, settings.auth, link);
}

coro::Task<Status> log_in(std::unique_ptr<Connection>& connection, Services services,
                          const Settings& settings, LoginSecret& secret, Log log) {
  if (!connection->client().authenticated()) {
    STERNA_CO_TRY(Secret shown, co_await secret.get());
    STERNA_CO_TRY(auth::Mechanism mechanism, mechanism_for(*connection, settings));
    Status in = co_await try_secret(*connection, settings, mechanism, std::move(shown));
    if (!in && in.error().is(ErrorCode::login) && secret.is_renewable()) {
      log.debug("a new token is asked for: {}", in.error().describe());
      connection->close();
      STERNA_CO_TRY(shown, co_await secret.renew());
      STERNA_CO_TRY(connection, co_await open_line(services, settings, log));
      STERNA_CO_TRY(mechanism, mechanism_for(*connection, settings));
      in = co_await try_secret(*connection, settings, mechanism, std::move(shown));
    }
    if (!in && in.error().is(ErrorCode::login)) secret.forget();  // it may be another by now
    if (!in) co_return in;
    if (connection->capabilities().empty() || connection->quirks.ask_capability_after_login) {
      STERNA_CO_CHECK(co_await connection->run_ok(imap::capability()));
    }
  }
  submit_preludes(*connection);
  co_return Status{};
}

coro::Task<Result<std::unique_ptr<Connection>>> open_connection(Services services,
                                                                const Settings& settings,
                                                                LoginSecret& secret, Log log) {
  if (secret.is_renewable()) secret.forget();
  // A tunnel may be one that needs no login.
  if (settings.endpoint.tunnel.empty()) {
    STERNA_CO_TRY(const Secret known, co_await secret.get());
  }
  STERNA_CO_TRY(std::unique_ptr<Connection> connection,
                co_await open_line(services, settings, log));
  Status in = co_await log_in(connection, services, settings, secret, log);
  if (!in) {
    connection->close();
    co_return fail_in(std::move(in), "login");
  }
  co_return connection;
}

}  // namespace sterna::account
