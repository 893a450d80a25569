// SPDX-License-Identifier: Apache-2.0
#include "auth_flows.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <utility>

#include "browser.h"
#include "sterna/base/bytes.h"
#include "sterna/net/loopback_server.h"

namespace sterna::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kBrowserMax = std::chrono::minutes(5);
// Of what is pasted.
constexpr std::size_t kLineMax = 64 * 1024;
// Where the redirect is never caught, any port will do.
constexpr std::uint16_t kNoPort = 1;

// A grant that was not given when the user had just agreed.
Error not_granted(const OAuthLogin& login, const oauth::Refusal& refusal,
                  const std::string& account) {
  using Kind = oauth::Refusal::Kind;
  if (refusal.kind == Kind::setup) return login.session.mended(refusal);
  const bool again = refusal.kind == Kind::consent_gone || refusal.kind == Kind::expired ||
                     refusal.kind == Kind::denied;
  if (!again) return refusal.error;
  return Error(refusal.error).with_hint("try again: sterna auth " + account);
}

coro::Task<Result<oauth::Grant>> redeem(OAuthLogin& login, oauth::Authorization authorization,
                                        Secret code, std::string account) {
  const oauth::Client& client = login.session.client();
  STERNA_CO_TRY(io::HttpAnswer answer,
                co_await login.http->send(oauth::code_request(client, authorization, code)));
  auto grant = oauth::read_grant(std::move(answer), login.session.endpoint_name());
  if (!grant) co_return fail(not_granted(login, grant.error(), account));
  co_return std::move(*grant);
}

Status check_authorize_url(const oauth::Client& client, const std::string& account) {
  if (!client.authorize_url.empty()) return {};
  return fail(Error(ErrorCode::usage, client.provider + " has no authorize_url here")
                  .with_hint(fmt::format("sterna auth {} --device", account)));
}

// --- the browser of this machine

// Answers the browser until it brings the code of this login, or a refusal.
class Reception {
 public:
  Reception(const oauth::Authorization& authorization, Console& console)
      : authorization_(authorization), console_(console) {}

  net::LoopbackServer::Page receive(const std::string& target) {
    oauth::Visit visit = oauth::read_visit(target, authorization_);
    switch (visit.kind) {
      case oauth::Visit::Kind::unrelated:
        return {.text = "There is nothing here."};
      case oauth::Visit::Kind::foreign:
        console_.err("An answer to another login than this one came, and was left aside.\n");
        return {.status = 400,
                .text =
                    "This is the answer to another login than the one that "
                    "Sterna waits for."};
      case oauth::Visit::Kind::answer:
        break;
    }
    const bool agreed = visit.code.has_value();
    code_ = std::move(visit.code);
    return {.status = 200,
            .text = agreed ? "Sterna has its answer. You may close this page."
                           : "Sterna has its answer: the login was refused. You may close this "
                             "page.",
            .last = true};
  }
  // Precondition: the last page was sent.
  Result<Secret> take_code() { return std::move(*code_); }

 private:
  const oauth::Authorization& authorization_;
  Console& console_;
  std::optional<Result<Secret>> code_;
};

coro::Task<Result<Secret>> wait_for_browser(net::LoopbackServer& server, Reception& reception,
                                            std::string account) {
  std::function<net::LoopbackServer::Page(const std::string&)> receive =
      [&reception](const std::string& target) { return reception.receive(target); };
  const Status came = co_await server.serve(std::move(receive), kBrowserMax);
  if (came) co_return reception.take_code();
  if (!came.error().is(ErrorCode::timeout)) co_return fail(came.error());
  co_return fail(
      Error(ErrorCode::login,
            fmt::format("no browser came back within {} minutes",
                        std::chrono::floor<std::chrono::minutes>(kBrowserMax).count()))
          .with_hint(fmt::format("if it runs elsewhere: sterna auth {} --paste", account)));
}

// --- what is pasted

std::string read_line() {
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n' && line.size() < kLineMax; c = std::getchar())
    line += static_cast<char>(c);
  return line;
}

// --- devices

void show_device(Console& console, const oauth::Device& device) {
  console.err(fmt::format("Open {} and enter the code {}\n", device.url, device.user_code));
  if (!device.complete_url.empty()) console.err(fmt::format("or open {}\n", device.complete_url));
  console.err(fmt::format("Waiting for it, {} minutes at most ...\n",
                          std::chrono::ceil<std::chrono::minutes>(device.lifetime).count()));
}

// What a question without an answer means: ask again later.
std::expected<oauth::Grant, oauth::Refusal> read_poll(Result<io::HttpAnswer> answer,
                                                      const OAuthLogin& login) {
  if (answer) return oauth::read_grant(std::move(*answer), login.session.endpoint_name());
  return std::unexpected(
      oauth::Refusal{.kind = oauth::Refusal::Kind::later, .error = std::move(answer).error()});
}

coro::Task<Result<oauth::Grant>> poll(net::Loop& loop, OAuthLogin& login, oauth::Device device,
                                      std::string account) {
  const auto end = loop.clock().monotonic() + device.lifetime;
  seconds interval = device.interval;
  seconds wait = interval;
  for (;;) {
    STERNA_CO_CHECK(co_await loop.clock().sleep(wait));
    Result<io::HttpAnswer> answer =
        co_await login.http->send(oauth::poll_request(login.session.client(), device.code));
    if (!answer && answer.error().is_cancelled()) co_return fail(answer.error());
    auto grant = read_poll(std::move(answer), login);
    if (grant) co_return std::move(*grant);
    const auto next = oauth::next_poll(grant.error(), interval);
    if (!next) co_return fail(not_granted(login, grant.error(), account));
    wait = *next;
    if (loop.clock().monotonic() + wait > end) {
      co_return fail(Error(ErrorCode::login, "the code was not entered in time")
                         .with_hint(fmt::format("try again: sterna auth {} --device", account)));
    }
  }
}

coro::Task<Result<oauth::Device>> begin_device(OAuthLogin& login, std::string account) {
  const oauth::Client& client = login.session.client();
  STERNA_CO_TRY(io::HttpAnswer answer, co_await login.http->send(oauth::device_request(client)));
  auto device = oauth::read_device(std::move(answer), "the device endpoint of " + client.provider);
  if (!device) co_return fail(not_granted(login, device.error(), account));
  co_return std::move(*device);
}

}  // namespace

Result<oauth::Grant> log_in_by_browser(const Context& context, Runner& runner, OAuthLogin& login,
                                       const config::AccountConfig& account) {
  const oauth::Client& client = login.session.client();
  STERNA_CHECK(check_authorize_url(client, account.name));
  auto server = net::LoopbackServer::listen(runner.loop(), client.port);
  if (!server) {
    return fail(std::move(server).error().with_hint(
        fmt::format("take another oauth.port, or: sterna auth {} --paste", account.name)));
  }
  const oauth::Authorization authorization = oauth::begin_authorization(
      runner.loop().random(), oauth::loopback_redirect(client, (*server)->port()));
  const std::string url = oauth::authorization_url(client, authorization, account.user);
  const bool opened = !context.options.no_input && open_in_browser(url);
  context.console.err(
      fmt::format("{}\n\n  {}\n\nWaiting for the browser, {} minutes at most ...\n",
                  opened ? "Log in with the browser that opens now. If none does, open:"
                         : "Log in with a browser on this machine:",
                  url, std::chrono::floor<std::chrono::minutes>(kBrowserMax).count()));
  Reception reception(authorization, context.console);
  STERNA_TRY(Secret code, runner.run(wait_for_browser(**server, reception, account.name)));
  return runner.run(redeem(login, authorization, std::move(code), account.name));
}

Result<oauth::Grant> log_in_by_paste(const Context& context, Runner& runner, OAuthLogin& login,
                                     const config::AccountConfig& account) {
  const oauth::Client& client = login.session.client();
  STERNA_CHECK(check_authorize_url(client, account.name));
  std::string redirect = client.redirect_uri;
  if (redirect.empty())
    redirect = oauth::loopback_redirect(client, client.port == 0 ? kNoPort : client.port);
  const oauth::Authorization authorization =
      oauth::begin_authorization(runner.loop().random(), std::move(redirect));
  context.console.err(fmt::format(
      "Log in with any browser:\n\n  {}\n\nAt the end it is sent to {}, and most likely shows an "
      "error.\nPaste the address of that page, or the code in it: ",
      oauth::authorization_url(client, authorization, account.user), authorization.redirect_uri));
  std::string line = read_line();
  if (::isatty(STDIN_FILENO) != 1) context.console.err("\n");  // nobody typed one
  Result<Secret> code = oauth::read_pasted(line, authorization);
  wipe(line);
  if (!code) return fail(std::move(code).error());
  return runner.run(redeem(login, authorization, std::move(*code), account.name));
}

Result<oauth::Grant> log_in_by_device(const Context& context, Runner& runner, OAuthLogin& login,
                                      const config::AccountConfig& account) {
  const oauth::Client& client = login.session.client();
  if (client.device_url.empty()) {
    return fail(
        Error(ErrorCode::usage, client.provider + " has no login of devices for mail")
            .with_hint(fmt::format("sterna auth {0}, or, without a browser here: sterna auth {0} "
                                   "--paste",
                                   account.name)));
  }
  STERNA_TRY(oauth::Device device, runner.run(begin_device(login, account.name)));
  show_device(context.console, device);
  return runner.run(poll(runner.loop(), login, std::move(device), account.name));
}

}  // namespace sterna::cli
