// SPDX-License-Identifier: Apache-2.0
// From a host name to an authenticated session.
#pragma once

#include <memory>

#include "connection.h"
#include "sterna/account/settings.h"

namespace sterna::account {

// Dials, reads the greeting, secures the line as the settings say (never less), logs in, and
// submits what every session begins with (ENABLE, NAMESPACE) without waiting for the answers:
// Connection::settle(). Errors: resolve, connect, tls, certificate, login, secret, protocol,
// disconnected, timeout.
coro::Task<Result<std::unique_ptr<Connection>>> open_connection(Services services,
                                                                const Settings& settings,
                                                                const Secret& password, Log log);

// The two steps of it, for `sterna check`, which reports each by itself.
coro::Task<Result<std::unique_ptr<Connection>>> open_line(Services services,
                                                          const Settings& settings, Log log);
coro::Task<Status> log_in(Connection& connection, const Settings& settings, const Secret& password);

}  // namespace sterna::account
