// SPDX-License-Identifier: Apache-2.0
#include "authenticate.h"

#include <fmt/format.h>

#include <algorithm>

#include "hints.h"
#include "sterna/auth/sasl.h"
#include "sterna/base/bytes.h"
#include "sterna/base/wiping_heap.h"
#include "sterna/imap/outcome.h"

namespace sterna::account {
namespace {

constexpr std::size_t kNonceOctets = 24;

// One exchange, and why it was broken off, if it was.
struct Attempt {
  auth::Mechanism mechanism{};
  std::unique_ptr<auth::SaslExchange> exchange;
  std::optional<Error> failure;
};

auth::Offer offer_of(Connection& connection) {
  return {connection.capabilities().auth_mechanisms(),
          connection.has(imap::Capability::login_disabled)};
}

auth::ChannelBinding binding_of(Connection& connection) {
  std::vector<io::ChannelBinding> bindings = connection.transport().channel_bindings();
  auto wanted = bindings.begin();
  if (connection.quirks.binds_by_finished) {
    wanted = std::ranges::find(bindings, "tls-unique", &io::ChannelBinding::type);
  }
  if (wanted == bindings.end()) return {};
  return {std::move(wanted->type), std::move(wanted->data)};
}

// What does not need chance does not take any: a simulation's dice are the same for the same seed.
bool needs_nonce(auth::Mechanism mechanism) {
  return auth::to_string(mechanism).contains("SCRAM");
}

auth::Credentials credentials_for(Connection& connection, const Services& services,
                                  const Settings& settings, auth::Mechanism mechanism,
                                  const Secret& shown) {
  return {.user = settings.user,
          .secret = shown,
          .authorization_identity = settings.authorization_identity,
          .host = settings.endpoint.host,
          .port = settings.endpoint.port,
          .nonce = needs_nonce(mechanism) ? services.random.hex(kNonceOctets) : std::string(),
          .binding = binding_of(connection),
          .binding_offered = auth::offers_binding(offer_of(connection))};
}

std::string hint_for(std::string_view said, const Settings& settings, auth::Mechanism mechanism,
                     bool was_judged) {
  if (std::string hint = hint_of_refusal(said); !hint.empty()) return hint;
  if (!settings.login_hint.empty()) return settings.login_hint;
  if (settings.auth == auth::Preference::oauth) {
    return fmt::format("check user, and log in anew: sterna auth {}", settings.name);
  }
  if (settings.auth == auth::Preference::external) {
    return "the server must know the authority of tls.client_cert and whose it is; see `user`";
  }
  if (!was_judged) {
    return "the password was not asked for: check user; the server may keep the password in a form "
           "that this mechanism cannot use, then auth = \"plain\"";
  }
  if (auth::is_bound(mechanism)) {
    return "check user and password; if they are right, the server may know another kind of "
           "channel binding only, then, if you trust its certificate, auth = \"plain\"";
  }
  return "check user and password; some providers want an app password instead of your own";
}

// `exchange`: nullptr for the LOGIN command.
Error refusal(const imap::Done& done, const auth::SaslExchange* exchange, const Settings& settings,
              auth::Mechanism mechanism) {
  Error said = imap::error_from(done);
  if (said.disposition() == Disposition::retry) {
    return std::move(said).with_hint(
        "wait some minutes; where it is about connections, end other mail programs or lower "
        "`connections`");
  }
  if (done.status == imap::StatusKind::bad) {
    return std::move(said).with_hint(
        "the server does not understand this way to log in; try another `auth`: \"plain\" or "
        "\"login\"");
  }
  std::string why = printable(done.text);
  const std::string complaint = exchange ? exchange->complaint() : std::string();
  if (!complaint.empty()) why += fmt::format(" ({})", complaint);
  return Error(ErrorCode::login,
               fmt::format("the server refused the login of {}: {}", printable(settings.user), why))
      .with_hint(
          hint_for(done.text, settings, mechanism, !exchange || exchange->has_shown_secret()));
}

coro::Task<Result<Secret>> answer(Services services, std::shared_ptr<Attempt> attempt,
                                  std::string challenge) {
  Result<Secret> response = fail(ErrorCode::internal, "no answer");
  if (attempt->exchange->works_long()) {
    co_await services.worker.run([&response, &attempt, &challenge] {
      response = attempt->exchange->respond(challenge);
      wipe_leftovers();  // of that thread
    });
  } else {
    response = attempt->exchange->respond(challenge);
  }
  if (!response) attempt->failure = response.error();
  co_return response;
}

// Takes the answers to the server's challenges.
Result<std::shared_ptr<Attempt>> start(Connection& connection, Services services,
                                       auth::Mechanism mechanism,
                                       const auth::Credentials& credentials) {
  auto attempt = std::make_shared<Attempt>();
  attempt->mechanism = mechanism;
  STERNA_TRY(attempt->exchange, auth::start_sasl(mechanism, credentials));
  connection.on_challenges([services, attempt](std::string challenge) {
    return answer(services, attempt, std::move(challenge));
  });
  return attempt;
}

struct Verdict {
  Status status;
  bool was_judged = true;  // the server saw something that is made of the secret
};

Verdict judge(const imap::Done& done, const Attempt& attempt, const Settings& settings) {
  const auth::SaslExchange& exchange = *attempt.exchange;
  // What we found out ourselves is not for a server to be forgiven by another mechanism.
  if (attempt.failure) return {fail(*attempt.failure), true};
  if (done.ok()) return {exchange.accept(), true};
  return {fail(refusal(done, &exchange, settings, attempt.mechanism)), exchange.has_shown_secret()};
}

coro::Task<Result<Verdict>> log_in_plainly(Connection& connection, const Settings& settings,
                                           auth::Credentials credentials) {
  STERNA_CO_CHECK(auth::check_login_credentials(credentials));
  auto command = imap::login(credentials.user, credentials.secret);
  STERNA_CO_TRY(imap::Done done, co_await connection.run(std::move(command)));
  Verdict verdict;
  if (!done.ok())
    verdict.status = fail(refusal(done, nullptr, settings, auth::Mechanism::login_command));
  co_return verdict;
}

// An error means that nothing was decided: the line went, or there was nothing to show.
coro::Task<Result<Verdict>> attempt_with(Connection& connection, Services services,
                                         const Settings& settings, auth::Mechanism mechanism,
                                         auth::Credentials credentials) {
  if (mechanism == auth::Mechanism::login_command) {
    co_return co_await log_in_plainly(connection, settings, std::move(credentials));
  }
  const std::string name(auth::sasl_name(mechanism));
  STERNA_CO_TRY(auto attempt, start(connection, services, mechanism, credentials));
  if (attempt->exchange->speaks_first() && connection.has(imap::Capability::sasl_ir)) {
    STERNA_CO_TRY(Secret first, attempt->exchange->respond(""));
    STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::authenticate(name, first)));
    if (done.status != imap::StatusKind::bad || attempt->failure) {
      co_return judge(done, *attempt, settings);
    }
    // Not understood, so not judged either: once more, when the server asks for it.
    connection.distrust(imap::Capability::sasl_ir);
    STERNA_CO_TRY(attempt, start(connection, services, mechanism, credentials));
  }
  STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::authenticate(name)));
  co_return judge(done, *attempt, settings);
}

// Whether the next mechanism may be tried behind this outcome.
bool is_no_verdict(const Result<Verdict>& outcome) {
  // A password that SASLprep forbids was not shown to anybody.
  if (!outcome) return outcome.error().is(ErrorCode::secret);
  const Verdict& verdict = *outcome;
  if (verdict.status || verdict.was_judged) return false;
  const Error& error = verdict.status.error();
  return error.is(ErrorCode::login) || error.is(ErrorCode::server_bad);
}

}  // namespace

Result<std::vector<auth::Mechanism>> mechanisms_for(Connection& connection,
                                                    const Settings& settings) {
  const bool encrypted = settings.endpoint.tls_mode != io::TlsMode::none;
  const auth::Link link = encrypted                  ? auth::Link::encrypted
                          : settings.allow_plaintext ? auth::Link::plaintext_allowed
                                                     : auth::Link::plaintext;
  const bool can_bind = !binding_of(connection).type.empty();
  return auth::choose_mechanisms(offer_of(connection), settings.auth, link,
                                 can_bind ? auth::Binding::possible : auth::Binding::impossible);
}

coro::Task<Result<auth::Mechanism>> authenticate(Connection& connection, Services services,
                                                 const Settings& settings, Secret shown,
                                                 UnfitMechanisms& unfit, Log log) {
  STERNA_CO_TRY(std::vector<auth::Mechanism> mechanisms, mechanisms_for(connection, settings));
  const auto last = mechanisms.back();
  std::erase_if(mechanisms,
                [&](auth::Mechanism one) { return one != last && unfit.contains(one); });
  for (const auth::Mechanism mechanism : mechanisms) {
    auth::Credentials credentials =
        credentials_for(connection, services, settings, mechanism, shown);
    Result<Verdict> outcome =
        co_await attempt_with(connection, services, settings, mechanism, std::move(credentials));
    connection.on_challenges({});  // which held the secret
    wipe_leftovers();
    if (mechanism != last && is_no_verdict(outcome) && connection.usable()) {
      const Error& why = outcome ? outcome->status.error() : outcome.error();
      log.info("{} is not possible, the next way to log in is tried: {}",
               auth::to_string(mechanism), why.describe());
      unfit.insert(mechanism);
      continue;
    }
    if (!outcome) co_return fail(std::move(outcome).error());
    if (!outcome->status) co_return fail(std::move(outcome->status).error());
    co_return mechanism;
  }
  co_return fail(ErrorCode::internal, "no mechanism");
}

}  // namespace sterna::account
