// SPDX-License-Identifier: Apache-2.0
// The server's own id of a message's content: EMAILID (RFC 8474 section 5.1), or Gmail's
// X-GM-MSGID, which goes before it where a server has both.
#pragma once

#include <string>

#include "connection.h"
#include "sterna/imap/commands.h"
#include "sterna/imap/response.h"

namespace sterna::account {

bool tells_email_ids(const Connection& connection);
// Adds the items that this server knows; none where it gives no ids.
void ask_for_email_id(const Connection& connection, imap::FetchRequest& request);
// "" where it told none.
std::string email_id_of(const imap::Fetch& fetch);

}  // namespace sterna::account
