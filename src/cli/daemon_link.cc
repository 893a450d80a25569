// SPDX-License-Identifier: Apache-2.0
#include "daemon_link.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sterna/config/same.h"

namespace sterna::cli {

std::unique_ptr<daemon::Client> find_daemon(const Context& context, Runner& runner) {
  auto client = runner.run(daemon::Client::connect(runner.loop(), context.config.control_socket,
                                                   context.config.state_dir));
  if (client) return std::move(*client);
  const Error& error = client.error();
  if (!error.is(ErrorCode::not_found) && !error.is_cancelled()) context.console.error(error);
  return nullptr;
}

void tell_of_old_settings(const Context& context, Runner& runner, daemon::Client& client,
                          const std::vector<const config::AccountConfig*>& accounts) {
  // Another version may have other settings to compare.
  if (context.console.quiet() || client.version() != program_version()) return;
  std::vector<std::string> asked;  // all, since one that is not known would be refused with them
  if (accounts.size() == 1) asked = {accounts.front()->name};
  const auto status = runner.run(client.ask(daemon::Op::status, std::move(asked)));
  if (!status) return;
  std::vector<std::string> changed;
  for (const config::AccountConfig* account : accounts) {
    const auto life = std::ranges::find(status->lives, account->name, &daemon::AccountLife::name);
    if (life == status->lives.end() || life->settings.empty()) continue;
    if (life->settings != config::settings_digest(*account)) changed.push_back(account->name);
  }
  if (changed.empty()) return;
  context.console.err(
      fmt::format("sterna: {}: the daemon still has the configuration as it last read it; to "
                  "reload it: systemctl --user reload sterna, or kill -HUP\n",
                  fmt::join(changed, ", ")));
}

Result<Loan> Loan::take(const Context& context, Runner& runner,
                        const std::vector<std::string>& accounts) {
  Loan loan;
  auto client = find_daemon(context, runner);
  if (!client) return loan;
  const auto lent = runner.run(client->borrow(accounts));
  if (!lent) return fail(lent.error());
  if (*lent) loan.client_ = std::move(client);
  return loan;
}

}  // namespace sterna::cli
