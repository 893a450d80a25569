// SPDX-License-Identifier: Apache-2.0
// sterna adopt: a new marker for a Maildir whose marker is missing or foreign.
#include <fmt/format.h>

#include "commands.h"
#include "json.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "sterna/base/bytes.h"
#include "target.h"

namespace sterna::cli {

Exit run_command(const Context& context, const AdoptArguments& arguments) {
  const auto account = select_account(context.config, arguments.account);
  if (!account) return fail_with(context, account.error());
  Runner runner;
  account::Services services = runner.services();
  const auto adoption =
      account::adopt(services, settings_from_config(context.config, **account, runner.loop()));
  if (!adoption) return fail_with(context, of_account(arguments.account, adoption.error()));
  if (context.console.json()) {
    context.console.out(adopt_json(arguments.account, *adoption));
  } else if (!context.console.quiet()) {
    const std::string_view then =
        adoption->changed ? "there is a new marker now\nThe next sync pairs what is there and "
                            "deletes nothing: sterna sync "
                          : "nothing is wrong, and nothing was changed: sterna sync ";
    context.console.out(fmt::format("{}: {}; {}{}\n", arguments.account, printable(adoption->found),
                                    then, arguments.account));
  }
  return Exit::done;
}

}  // namespace sterna::cli
