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

// What could not be compared goes before what differs: 5 says that the answer is not known.
Exit exit_of(const std::vector<VerifiedAccount>& accounts) {
  Outcome failures;
  bool differ = false;
  for (const VerifiedAccount& account : accounts) {
    for (const Error& error : account.result.errors) failures.errors.push_back(error.code());
    differ = differ ||
             std::ranges::any_of(account.result.lines, [](const auto& line) { return !line.note; });
  }
  const Exit failed = combine({failures});
  if (failed != Exit::done) return failed;
  return differ ? Exit::failed : Exit::done;
}

}  // namespace

Exit run_command(const Context& context, const VerifyArguments& arguments) {
  auto selected = select_targets(context.config, arguments.accounts, Targets::accounts);
  if (!selected) return fail_with(context, selected.error());
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
    if (!context.console.json()) context.console.out(verify_text(account, context.console.style()));
    for (const Error& error : account.result.errors) {
      if (!error.is_cancelled()) context.console.error(of_account(account.account, error));
    }
  }
  if (context.console.json()) context.console.out(verify_json(verified, exit));
  return exit;
}

}  // namespace sterna::cli
