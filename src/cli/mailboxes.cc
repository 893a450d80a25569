// SPDX-License-Identifier: Apache-2.0
// sterna mailboxes: what there is on both sides, and what is synced.
#include "sterna/config/mailboxes.h"

#include <algorithm>

#include "commands.h"
#include "daemon_link.h"
#include "inspect_text.h"
#include "json.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "target.h"

namespace sterna::cli {
namespace {

Role role_of(std::string_view word) {
  constexpr Role kRoles[] = {Role::inbox,   Role::trash, Role::sent,    Role::drafts,   Role::junk,
                             Role::archive, Role::all,   Role::flagged, Role::important};
  for (Role role : kRoles) {
    if (to_string(role) == word) return role;
  }
  return Role::none;
}

// What the user wrote that decides about a mailbox.
std::string rule_of(const config::AccountConfig& account, const account::MailboxLine& line) {
  const config::Selection selection =
      config::select(account, MailboxName(line.name), role_of(line.role));
  const bool unsubscribed = selection.included && !line.included && account.subscribed_only;
  return unsubscribed ? "subscribed_only" : selection.decided_by;
}

// Those whose changes the daemon hears of at once.
std::vector<std::string> pushed_mailboxes(const Context& context, Runner& runner,
                                          const std::string& account) {
  const auto client = find_daemon(context, runner);
  if (!client) return {};
  const auto status = runner.run(client->ask(daemon::Op::status, {account}));
  if (!status || status->lives.empty()) return {};
  return status->lives.front().life.pushed;
}

}  // namespace

Exit run_command(const Context& context, const MailboxesArguments& arguments) {
  const auto account = select_account(context.config, arguments.account);
  if (!account) return fail_with(context, account.error());
  Runner runner;
  auto lines = runner.run(account::list_mailboxes(
      runner.services(), settings_from_config(context.config, **account, runner.loop()),
      Log().with("account", arguments.account)));
  if (!lines) return fail_with(context, of_account(arguments.account, lines.error()));
  const std::vector<std::string> pushed = pushed_mailboxes(context, runner, arguments.account);
  std::vector<MailboxRow> rows;
  for (account::MailboxLine& line : *lines) {
    const bool is_mailbox = line.included || line.obstacle.empty();
    std::string rule = is_mailbox ? rule_of(**account, line) : std::string();
    const bool is_pushed = std::ranges::find(pushed, line.name) != pushed.end();
    rows.push_back({std::move(line), std::move(rule), is_pushed});
  }
  context.console.out(context.console.json() ? mailboxes_json(arguments.account, rows)
                                             : mailboxes_text(rows, context.console.style()));
  return Exit::done;
}

}  // namespace sterna::cli
