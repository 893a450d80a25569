// SPDX-License-Identifier: Apache-2.0
// sterna verify: compares, prints, changes nothing.
#include <algorithm>

#include "commands.h"
#include "inspect_text.h"
#include "json.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "target.h"

namespace sterna::cli {
namespace {

bool differs(const account::Difference& line) {
  return !line.is_note();
}

Exit exit_of(const std::vector<VerifiedAccount>& accounts) {
  std::vector<Outcome> outcomes;
  Answered answered = Answered::same;
  for (const VerifiedAccount& account : accounts) {
    Outcome outcome;
    for (const Error& error : account.result.errors)
      outcome.failures.push_back(cli::exit_of(error));
    outcome.succeeded = outcome.failures.empty();
    outcomes.push_back(std::move(outcome));
    if (std::ranges::any_of(account.result.lines, differs)) answered = Answered::differences;
  }
  return exit_of_comparison(outcomes, answered);
}

std::string text_of(const VerifiedAccount& account, const Console& console) {
  if (console.quiet()) return differences_text(account, console.style());
  return verify_text(account, console.verbose() ? NoteDetail::every_message : NoteDetail::counts,
                     console.style());
}

}  // namespace

Exit run_command(const Context& context, const VerifyArguments& arguments) {
  auto selected = select_targets(context.config, arguments.accounts, Targets::accounts);
  if (!selected) return fail_with(context, selected.error());
  if (selected->empty() && !context.console.quiet()) context.console.err(kAllDisabled);
  Runner runner;
  std::vector<coro::Task<account::Verification>> tasks;
  for (const Selection& selection : *selected) {
    tasks.push_back(account::verify_account(
        runner.services(), settings_from_config(context.config, *selection.account, runner.loop()),
        arguments.deep, Log().with("account", selection.account->name)));
  }
  auto results = runner.run(gather(std::move(tasks)));

  std::vector<VerifiedAccount> verified;
  for (std::size_t i = 0; i < results.size(); ++i)
    verified.push_back({(*selected)[i].account->name, std::move(results[i])});
  const Exit exit = runner.interrupted() ? Exit::interrupted : exit_of(verified);
  for (const VerifiedAccount& account : verified) {
    if (!context.console.json()) context.console.out(text_of(account, context.console));
    for (const Error& error : account.result.errors) {
      if (!error.is_cancelled()) context.console.error(of_account(account.account, error));
    }
  }
  if (context.console.json()) context.console.out(verify_json(verified, exit));
  return exit;
}

}  // namespace sterna::cli
