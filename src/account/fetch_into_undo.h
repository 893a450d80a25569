// SPDX-License-Identifier: Apache-2.0
// What is about to be lost on the server, kept here first.
#pragma once

#include "engine.h"

namespace sterna::account {

// One message's octets into the undo area, before it is expunged where there is no Trash (rule 7).
// The mailbox is selected.
coro::Task<Status> fetch_into_undo(Engine& engine, Connection& connection, MailboxWork& work,
                                   const MessageRow& row, std::string reason);

}  // namespace sterna::account
