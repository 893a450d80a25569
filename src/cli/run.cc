// SPDX-License-Identifier: Apache-2.0
// sterna run: the daemon, in the foreground. SIGHUP reloads the configuration; SIGINT and SIGTERM
// stop it in order, and a second one at once.
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "commands.h"
#include "settings_from_config.h"
#include "sterna/config/load.h"
#include "sterna/daemon/daemon.h"
#include "sterna/net/service_manager.h"
#include "target.h"

namespace sterna::cli {
namespace {

daemon::Ways ways_of(const Context& context, const RunArguments& arguments, net::Loop& loop) {
  daemon::Ways ways;
  ways.load = [options = context.options, names = arguments.accounts]() -> Result<config::Config> {
    config::LoadOptions load;
    load.file = options.config_file;
    STERNA_TRY(config::Config config, config::load(load));
    set_log_level(level_of_daemon(options, config));
    STERNA_CHECK(check_kept(config, names));
    return config;
  };
  ways.keeps = [names = arguments.accounts](const std::string& account) {
    return names.empty() || std::ranges::find(names, account) != names.end();
  };
  ways.setup = [&loop](const config::Config& config, const config::AccountConfig& account) {
    return daemon_setup_from_config(config, account, loop);
  };
  ways.neighbours = neighbours_from_config;
  ways.give_up = [] { ::_exit(static_cast<int>(Exit::done)); };
  ways.version = program_version();
  return ways;
}

}  // namespace

Exit run_command(const Context& context, const RunArguments& arguments) {
  if (const Status kept = check_kept(context.config, arguments.accounts); !kept)
    return fail_with(context, kept.error());
  set_log_level(level_of_daemon(context.options, context.config));
  // Before anything is started that could inherit what it reads.
  auto manager = net::ServiceManager::from_environment();
  if (!manager) return fail_with(context, manager.error());
  net::Loop loop;
  daemon::Daemon daemon(loop, *manager, ways_of(context, arguments, loop), Log());
  bool stopping = false;
  loop.on_signal([&daemon, &stopping](int number) {
    if (number == SIGHUP) {
      daemon.reload();
      return;
    }
    if (std::exchange(stopping, true)) ::_exit(static_cast<int>(Exit::interrupted));
    daemon.stop();
  });
  const Status ended = loop.run(daemon.run(context.config));
  return ended ? Exit::done : fail_with(context, ended.error());
}

}  // namespace sterna::cli
