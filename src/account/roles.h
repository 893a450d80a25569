// SPDX-License-Identifier: Apache-2.0
// Roles where the server does not tell them: from the configuration, else from the usual names in
// the common languages.
#pragma once

#include <map>
#include <vector>

#include "list_remote.h"

namespace sterna::account {

// SPECIAL-USE wins; then `configured`, where the server has that mailbox; then the usual names.
void assign_roles(const std::map<Role, MailboxName>& configured,
                  std::vector<RemoteListing>& mailboxes);

}  // namespace sterna::account
