// SPDX-License-Identifier: Apache-2.0
// The commands, one file each. Each does its work, prints what it has to say, and answers with the
// exit status.
#pragma once

#include "arguments.h"
#include "console.h"
#include "exit_status.h"
#include "sterna/config/config.h"

namespace sterna::cli {

struct Context {
  const GlobalOptions& options;
  const config::Config& config;
  Console& console;
};

Exit run_command(const Context& context, const SyncArguments& arguments);
Exit run_command(const Context& context, const RunArguments& arguments);
Exit run_command(const Context& context, const CheckArguments& arguments);
Exit run_command(const Context& context, const MailboxesArguments& arguments);
Exit run_command(const Context& context, const VerifyArguments& arguments);
Exit run_command(const Context& context, const StatusArguments& arguments);
Exit run_command(const Context& context, const PauseArguments& arguments);
Exit run_command(const Context& context, const ResumeArguments& arguments);
Exit run_command(const Context& context, const HistoryArguments& arguments);
Exit run_command(const Context& context, const HeldArguments& arguments);
Exit run_command(const Context& context, const UndoArguments& arguments);
Exit run_command(const Context& context, const AdoptArguments& arguments);
Exit run_command(const Context& context, const ImportArguments& arguments);
Exit run_command(const Context& context, const InitArguments& arguments);
Exit run_command(const Context& context, const AuthArguments& arguments);
Exit run_command(const Context& context, const NamesArguments& arguments);

// What is logged, of a command and of the daemon: what the user types goes before what the
// configuration says.
LogLevel level_of(const GlobalOptions& options, const config::Config& config);
LogLevel level_of_daemon(const GlobalOptions& options, const config::Config& config);

// Prints the error, with --json as an object, too, and gives its exit status. For a command that
// has printed no object yet.
Exit fail_with(const Context& context, const Error& error);

}  // namespace sterna::cli
