// SPDX-License-Identifier: Apache-2.0
// The ways to a new login: what the user is told, and what comes of it. Everything that is said
// goes to the standard error output.
#pragma once

#include "commands.h"
#include "oauth_login.h"
#include "runner.h"
#include "sterna/oauth/grant.h"

namespace sterna::cli {

// Through a browser on this machine, which comes back to a listener.
Result<oauth::Grant> log_in_by_browser(const Context& context, Runner& runner, OAuthLogin& login,
                                       const config::AccountConfig& account);
// Through a browser anywhere; the user pastes where it ended. Reads the standard input.
Result<oauth::Grant> log_in_by_paste(const Context& context, Runner& runner, OAuthLogin& login,
                                     const config::AccountConfig& account);
// Through a browser anywhere, where a short code is typed in.
Result<oauth::Grant> log_in_by_device(const Context& context, Runner& runner, OAuthLogin& login,
                                      const config::AccountConfig& account);

}  // namespace sterna::cli
