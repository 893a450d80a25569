// SPDX-License-Identifier: Apache-2.0
// sterna check: a doctor. That the configuration is sound is known by the time this runs; what is
// wrong with it stops every command, with all problems at once.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "commands.h"
#include "daemon_link.h"
#include "inspect_text.h"
#include "json.h"
#include "oauth_login.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "sterna/config/password_file.h"
#include "target.h"

namespace sterna::cli {
namespace {

Outcome outcome_of(const std::vector<account::CheckLine>& lines) {
  Outcome outcome;
  for (const account::CheckLine& line : lines) {
    if (line.status != account::CheckStatus::failed) continue;
    outcome.failures.push_back(line.error ? exit_of(*line.error) : Exit::failed);
  }
  outcome.succeeded = outcome.failures.empty();
  return outcome;
}

account::CheckLine line_of_configuration(const config::Config& config) {
  std::string files;
  for (const std::string& file : config.files) files += (files.empty() ? "" : ", ") + file;
  return {"configuration", account::CheckStatus::ok, std::move(files), "", std::nullopt};
}

void add_failure(std::vector<account::CheckLine>& lines, std::string what, const Error& error) {
  lines.push_back(
      {std::move(what), account::CheckStatus::failed, error.describe(), error.hint(), error});
}

void check_login_method(const config::AccountConfig& account,
                        std::vector<account::CheckLine>& lines) {
  if (account.auth == config::Auth::oauth || config::takes_passwords(account.host)) return;
  add_failure(lines, "login method",
              Error(ErrorCode::login, account.host + " takes no passwords, only OAuth 2.0")
                  .with_hint(fmt::format(
                      "give it a table [account.{}.oauth]; docs/oauth.md says how", account.name)));
}

// OpenSSL would say so no earlier than at the first connection.
void check_tls_files(const config::AccountConfig& account, std::vector<account::CheckLine>& lines) {
  const std::pair<std::string_view, const std::string*> files[] = {
      {"tls.ca_file", &account.tls.ca_file},
      {"tls.client_cert", &account.tls.client_cert},
      {"tls.client_key", &account.tls.client_key}};
  for (const auto& [key, path] : files) {
    if (path->empty() || ::access(path->c_str(), R_OK) == 0) continue;
    add_failure(lines, "TLS files",
                Error(ErrorCode::certificate,
                      fmt::format("cannot read {}: {}: {}", key, *path, std::strerror(errno)))
                    .with_hint(fmt::format("put the file there, or mend {} in [account.{}]", key,
                                           account.name)));
  }
}

// As it is on the disk: no token is renewed for it.
void check_tokens(const config::Config& config, const config::AccountConfig& account,
                  net::Loop& loop, std::vector<account::CheckLine>& lines) {
  constexpr std::string_view kWhat = "OAuth 2.0";
  if (!has_own_login(account)) {
    lines.push_back(
        {std::string(kWhat), account::CheckStatus::ok, "tokens come from token_command", "", {}});
    return;
  }
  const auto login = oauth_login(config, account, loop);
  const auto tokens = login->session.store().read();
  if (!tokens) {
    add_failure(lines, std::string(kWhat), tokens.error());
    return;
  }
  const LoginView view = view_of_login(*login, account.name, *tokens, loop);
  if (lasts(view)) {
    lines.push_back({std::string(kWhat), account::CheckStatus::ok, login_line(view), "", {}});
    return;
  }
  add_failure(lines, std::string(kWhat),
              Error(ErrorCode::login, obstacle_of(view)).with_hint("sterna auth " + account.name));
}

// What can be looked at without disturbing anybody: no command is run.
void check_password(const config::AccountConfig& account, std::vector<account::CheckLine>& lines) {
  if (account.auth == config::Auth::external) return;
  if (std::holds_alternative<std::monostate>(account.secret)) {
    if (!account.tunnel.empty()) return;  // it may need no login
    add_failure(lines, "password", no_password_configured(account.name));
    return;
  }
  const auto* source = std::get_if<config::PasswordFile>(&account.secret);
  if (source == nullptr) return;
  const auto password = config::read_password_file(source->path);
  if (password) {
    lines.push_back(
        {"password", account::CheckStatus::ok, source->path + ": closed to others", "", {}});
    return;
  }
  add_failure(lines, "password", password.error());
}

CheckedAccount checked(const config::Config& config, const config::AccountConfig& account,
                       net::Loop& loop, std::vector<account::CheckLine> found) {
  CheckedAccount result{.account = account.name, .lines = {}, .exit = Exit::done};
  result.lines.push_back(line_of_configuration(config));
  check_login_method(account, result.lines);
  // Who was asked for it has said what is wrong with it.
  const bool asked = std::ranges::any_of(found, [](const account::CheckLine& line) {
    return line.what == "password" && line.status == account::CheckStatus::failed;
  });
  if (account.auth == config::Auth::oauth && account.oauth) {
    check_tokens(config, account, loop, result.lines);
  } else if (!asked) {
    check_password(account, result.lines);
  }
  check_tls_files(account, result.lines);
  for (account::CheckLine& line : found) result.lines.push_back(std::move(line));
  return result;
}

// Where no daemon runs: whoever syncs by hand would wait for them in vain.
void tell_of_idle_hooks(const Context& context) {
  const config::HooksConfig& hooks = context.config.hooks;
  const auto all = {&hooks.before_sync, &hooks.after_change, &hooks.new_mail,
                    &hooks.held,        &hooks.needs_auth,   &hooks.error};
  const bool any =
      std::ranges::any_of(all, [](const config::Command* hook) { return !hook->empty(); });
  if (!any || context.console.quiet()) return;
  context.console.err(
      "sterna: hooks run only in a daemon (sterna run), and none runs for this configuration\n");
}

// Whatever is said here is about the configuration as it is; a daemon may have an older one.
void tell_of_daemon(const Context& context, Runner& runner,
                    const std::vector<Selection>& selected) {
  const auto client = find_daemon(context, runner);
  if (!client) return tell_of_idle_hooks(context);
  std::vector<const config::AccountConfig*> accounts;
  for (const Selection& selection : selected) accounts.push_back(selection.account);
  tell_of_old_settings(context, runner, *client, accounts);
}

}  // namespace

Exit run_command(const Context& context, const CheckArguments& arguments) {
  auto selected = select_targets(context.config, arguments.accounts, Targets::accounts);
  if (!selected) return fail_with(context, selected.error());
  if (selected->empty() && !context.console.quiet()) context.console.err(kAllDisabled);
  Runner runner;
  std::vector<coro::Task<std::vector<account::CheckLine>>> tasks;
  for (const Selection& selection : *selected) {
    tasks.push_back(account::check_account(
        runner.services(), settings_from_config(context.config, *selection.account, runner.loop()),
        arguments.offline, Log().with("account", selection.account->name)));
  }
  auto lines = runner.run(gather(std::move(tasks)));
  if (!runner.interrupted() && !selected->empty()) tell_of_daemon(context, runner, *selected);

  std::vector<Outcome> outcomes;
  std::vector<CheckedAccount> accounts;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    accounts.push_back(
        checked(context.config, *(*selected)[i].account, runner.loop(), std::move(lines[i])));
    outcomes.push_back(outcome_of(accounts[i].lines));
    accounts[i].exit = combine({outcomes[i]});
  }
  const Exit exit = runner.interrupted() ? Exit::interrupted : combine(outcomes);
  if (context.console.json()) {
    context.console.out(check_json(accounts, exit));
    return exit;
  }
  for (const CheckedAccount& account : accounts) {
    const CheckedAccount shown = context.console.quiet() ? failures_of(account) : account;
    if (!shown.lines.empty()) context.console.out(check_text(shown, context.console.style()));
  }
  return exit;
}

}  // namespace sterna::cli
