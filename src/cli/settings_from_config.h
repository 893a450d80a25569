// SPDX-License-Identifier: Apache-2.0
// One account of the configuration as the engine wants it. The two rooms do not know one another.
#pragma once

#include "sterna/account/settings.h"
#include "sterna/config/config.h"
#include "sterna/daemon/daemon.h"
#include "sterna/net/loop.h"

namespace sterna::cli {

// The result keeps what it needs of `config` and `account`; its password function uses `loop`,
// which outlives it. It has no neighbours yet.
account::Settings settings_from_config(const config::Config& config,
                                       const config::AccountConfig& account, net::Loop& loop);

// What each of the accounts has to know of all of them before it is synced.
account::Neighbours neighbours_from_config(const config::Config& config);

// The same as settings_from_config() for an account that lives in a daemon.
daemon::AccountSetup daemon_setup_from_config(const config::Config& config,
                                              const config::AccountConfig& account,
                                              net::Loop& loop);

// By which its server is reached; without a host where there is none.
io::Proxy proxy_of(const config::AccountConfig& account);

// Of an account that says nowhere where its password comes from.
Error no_password_configured(const std::string& account);

}  // namespace sterna::cli
