// SPDX-License-Identifier: Apache-2.0
// sterna held: what waits for a decision, and the decision. A decision is written to the state, and
// a sync of the account carries it out at once; where that fails, the next one does.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "commands.h"
#include "daemon_link.h"
#include "inspect_text.h"
#include "message_words.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "sterna/account/inspect.h"
#include "sync_run.h"
#include "target.h"

namespace sterna::cli {
namespace {

constexpr std::string_view kHowToDecide =
    "\nCarry them out:   sterna held apply [ACCOUNT[/MAILBOX]]\n"
    "Bring them back:  sterna held restore [ACCOUNT[/MAILBOX]]\n"
    "Single ones:      sterna held list -v shows their numbers, to be given after the account\n";

Result<std::vector<HeldRow>> read_rows(const Context& context, Runner& runner,
                                       const std::vector<Selection>& selected,
                                       const std::vector<std::string>& messages) {
  STERNA_TRY(MessageWords words, MessageWords::parse(messages));
  std::vector<HeldRow> rows;
  for (const Selection& selection : selected) {
    const std::string& name = selection.account->name;
    auto lines =
        account::read_held(settings_from_config(context.config, *selection.account, runner.loop()));
    if (!lines) return fail(of_account(name, lines.error()));
    account::look_at_held_files(runner.loop().file_system(), *lines);
    for (account::HeldLine& line : *lines) {
      if (includes(selection, line.mailbox) && words.takes(line.id, line.message_id, line.path)) {
        rows.push_back({name, std::move(line)});
      }
    }
  }
  STERNA_CHECK(words.all_used("held"));
  return rows;
}

// `named`: single messages were asked for.
Exit list(const Context& context, const std::vector<HeldRow>& rows, bool named) {
  Console& console = context.console;
  const bool every = console.verbose() || named;
  const HeldDetail detail = every ? HeldDetail::every_message : HeldDetail::summary;
  if (console.json()) {
    console.out(held_json(rows));
  } else if (!rows.empty()) {
    console.out(held_text(rows, detail, console.style()));
    console.out(kHowToDecide);
  } else if (console.talkative()) {
    console.err("sterna: nothing is held\n");
  }
  return Exit::done;
}

// A mailbox that is named and of which nothing is held must at least be one.
Status check_names(const Context& context, Runner& runner, const std::vector<Selection>& selected) {
  for (const Selection& selection : selected) {
    if (selection.mailboxes.empty()) continue;
    const account::Settings settings =
        settings_from_config(context.config, *selection.account, runner.loop());
    STERNA_TRY(const std::vector<std::string> names, account::mailbox_names(settings));
    for (const MailboxName& mailbox : selection.mailboxes) {
      if (std::ranges::find(names, mailbox.text()) != names.end()) continue;
      return fail(
          of_account(selection.account->name,
                     account::unknown_mailbox(selection.account->name, mailbox.text(), names)));
    }
  }
  return {};
}

Result<std::uint64_t> decide(const Context& context, Runner& runner, const Selection& selection,
                             account::HeldDecision decision, const std::set<std::int64_t>& ids) {
  const account::Settings settings =
      settings_from_config(context.config, *selection.account, runner.loop());
  std::optional<MailboxName> mailbox;
  if (!selection.mailboxes.empty()) mailbox = selection.mailboxes.front();
  auto count = account::decide_held(settings, decision, std::move(mailbox), ids);
  if (!count) return fail(of_account(selection.account->name, count.error()));
  return *count;
}

// `ids`: of the one account, these alone; empty: all that is selected.
Exit decide_all(const Context& context, Runner& runner, const std::vector<Selection>& selected,
                HeldAction action, const std::set<std::int64_t>& ids) {
  const bool apply = action == HeldAction::apply;
  std::vector<std::string> names;
  for (const Selection& selection : selected) names.push_back(selection.account->name);
  auto loan = Loan::take(context, runner, names);
  if (!loan) return fail_with(context, loan.error());
  std::vector<Decided> decided;
  std::vector<SyncJob> jobs;
  for (const Selection& selection : selected) {
    const auto count =
        decide(context, runner, selection,
               apply ? account::HeldDecision::apply : account::HeldDecision::restore, ids);
    if (!count) return fail_with(context, count.error());
    if (*count == 0) continue;
    decided.push_back({selection.account->name, *count});
    jobs.push_back({selection.account, {}});
    if (context.console.talkative()) {
      context.console.out(fmt::format("{}: {} {}\n", selection.account->name, *count,
                                      apply ? "to be carried out" : "to be brought back"));
    }
  }
  if (decided.empty() && context.console.talkative()) {
    context.console.err("sterna: none of it can be decided like this; sterna held list says why\n");
  }
  loan->end();
  const SyncResult result = sync_accounts(context, runner, std::move(jobs));
  if (context.console.json()) {
    context.console.out(
        decided_json(apply ? "apply" : "restore", decided, result.accounts, result.exit));
  }
  return result.exit;
}

}  // namespace

Exit run_command(const Context& context, const HeldArguments& arguments) {
  Console& console = context.console;
  std::vector<std::string> targets;
  if (!arguments.target.empty()) targets.push_back(arguments.target);
  const auto selected = select_targets(context.config, targets, Targets::accounts_and_mailboxes);
  if (!selected) return fail_with(context, selected.error());
  if (arguments.action != HeldAction::list) {
    // What is decided is carried out by a sync.
    for (const Selection& selection : *selected) {
      const std::string& name = selection.account->name;
      if (!selection.account->enabled) return fail_with(context, account_is_disabled(name));
    }
    if (selected->empty() && !console.quiet()) console.err(kAllDisabled);
  }
  Runner runner;
  const auto rows = read_rows(context, runner, *selected, arguments.messages);
  if (!rows) return fail_with(context, rows.error());
  if (rows->empty()) {
    const Status known = check_names(context, runner, *selected);
    if (!known) return fail_with(context, known.error());
  }
  if (arguments.action == HeldAction::list) {
    return list(context, *rows, !arguments.messages.empty());
  }
  if (rows->empty()) {
    if (console.json()) {
      console.out(decided_json(arguments.action == HeldAction::apply ? "apply" : "restore", {}, {},
                               Exit::done));
    } else if (console.talkative()) {
      console.err("sterna: nothing is held\n");
    }
    return Exit::done;
  }
  if (arguments.action == HeldAction::apply && targets.empty() && console.may_ask()) {
    console.err(held_text(*rows, HeldDetail::summary));
    if (!console.confirm(fmt::format("Carry out what is held ({})?", rows->size()))) {
      console.err("sterna: nothing was changed\n");
      if (console.json()) console.out(decided_json("apply", {}, {}, Exit::failed));
      return Exit::failed;
    }
  }
  std::set<std::int64_t> ids;
  if (!arguments.messages.empty()) {
    for (const HeldRow& row : *rows) ids.insert(row.line.id);
  }
  return decide_all(context, runner, *selected, arguments.action, ids);
}

}  // namespace sterna::cli
