// SPDX-License-Identifier: Apache-2.0
// Tries an account that is about to be written: the way from the disk to the logged-in session, and
// what is there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "console.h"
#include "sterna/account/inspect.h"
#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/config/config.h"

namespace sterna::cli {

// What `check` finds. `typed` is a password that is not where the configuration says, yet.
Result<std::vector<account::CheckLine>> try_account(const config::Config& config,
                                                    const config::AccountConfig& account,
                                                    const std::optional<Secret>& typed);

// The first that failed; nullptr if all is well.
const account::CheckLine* first_failure(const std::vector<account::CheckLine>& lines);
// The line of this name, if it is well; nullptr else.
const account::CheckLine* find_well(const std::vector<account::CheckLine>& lines,
                                    std::string_view what);

Result<std::vector<account::MailboxLine>> list_account(const config::Config& config,
                                                       const config::AccountConfig& account,
                                                       const std::optional<Secret>& typed);

// A row a mailbox of the server: its role, and whether it is synced.
std::string mailboxes_found_text(const std::vector<account::MailboxLine>& lines);

}  // namespace sterna::cli
