// SPDX-License-Identifier: Apache-2.0
// The order of things follows RFC 3501 section 6.2 and RFC 8314: what was said before TLS is
// forgotten, a line that should be encrypted and is not is given up, and a password is refused
// once.
#include "login.h"

#include <fmt/format.h>

#include "authenticate.h"
#include "hints.h"
#include "sterna/auth/mechanism.h"

namespace sterna::account {
namespace {

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

// Whose mail it would be nobody has said.
Status check_preauth(Connection& connection, const Settings& settings) {
  if (!connection.client().authenticated() || !settings.endpoint.tunnel.empty()) return {};
  return fail(Error(ErrorCode::login, "the server claims that we are logged in already (PREAUTH)")
                  .with_hint("only what a `tunnel` leads to may do so; check host and port"));
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
    const std::vector<std::pair<std::string, std::string>> us{{"name", "Sterna"},
                                                              {"version", STERNA_VERSION}};
    if (auto id = connection.submit(imap::id(us), connection.id_sink())) {
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
  STERNA_CO_CHECK(check_preauth(*connection, settings));
  connection->recognise_by([greeting = greeting->text, capabilities = connection->capabilities(),
                            host = settings.endpoint.host,
                            own = settings.quirks](std::string_view id) {
    imap::Quirks quirks = imap::quirks_for(fmt::format("{}{}", greeting, id), capabilities, host);
    for (const auto& [name, value] : own) imap::set_quirk(quirks, name, value);
    return quirks;
  });
  co_return connection;
}

coro::Task<Result<std::string>> log_in(std::unique_ptr<Connection>& connection, Services services,
                                       const Settings& settings, LoginSecret& secret, Log log) {
  if (connection->client().authenticated()) {
    submit_preludes(*connection);
    co_return std::string("PREAUTH");
  }
  // Nothing in common is no fault of the secret.
  STERNA_CO_TRY(const auto possible, mechanisms_for(*connection, settings));
  STERNA_CO_TRY(Secret shown, co_await secret.get());
  auto in =
      co_await authenticate(*connection, services, settings, std::move(shown), secret.unfit, log);
  if (!in && in.error().is(ErrorCode::login) && secret.is_renewable()) {
    log.debug("a new token is asked for: {}", in.error().describe());
    connection->close();
    STERNA_CO_TRY(shown, co_await secret.renew());
    STERNA_CO_TRY(connection, co_await open_line(services, settings, log));
    in =
        co_await authenticate(*connection, services, settings, std::move(shown), secret.unfit, log);
  }
  if (!in && in.error().is(ErrorCode::login)) secret.forget();  // it may be another by now
  if (!in) co_return fail(std::move(in).error());
  if (connection->capabilities().empty() || connection->quirks.ask_capability_after_login) {
    STERNA_CO_CHECK(co_await connection->run_ok(imap::capability()));
  }
  submit_preludes(*connection);
  co_return std::string(auth::to_string(*in));
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
  auto in = co_await log_in(connection, services, settings, secret, log);
  if (!in) {
    connection->close();
    co_return fail_in(std::move(in), "login");
  }
  co_return connection;
}

}  // namespace sterna::account
