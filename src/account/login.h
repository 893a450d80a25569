// SPDX-License-Identifier: Apache-2.0
// From a host name to an authenticated session.
#pragma once

#include <memory>

#include "connection.h"
#include "login_secret.h"
#include "sterna/account/settings.h"

namespace sterna::account {

// Dials, reads the greeting, secures the line as the settings say (never less), logs in, and
// submits what every session begins with (ENABLE, NAMESPACE) without waiting for the answers:
// Connection::settle(). The secret is asked for before the server is, since a person may have to
// answer. Errors: resolve, connect, tls, certificate, login, secret, protocol, disconnected,
// timeout.
coro::Task<Result<std::unique_ptr<Connection>>> open_connection(Services services,
                                                                const Settings& settings,
                                                                LoginSecret& secret, Log log);

// The two steps of it, for `sterna check`, which reports each by itself. A token that the server
// refuses is renewed, once, and shown over a new line, which then takes the place of `connection`.
coro::Task<Result<std::unique_ptr<Connection>>> open_line(Services services,
                                                          const Settings& settings, Log log);
// Says how: "PREAUTH", "AUTHENTICATE PLAIN".
coro::Task<Result<std::string>> log_in(std::unique_ptr<Connection>& connection, Services services,
                                       const Settings& settings, LoginSecret& secret, Log log);

}  // namespace sterna::account
