// SPDX-License-Identifier: Apache-2.0
// Saying who we are: from what the server offers to its verdict.
#pragma once

#include <vector>

#include "connection.h"
#include "login_secret.h"
#include "sterna/account/settings.h"

namespace sterna::account {

// What authenticate() tries, best first. Errors as of auth::choose_mechanisms().
Result<std::vector<auth::Mechanism>> mechanisms_for(Connection& connection,
                                                    const Settings& settings);

// Shows `shown` to the server, by the mechanism that is returned: the first of mechanisms_for(), or
// a later one where the server refused the ones before it without having seen anything made of the
// secret. Those are remembered in `unfit`, and not tried again.
coro::Task<Result<auth::Mechanism>> authenticate(Connection& connection, Services services,
                                                 const Settings& settings, Secret shown,
                                                 UnfitMechanisms& unfit, Log log);

}  // namespace sterna::account
