// SPDX-License-Identifier: Apache-2.0
// sterna undo: what syncs deleted here in the last days, and the way back. No server is asked: what
// is restored is a new file to the next sync.
#include "sterna/account/undo.h"

#include <fmt/format.h>

#include <algorithm>

#include "commands.h"
#include "daemon_link.h"
#include "json.h"
#include "message_words.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "target.h"
#include "undo_text.h"

namespace sterna::cli {
namespace {

constexpr std::string_view kHowToRestore =
    "\nBring some back:  sterna undo restore ACCOUNT[/MAILBOX] [NUMBER...]\n";

Result<std::vector<UndoRow>> read_rows(const Context& context, Runner& runner,
                                       const std::vector<Selection>& selected,
                                       const std::vector<std::string>& messages) {
  STERNA_TRY(MessageWords words, MessageWords::parse(messages));
  std::vector<UndoRow> rows;
  for (const Selection& selection : selected) {
    const std::string& name = selection.account->name;
    auto lines =
        account::read_undo(runner.loop().file_system(),
                           settings_from_config(context.config, *selection.account, runner.loop()));
    if (!lines) return fail(of_account(name, lines.error()));
    for (account::UndoLine& line : *lines) {
      if (includes(selection, line.mailbox) && words.takes(line.id, line.message_id, line.path)) {
        rows.push_back({name, std::move(line)});
      }
    }
  }
  STERNA_CHECK(words.all_used("in the undo area"));
  return rows;
}

Exit list(const Context& context, const std::vector<UndoRow>& rows) {
  Console& console = context.console;
  if (console.json()) {
    console.out(undo_json(rows));
  } else if (!rows.empty()) {
    console.out(undo_text(rows, console.style()));
    console.out(kHowToRestore);
  } else if (console.talkative()) {
    console.err("sterna: there is nothing in the undo area\n");
  }
  return Exit::done;
}

Exit exit_of(const account::Restoration& restoration) {
  if (restoration.errors.empty()) return Exit::done;
  return restoration.restored.empty() ? cli::exit_of(restoration.errors.front()) : Exit::partly;
}

Exit restore(const Context& context, Runner& runner, const Selection& selection,
             const std::vector<UndoRow>& rows, const UndoArguments& arguments) {
  Console& console = context.console;
  const std::string& name = selection.account->name;
  std::vector<account::UndoPick> picks;
  for (const UndoRow& row : rows) {
    const std::string number = fmt::format("{}", row.line.id);
    picks.push_back(
        {row.line.id, std::ranges::find(arguments.messages, number) != arguments.messages.end()});
  }
  std::optional<MailboxName> mailbox;
  if (!arguments.into.empty()) mailbox.emplace(arguments.into);
  account::Restoration restoration;
  if (!picks.empty()) {
    const auto loan = Loan::take(context, runner, {name});
    if (!loan) return fail_with(context, of_account(name, loan.error()));
    account::Services services = runner.services();
    auto done = account::restore_undo(
        services, settings_from_config(context.config, *selection.account, runner.loop()), picks,
        mailbox);
    if (!done) return fail_with(context, of_account(name, done.error()));
    restoration = std::move(*done);
  }
  for (Error& error : restoration.errors) {
    error = of_account(name, std::move(error));
    console.error(error);
  }
  const Exit exit = exit_of(restoration);
  if (console.json()) {
    console.out(restored_json(name, restoration, exit));
  } else if (!console.quiet()) {
    console.out(restored_text(name, restoration));
    if (picks.empty()) console.err("sterna: there is nothing of it in the undo area\n");
  }
  return exit;
}

}  // namespace

Exit run_command(const Context& context, const UndoArguments& arguments) {
  Console& console = context.console;
  std::vector<std::string> targets;
  if (!arguments.target.empty()) targets.push_back(arguments.target);
  const auto selected = select_targets(context.config, targets, Targets::accounts_and_mailboxes);
  if (!selected) return fail_with(context, selected.error());
  Runner runner;
  const auto rows = read_rows(context, runner, *selected, arguments.messages);
  if (!rows) return fail_with(context, rows.error());
  if (arguments.action == UndoAction::list) return list(context, *rows);
  const Selection& selection = selected->front();
  const bool all = selection.mailboxes.empty() && arguments.messages.empty();
  if (all && rows->size() > 1 && console.may_ask()) {
    console.err(undo_text(*rows));
    if (!console.confirm(fmt::format("Restore all of it ({})?", rows->size()))) {
      console.err("sterna: nothing was changed\n");
      if (console.json()) console.out(restored_json(selection.account->name, {}, Exit::failed));
      return Exit::failed;
    }
  }
  return restore(context, runner, selection, *rows, arguments);
}

}  // namespace sterna::cli
