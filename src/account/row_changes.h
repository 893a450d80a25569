// SPDX-License-Identifier: Apache-2.0
// What becomes of a row whose message or file moves or goes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine.h"

namespace sterna::account {

// The row of a message that is now at `to`/`uid` with this file.
MessageRow moved_row(const MessageRow& row, const MailboxWork& to, Uid uid, const LocalFile& file,
                     const FlagSet& flags);
std::string_view info_part(std::string_view name);
void take_file(MessageRow& row, const LocalFile& file);
// Row, tombstone and history of a message that is gone for good; inside a transaction.
Status bury(Engine& engine, const MailboxWork& work, const MessageRow& row, std::string side,
            std::string event, std::string reason);
// Row of a message that is elsewhere now, with its file; inside a transaction. The name that it had
// here leaves a tombstone, and is not given up.
Status leave_place(Engine& engine, const MessageRow& row);
// Open uploads of files that have a row from now on, in another mailbox than they were sent to;
// inside a transaction. Were one still open when another client moves the message there, that would
// pass for what was sent.
Status close_uploads_of(Engine& engine, std::span<const MessageRow> rows);
// As bury(), of a row whose file is another row's from now on, if it is still there. A message that
// is still on the server is new there.
Status forget_row(Engine& engine, MessageKey key, const std::string& reason);

}  // namespace sterna::account
