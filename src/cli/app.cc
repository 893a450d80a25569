// SPDX-License-Identifier: Apache-2.0
#include "app.h"

#include "arguments.h"
#include "commands.h"
#include "console.h"
#include "sterna/base/log.h"
#include "sterna/config/load.h"

namespace sterna::cli {
namespace {

// What the user types goes before what the configuration says.
LogLevel level_of(const GlobalOptions& options, const config::Config& config) {
  if (options.verbosity < 0) return LogLevel::error;
  if (options.verbosity == 1) return LogLevel::info;
  if (options.verbosity > 1) return LogLevel::debug;
  return config.log_level.value_or(LogLevel::warn);
}

void print(Console& console, const config::Problem& problem) {
  config::Problem without_hint = problem;
  without_hint.hint.clear();
  console.error(Error(ErrorCode::config, without_hint.describe()).with_hint(problem.hint));
}

Exit execute(const Invocation& invocation, Console& console) {
  config::LoadOptions load;
  load.file = invocation.options.config_file;
  const auto config = config::load_or_problems(load);
  if (!config) {
    for (const config::Problem& problem : config.error()) print(console, problem);
    return Exit::config;
  }
  set_log_level(level_of(invocation.options, *config));
  const Context context{.config = *config, .console = console};
  return std::visit([&context](const auto& command) { return run_command(context, command); },
                    invocation.command);
}

}  // namespace

Exit fail_with(const Context& context, const Error& error) {
  context.console.error(error);
  return exit_of(error.code());
}

Exit run_command(const Context& context, const NamesArguments&) {
  for (const config::AccountConfig& account : context.config.accounts)
    context.console.out(account.name + "\n");
  return Exit::done;
}

int run(const std::vector<std::string>& arguments) {
  const auto parsed = parse_arguments(arguments);
  const auto* invocation = std::get_if<Invocation>(&parsed);
  Console console(invocation ? invocation->options : GlobalOptions{});
  Exit exit = Exit::done;
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    console.out(answer->out);
    console.err(answer->err);
    exit = answer->status;
  } else {
    exit = execute(*invocation, console);
  }
  if (const Status written = console.finish(); !written) {
    console.error(written.error());
    if (exit == Exit::done) exit = Exit::failed;
  }
  return static_cast<int>(exit);
}

}  // namespace sterna::cli
