// SPDX-License-Identifier: Apache-2.0
#include "app.h"

#include "arguments.h"
#include "commands.h"
#include "console.h"
#include "import.h"
#include "init.h"
#include "json.h"
#include "sterna/base/log.h"
#include "sterna/config/load.h"

namespace sterna::cli {
namespace {

Error error_of(const config::Problem& problem) {
  config::Problem without_hint = problem;
  without_hint.hint.clear();
  return Error(ErrorCode::config, without_hint.describe()).with_hint(problem.hint);
}

Exit fail_with(Console& console, const std::vector<Error>& errors, Exit exit) {
  for (const Error& error : errors) console.error(error);
  if (console.json()) console.out(errors_json(errors, exit));
  return exit;
}

Exit give(Console& console, const Answer& answer) {
  console.out(answer.out);
  console.err(answer.err);
  if (answer.json && answer.error) console.out(errors_json({*answer.error}, answer.status));
  return answer.status;
}

Exit execute(const Invocation& invocation, Console& console) {
  // Who imports has no configuration yet, or one that is to be replaced.
  if (const auto* import = std::get_if<ImportArguments>(&invocation.command))
    return import_configuration(console, *import);
  // Who begins has no configuration yet.
  if (const auto* init = std::get_if<InitArguments>(&invocation.command))
    return init_account(console, invocation.options, *init);
  config::LoadOptions load;
  load.file = invocation.options.config_file;
  const auto config = config::load_or_problems(load);
  if (!config) {
    std::vector<Error> errors;
    for (const config::Problem& problem : config.error()) errors.push_back(error_of(problem));
    return fail_with(console, errors, Exit::config);
  }
  set_log_level(level_of(invocation.options, *config));
  const Context context{.options = invocation.options, .config = *config, .console = console};
  return std::visit([&context](const auto& command) { return run_command(context, command); },
                    invocation.command);
}

}  // namespace

LogLevel level_of(const GlobalOptions& options, const config::Config& config) {
  if (options.verbosity < 0) return LogLevel::error;
  if (options.verbosity == 1) return LogLevel::info;
  if (options.verbosity > 1) return LogLevel::debug;
  return config.log_level.value_or(LogLevel::warn);
}

LogLevel level_of_daemon(const GlobalOptions& options, const config::Config& config) {
  if (options.verbosity < 0) return LogLevel::error;
  if (options.verbosity == 1) return LogLevel::debug;
  if (options.verbosity > 1) return LogLevel::trace;
  return config.log_level.value_or(LogLevel::info);
}

Exit fail_with(const Context& context, const Error& error) {
  return fail_with(context.console, {error}, exit_of(error));
}

Exit run_command(const Context& context, const ImportArguments& arguments) {
  return import_configuration(context.console, arguments);
}
Exit run_command(const Context& context, const InitArguments& arguments) {
  return init_account(context.console, context.options, arguments);
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
    exit = give(console, *answer);
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
