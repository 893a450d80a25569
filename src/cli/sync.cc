// SPDX-License-Identifier: Apache-2.0
// sterna sync: one sync of all enabled accounts, or of what is named.
#include "commands.h"
#include "report_text.h"
#include "sync_run.h"
#include "target.h"

namespace sterna::cli {

Exit run_command(const Context& context, const SyncArguments& arguments) {
  auto selected =
      select_targets(context.config, arguments.targets, Targets::accounts_and_mailboxes);
  if (!selected) return fail_with(context, selected.error());
  if (selected->empty() && !context.console.quiet()) context.console.err(kAllDisabled);
  std::vector<SyncJob> jobs;
  for (Selection& selection : *selected) {
    if (!selection.account->enabled) {
      return fail_with(context, account_is_disabled(selection.account->name));
    }
    account::SyncRequest request;
    request.mailboxes = std::move(selection.mailboxes);
    request.dry_run = arguments.dry_run;
    jobs.push_back({selection.account, std::move(request)});
  }
  Runner runner;
  const SyncResult result = sync_accounts(context, runner, std::move(jobs));
  if (context.console.json()) context.console.out(sync_json(result.accounts, result.exit));
  return result.exit;
}

}  // namespace sterna::cli
