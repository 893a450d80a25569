// SPDX-License-Identifier: Apache-2.0
// APPEND (RFC 3501 section 6.3.11), several messages with MULTIAPPEND (RFC 3502). A header in UTF-8
// needs no form of its own where UTF8=ACCEPT is enabled: RFC 9755 section 4 has no more the "UTF8"
// of RFC 6855.
#include "parts.h"
#include "sterna/imap/commands.h"
#include "sterna/imap/date.h"

namespace sterna::imap {

Result<Command> append(const WireName& mailbox, const std::vector<AppendMessage>& messages) {
  if (messages.empty()) return fail(ErrorCode::usage, "APPEND of no message");
  STERNA_TRY(Command command, on_mailbox(CommandKind::append, mailbox));
  for (const AppendMessage& message : messages) {
    if (!message.flags.empty()) {
      command.text(" ");
      STERNA_CHECK(add_flag_list(command, message.flags));
    }
    if (message.internal_date) {
      command.text(" \"").text(print_date(*message.internal_date)).text("\"");
    }
    command.text(" ").stream(message.size, message.mode);
  }
  return command;
}

}  // namespace sterna::imap
