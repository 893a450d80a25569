// SPDX-License-Identifier: Apache-2.0
// The setup of an account at whose port nobody listens.
#pragma once

#include <cstdint>
#include <string>

#include "sterna/daemon/daemon.h"

namespace sterna::daemon {

// A port below 1024 that no test opens.
inline constexpr std::uint16_t kNobody = 1;

inline coro::Task<Result<Secret>> some_password() {
  co_return Secret("secret");
}

inline AccountSetup unreachable(const config::Config& config,
                                const config::AccountConfig& account) {
  AccountSetup setup;
  setup.settings.name = account.name;
  setup.settings.user = account.user;
  setup.settings.password = some_password;
  setup.settings.endpoint.host = account.host;
  setup.settings.endpoint.port = kNobody;
  setup.settings.endpoint.tls_mode = io::TlsMode::none;
  setup.settings.maildir = account.maildir;
  setup.settings.state_dir = config.state_dir + "/" + account.name;
  setup.settings.includes = [](const MailboxName&, Role) { return true; };
  setup.settings.policy_for = [](const MailboxName&) { return account::MailboxPolicy{}; };
  setup.settings.to_local = [](const MailboxName& name) -> Result<MailboxName> { return name; };
  setup.settings.to_remote = [](const MailboxName& name) -> Result<MailboxName> { return name; };
  setup.life.pushes = [](const MailboxName&) { return true; };
  return setup;
}

}  // namespace sterna::daemon
