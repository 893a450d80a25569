// SPDX-License-Identifier: Apache-2.0
// What a user names on the command line: accounts, and mailboxes as ACCOUNT/MAILBOX.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/config/config.h"
#include "sterna/model/mailbox_name.h"

namespace sterna::cli {

enum class Targets : std::uint8_t { accounts, accounts_and_mailboxes };

struct Selection {
  const config::AccountConfig* account = nullptr;
  std::vector<MailboxName> mailboxes;  // remote names, each once; empty: all
};

// Whether a mailbox (by its remote name) is of what was asked for.
bool includes(const Selection& selection, const std::string& mailbox);

// The accounts that `targets` name, each once and in the order of the configuration; without
// targets all that are enabled. An account named as a whole is meant as a whole, whatever else is
// named of it. Names that are not configured, and mailboxes where only accounts are asked for, fail
// with code usage. The result refers into `config`.
Result<std::vector<Selection>> select_targets(const config::Config& config,
                                              const std::vector<std::string>& targets,
                                              Targets allowed);

// Of an account that is named where only those that are enabled are synced.
Error account_is_disabled(const std::string& name);

// That a process can keep these accounts. Code usage where one is not configured, or disabled.
Status check_kept(const config::Config& config, const std::vector<std::string>& names);

// One account, by its name. Code usage if it is not configured.
Result<const config::AccountConfig*> select_account(const config::Config& config,
                                                    const std::string& name);

}  // namespace sterna::cli
