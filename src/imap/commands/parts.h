// SPDX-License-Identifier: Apache-2.0
// What several commands print.
#pragma once

#include <string>
#include <vector>

#include "sterna/imap/commands.h"

namespace sterna::imap {

// "(MESSAGES UIDNEXT)"
std::string status_list(const std::vector<StatusItem>& items);

// "(\Seen work)"; fails if a keyword is no atom.
Status add_flag_list(Command& command, const FlagSet& flags);

// A command on a set of UIDs. Fails on an empty set, which has no form on the wire.
Result<Command> on_uids(CommandKind kind, const UidSet& uids);

// One that takes them to another mailbox.
Result<Command> to_mailbox(CommandKind kind, const UidSet& uids, const WireName& target);

// A command whose one argument is a mailbox.
Result<Command> on_mailbox(CommandKind kind, const WireName& mailbox);

}  // namespace sterna::imap
