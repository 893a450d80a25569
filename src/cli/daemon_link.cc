// SPDX-License-Identifier: Apache-2.0
#include "daemon_link.h"

namespace sterna::cli {

std::unique_ptr<daemon::Client> find_daemon(const Context& context, Runner& runner) {
  auto client = runner.run(daemon::Client::connect(runner.loop(), context.config.control_socket));
  if (client) return std::move(*client);
  const Error& error = client.error();
  if (!error.is(ErrorCode::not_found) && !error.is_cancelled()) context.console.error(error);
  return nullptr;
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
