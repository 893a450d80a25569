// SPDX-License-Identifier: Apache-2.0
// sterna status: how the accounts are, from the state, and from the daemon where one runs.
#include "commands.h"
#include "daemon_link.h"
#include "json.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "status_rows.h"
#include "status_text.h"
#include "sterna/daemon/metrics.h"

namespace sterna::cli {
namespace {

void add_account(StatusView& view, Runner& runner, const config::Config& config,
                 const config::AccountConfig& account, const Lives& lives) {
  const account::Settings settings = settings_from_config(config, account, runner.loop());
  auto state = account::read_state(runner.loop().file_system(), settings);
  Outcome& outcome = view.outcomes.emplace_back();
  outcome.succeeded = state.has_value();
  StatusRow& row = view.rows.emplace_back();
  if (state) {
    row.state = std::move(*state);
    row.word = state_word(row.state, account.enabled);
  } else {
    outcome.failures.push_back(exit_of(state.error()));
    row.state.error = state.error().describe();
    row.word = account.enabled ? "error" : "disabled";
  }
  row.state.name = account.name;
  if (!account.enabled) return;
  const std::int64_t now_ms = runner.loop().clock().wall_ns() / 1'000'000;
  const auto pause = account::read_pause(settings, now_ms);
  if (pause) row.pause = *pause;
  const auto wait = account::read_standing_wait(settings, now_ms);
  if (wait) row.wait = *wait;
  if (!lives) return;
  const auto life = lives->find(account.name);
  row.unknown = life == lives->end();
  if (!row.unknown) take_life(row, life->second);
}

Lives ask_daemon(const Context& context, Runner& runner) {
  const auto client = find_daemon(context, runner);
  if (!client) return std::nullopt;
  auto answer = runner.run(client->ask(daemon::Op::status));
  if (!answer) {
    context.console.error(answer.error());
    return std::nullopt;
  }
  Lives lives(std::in_place);
  for (daemon::AccountLife& one : answer->lives) lives->emplace(one.name, std::move(one.life));
  return lives;
}

std::string figures(const Context& context, Runner& runner, const StatusView& view,
                    const Lives& lives) {
  std::vector<daemon::AccountFigures> all;
  for (const StatusRow& row : view.rows) {
    const config::AccountConfig& account = *context.config.account(row.state.name);
    if (!account.enabled) continue;
    const bool lives_there = lives && lives->contains(account.name);
    all.push_back(lives_there ? daemon::figures_of(account.name, lives->at(account.name))
                              : daemon::figures_of(row.state));
    all.back().database_octets =
        account::base_octets(settings_from_config(context.config, account, runner.loop()));
  }
  return daemon::metrics_text(all, program_version());
}

}  // namespace

StatusView look_at_accounts(const Context& context, Runner& runner, const Lives& lives) {
  StatusView view;
  for (const config::AccountConfig& account : context.config.accounts)
    add_account(view, runner, context.config, account, lives);
  return view;
}

Exit run_command(const Context& context, const StatusArguments& arguments) {
  Runner runner;
  if (arguments.watch) return watch_accounts(context, runner, arguments.form);
  const Lives lives = ask_daemon(context, runner);
  const StatusView view = look_at_accounts(context, runner, lives);
  const std::int64_t now_ms = runner.loop().clock().wall_ns() / 1'000'000;
  Console& console = context.console;
  if (arguments.form == StatusForm::waybar) {
    console.out(
        waybar_json(bar_text(view.rows), bar_tooltip(view.rows, now_ms), worst_word(view.rows)));
  } else if (arguments.form == StatusForm::metrics) {
    console.out(figures(context, runner, view, lives));
  } else if (console.json()) {
    console.out(status_json(view.rows));
  } else {
    console.out(status_text(view.rows, now_ms, console.style()));
  }
  return combine(view.outcomes);
}

}  // namespace sterna::cli
