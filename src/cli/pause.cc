// SPDX-License-Identifier: Apache-2.0
// sterna pause and resume: recorded in the state, so that they outlive whoever syncs, and told to a
// daemon that runs.
#include "sterna/account/pause.h"

#include <fmt/format.h>

#include "commands.h"
#include "daemon_link.h"
#include "json.h"
#include "report_text.h"
#include "runner.h"
#include "settings_from_config.h"
#include "status_text.h"
#include "target.h"

namespace sterna::cli {
namespace {

Result<std::vector<std::string>> names_of(const Context& context,
                                          const std::vector<std::string>& typed) {
  STERNA_TRY(const auto selected, select_targets(context.config, typed, Targets::accounts));
  std::vector<std::string> names;
  for (const Selection& selection : selected) names.push_back(selection.account->name);
  return names;
}

account::Settings settings_of(const Context& context, Runner& runner, const std::string& name) {
  return settings_from_config(context.config, *context.config.account(name), runner.loop());
}

// What a server asked for ends only where its account is named.
Status record(const account::Settings& settings, const std::optional<account::Pause>& pause,
              bool is_named) {
  if (pause || !is_named) return account::write_pause(settings, pause);
  return account::end_pause_and_wait(settings);
}

// An account that the daemon does not know needs no word.
Status tell_daemon(const Context& context, Runner& runner, daemon::Op op,
                   const std::vector<std::string>& names, bool is_named,
                   std::optional<std::int64_t> until_ms) {
  const auto client = find_daemon(context, runner);
  if (!client) return {};
  const bool keeps_waits = op == daemon::Op::resume && !is_named;
  // One from before `keep_waits` keeps them only where none is named.
  if (keeps_waits && client->revision() < 1) {
    const auto told = runner.run(client->ask(op));
    return told ? Status() : fail(told.error());
  }
  for (const std::string& name : names) {
    const auto told = runner.run(keeps_waits ? client->resume_keeping_waits({name})
                                             : client->ask(op, {name}, until_ms));
    if (!told && !told.error().is(ErrorCode::not_found)) return fail(told.error());
  }
  return {};
}

// What became of an account that was paused, or that goes on.
std::string outcome_text(const Context& context, Runner& runner, const std::string& name,
                         const std::optional<account::Pause>& pause) {
  if (pause) return fmt::format("{}: {}\n", name, paused_text(pause->until_ms));
  const auto wait = account::read_standing_wait(settings_of(context, runner, name),
                                                runner.loop().clock().wall_ns() / 1'000'000);
  if (!wait || !*wait) return name + ": goes on\n";
  return fmt::format("{}: {}; sterna resume {}\n", name, left_alone_text((*wait)->until_ms), name);
}

Exit carry_out(const Context& context, daemon::Op op, const std::vector<std::string>& typed,
               std::optional<std::chrono::seconds> lasts) {
  const auto names = names_of(context, typed);
  if (!names) return fail_with(context, names.error());
  if (names->empty() && !context.console.quiet()) context.console.err(kAllDisabled);
  Runner runner;
  const bool pauses = op == daemon::Op::pause;
  std::optional<std::int64_t> until_ms;
  if (lasts) {
    until_ms =
        runner.loop().clock().wall_ns() / 1'000'000 + std::chrono::milliseconds(*lasts).count();
  }
  std::optional<account::Pause> pause;
  if (pauses) pause = account::Pause{until_ms.value_or(0)};
  const bool is_named = !typed.empty();
  for (const std::string& name : *names) {
    const Status recorded = record(settings_of(context, runner, name), pause, is_named);
    if (!recorded) return fail_with(context, recorded.error());
  }
  const Status told = tell_daemon(context, runner, op, *names, is_named, until_ms);
  if (!told) return fail_with(context, told.error());
  if (context.console.json()) {
    context.console.out(paused_json(*names, pauses, until_ms.value_or(0)));
  } else if (context.console.talkative()) {
    for (const std::string& name : *names)
      context.console.out(outcome_text(context, runner, name, pause));
  }
  return Exit::done;
}

}  // namespace

Exit run_command(const Context& context, const PauseArguments& arguments) {
  return carry_out(context, daemon::Op::pause, arguments.accounts, arguments.lasts);
}

Exit run_command(const Context& context, const ResumeArguments& arguments) {
  return carry_out(context, daemon::Op::resume, arguments.accounts, std::nullopt);
}

}  // namespace sterna::cli
