// SPDX-License-Identifier: Apache-2.0
// sterna status: how the accounts are, from the state alone.
#include "commands.h"
#include "inspect_text.h"
#include "json.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"

namespace sterna::cli {
namespace {

StatusRow row_of(Runner& runner, const config::Config& config, const config::AccountConfig& account,
                 std::vector<Outcome>& outcomes) {
  auto state = account::read_state(runner.loop().file_system(),
                                   settings_from_config(config, account, runner.loop()));
  outcomes.push_back({.succeeded = state.has_value(), .held = false, .errors = {}});
  if (state) {
    state->name = account.name;
    return {std::move(*state), std::string(state_word(*state, account.enabled))};
  }
  outcomes.back().errors.push_back(state.error().code());
  account::AccountState unreadable;
  unreadable.name = account.name;
  unreadable.error = state.error().describe();
  return {std::move(unreadable), account.enabled ? "error" : "disabled"};
}

}  // namespace

Exit run_command(const Context& context, const StatusArguments&) {
  Runner runner;
  std::vector<StatusRow> rows;
  std::vector<Outcome> outcomes;
  for (const config::AccountConfig& account : context.config.accounts)
    rows.push_back(row_of(runner, context.config, account, outcomes));
  const std::int64_t now_ms = runner.loop().clock().wall_ns() / 1'000'000;
  context.console.out(context.console.json() ? status_json(rows)
                                             : status_text(rows, now_ms, context.console.style()));
  return combine(outcomes);
}

}  // namespace sterna::cli
