// SPDX-License-Identifier: Apache-2.0
// sterna check: a doctor. That the configuration is sound is known by the time this runs.
#include "commands.h"
#include "inspect_text.h"
#include "json.h"
#include "runner.h"
#include "settings_from_config.h"
#include "target.h"

namespace sterna::cli {
namespace {

Outcome outcome_of(const std::vector<account::CheckLine>& lines) {
  Outcome outcome;
  for (const account::CheckLine& line : lines) {
    if (line.status != account::CheckStatus::failed) continue;
    outcome.errors.push_back(line.error ? line.error->code() : ErrorCode::io);
  }
  outcome.succeeded = outcome.errors.empty();
  return outcome;
}

}  // namespace

Exit run_command(const Context& context, const CheckArguments& arguments) {
  auto selected = select_targets(context.config, arguments.accounts, Targets::accounts);
  if (!selected) return fail_with(context, selected.error());
  Runner runner;
  std::vector<coro::Task<std::vector<account::CheckLine>>> tasks;
  for (const Selection& selection : *selected) {
    tasks.push_back(account::check_account(
        runner.services(), settings_from_config(context.config, *selection.account, runner.loop()),
        arguments.offline, Log().with("account", selection.account->name)));
  }
  auto lines = runner.run(gather(std::move(tasks)));

  std::vector<Outcome> outcomes;
  std::vector<CheckedAccount> checked;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    outcomes.push_back(outcome_of(lines[i]));
    checked.push_back({(*selected)[i].account->name, std::move(lines[i]), combine({outcomes[i]})});
  }
  const Exit exit = runner.interrupted() ? Exit::interrupted : combine(outcomes);
  if (context.console.json()) {
    context.console.out(check_json(checked, exit));
    return exit;
  }
  for (const CheckedAccount& account : checked)
    context.console.out(check_text(account, context.console.style()));
  return exit;
}

}  // namespace sterna::cli
