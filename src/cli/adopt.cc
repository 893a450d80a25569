// SPDX-License-Identifier: Apache-2.0
// sterna adopt: a new marker for a Maildir whose marker is missing or foreign; or that what is in
// the place of a mailbox is that mailbox.
#include <fmt/format.h>

#include "commands.h"
#include "daemon_link.h"
#include "json.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "sterna/base/bytes.h"
#include "target.h"

namespace sterna::cli {
namespace {

constexpr std::string_view kPaired = "The next sync pairs what is there and deletes nothing: ";

std::string what_then(const account::Adoption& adoption) {
  if (adoption.changed) return fmt::format("there is a new marker now\n{}", kPaired);
  if (adoption.mailboxes.empty()) return "nothing is wrong, and nothing was changed: ";
  std::string names;
  for (const std::string& name : adoption.mailboxes) {
    names += names.empty() ? "" : ", ";
    names += printable(name, 200);
  }
  return fmt::format("the directory of {} is taken as it is\n{}", names, kPaired);
}

}  // namespace

Exit run_command(const Context& context, const AdoptArguments& arguments) {
  const auto account = select_account(context.config, arguments.account);
  if (!account) return fail_with(context, account.error());
  Runner runner;
  const auto loan = Loan::take(context, runner, {arguments.account});
  if (!loan) return fail_with(context, of_account(arguments.account, loan.error()));
  account::Services services = runner.services();
  const auto adoption =
      account::adopt(services, settings_from_config(context.config, **account, runner.loop()));
  if (!adoption) return fail_with(context, of_account(arguments.account, adoption.error()));
  if (context.console.json()) {
    context.console.out(adopt_json(arguments.account, *adoption));
  } else if (!context.console.quiet()) {
    context.console.out(fmt::format("{}: {}; {}sterna sync {}\n", arguments.account,
                                    printable(adoption->found), what_then(*adoption),
                                    arguments.account));
  }
  return Exit::done;
}

}  // namespace sterna::cli
