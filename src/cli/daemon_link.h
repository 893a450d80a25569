// SPDX-License-Identifier: Apache-2.0
// What a command has to do with a daemon that runs beside it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "commands.h"
#include "runner.h"
#include "sterna/daemon/client.h"

namespace sterna::cli {

// nullptr where none answers, after a word if it should have: then everything is done here. It
// knows no account of another configuration, which has its state elsewhere.
std::unique_ptr<daemon::Client> find_daemon(const Context& context, Runner& runner);

// Says so, unless quiet, where the daemon looks after one of these by other settings than they have
// now.
void tell_of_old_settings(const Context& context, Runner& runner, daemon::Client& client,
                          const std::vector<const config::AccountConfig*>& accounts);

// While it lives, the daemon, if there is one, leaves the state of these accounts to this process.
// Then it looks at everything in them.
class Loan {
 public:
  // ErrorCode::locked where a sync of the daemon does not end for long.
  static Result<Loan> take(const Context& context, Runner& runner,
                           const std::vector<std::string>& accounts);
  // Early, so that the daemon can be asked for something else.
  void end() { client_.reset(); }

 private:
  std::unique_ptr<daemon::Client> client_;
};

}  // namespace sterna::cli
