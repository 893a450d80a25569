// SPDX-License-Identifier: Apache-2.0
// sterna auth: a login by OAuth 2.0, and what becomes of it. Tokens are shown by --token alone.
#include <fmt/format.h>

#include "auth_flows.h"
#include "auth_text.h"
#include "commands.h"
#include "daemon_link.h"
#include "json.h"
#include "oauth_login.h"
#include "report_text.h"
#include "runner.h"
#include "sterna/base/bytes.h"
#include "target.h"

namespace sterna::cli {
namespace {

using account::LifeState;

Error no_oauth(const std::string& name) {
  return Error(ErrorCode::usage, fmt::format("account {} does not log in by OAuth 2.0", name))
      .with_hint(fmt::format("that takes a table [account.{}.oauth]: docs/oauth.md", name));
}

Error tokens_of_a_command(const std::string& name) {
  return Error(ErrorCode::usage,
               fmt::format("account {} has its tokens from oauth.token_command", name))
      .with_hint("log in with that command's own means");
}

bool waits(LifeState state) {
  switch (state) {
    case LifeState::needs_auth:
    case LifeState::needs_secret:
    case LifeState::error:
    case LifeState::backoff:
    case LifeState::offline:
      return true;
    default:
      return false;
  }
}

// A daemon that waits before its next try shall try now: the end of a loan makes it.
void wake_daemon(const Context& context, Runner& runner, const std::string& name) {
  const auto client = find_daemon(context, runner);
  if (!client) return;
  const auto status = runner.run(client->ask(daemon::Op::status, {name}));
  if (!status) {
    if (status.error().is(ErrorCode::not_found)) {
      context.console.err(fmt::format(
          "The daemon that runs does not know account {} yet: reload it, and it does.\n", name));
    }
    return;
  }
  if (status->lives.empty() || !waits(status->lives.front().life.state)) return;
  static_cast<void>(runner.run(client->borrow({name})));
}

Result<oauth::Grant> log_in(const Context& context, Runner& runner, OAuthLogin& login,
                            const config::AccountConfig& account, AuthAction action) {
  if (action == AuthAction::device) return log_in_by_device(context, runner, login, account);
  const bool elsewhere = !login.session.client().redirect_uri.empty();
  if (action == AuthAction::paste || elsewhere)
    return log_in_by_paste(context, runner, login, account);
  return log_in_by_browser(context, runner, login, account);
}

Exit show(const Context& context, const LoginView& view) {
  const Exit exit = lasts(view) ? Exit::done : Exit::login;
  context.console.out(context.console.json() ? login_json(view)
                                             : login_text(view, context.console.style()));
  return exit;
}

Exit begin(const Context& context, Runner& runner, OAuthLogin& login,
           const config::AccountConfig& account, AuthAction action) {
  auto grant = log_in(context, runner, login, account, action);
  if (!grant) return fail_with(context, of_account(account.name, grant.error()));
  const Status adopted = runner.run(login.session.adopt(std::move(*grant)));
  if (!adopted) return fail_with(context, of_account(account.name, adopted.error()));
  const auto tokens = runner.run(login.session.look());
  if (!tokens) return fail_with(context, of_account(account.name, tokens.error()));
  wake_daemon(context, runner, account.name);
  const LoginView now = view_of_login(login, account.name, *tokens, runner.loop());
  if (!now.is_renewable) context.console.err(kNotRenewable);
  const bool is_complete = now.missing_scope.empty();
  if (!is_complete) context.console.error(of_account(account.name, not_all_granted(now)));
  if (context.console.json()) {
    context.console.out(login_json(now));
  } else if (is_complete && !context.console.quiet()) {
    context.console.err(fmt::format("{}: logged in at {}\n", account.name, now.provider));
  }
  return is_complete ? Exit::done : Exit::partly;
}

Exit show_status(const Context& context, Runner& runner, OAuthLogin& login,
                 const config::AccountConfig& account) {
  const auto tokens = runner.run(login.session.look());
  if (!tokens) return fail_with(context, of_account(account.name, tokens.error()));
  return show(context, view_of_login(login, account.name, *tokens, runner.loop()));
}

// Revoked where the provider can be told so; forgotten here in any case.
Exit log_out(const Context& context, Runner& runner, OAuthLogin& login,
             const config::AccountConfig& account) {
  const auto there = runner.run(login.session.forget());
  if (!there) return fail_with(context, of_account(account.name, there.error()));
  const oauth::Client& client = login.session.client();
  std::optional<Error> problem;
  const bool revocable = *there && !client.revoke_url.empty() && oauth::belongs_to(**there, client);
  if (revocable) {
    const oauth::Tokens& tokens = **there;
    const Secret& token = tokens.refresh.empty() ? tokens.access : tokens.refresh;
    const auto answer = runner.run(login.http->send(oauth::revoke_request(client, token)));
    if (!answer) problem = answer.error();
    // A token that is not valid any more need not be revoked (RFC 7009 section 2.2).
    if (answer && answer->status != 200 && answer->status != 400) {
      problem = Error(ErrorCode::connect,
                      fmt::format("{} answered with status {}", client.provider, answer->status));
    }
  }
  if (problem) {
    Error error = of_account(account.name, *problem);
    error.add_context("forgotten here, but not revoked");
    static_cast<void>(fail_with(
        context, std::move(error).with_hint("the provider's page of connected applications ends "
                                            "it, too")));
    return Exit::partly;
  }
  if (context.console.json()) {
    context.console.out(logout_json(account.name, there->has_value(), revocable));
  } else if (!context.console.quiet()) {
    context.console.err(
        fmt::format("{}: {}\n", account.name, logout_text(there->has_value(), revocable)));
  }
  return Exit::done;
}

Exit print_token(const Context& context, const config::AccountConfig& account,
                 const Result<Secret>& token) {
  if (!token) return fail_with(context, of_account(account.name, token.error()));
  if (context.console.json()) {
    context.console.out(token_json(account.name, *token));
  } else {
    context.console.out(token->reveal());
    context.console.out("\n");
  }
  return Exit::done;
}

}  // namespace

Exit run_command(const Context& context, const AuthArguments& arguments) {
  const auto found = select_account(context.config, arguments.account);
  if (!found) return fail_with(context, found.error());
  const config::AccountConfig& account = **found;
  if (account.auth != config::Auth::oauth || !account.oauth)
    return fail_with(context, no_oauth(account.name));
  Runner runner;
  if (!has_own_login(account)) {
    if (arguments.action != AuthAction::token)
      return fail_with(context, tokens_of_a_command(account.name));
    return print_token(context, account, runner.run(token_of_command(account, runner.loop())));
  }
  const auto login = oauth_login(context.config, account, runner.loop());
  switch (arguments.action) {
    case AuthAction::status:
      return show_status(context, runner, *login, account);
    case AuthAction::logout:
      return log_out(context, runner, *login, account);
    case AuthAction::token:
      return print_token(context, account, runner.run(login->session.token()));
    case AuthAction::browser:
    case AuthAction::paste:
    case AuthAction::device:
      break;
  }
  return begin(context, runner, *login, account, arguments.action);
}

}  // namespace sterna::cli
