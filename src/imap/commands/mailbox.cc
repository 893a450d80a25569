// SPDX-License-Identifier: Apache-2.0
// CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 3501 sections 6.3.3 to 6.3.7).
#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {

Result<Command> create(const WireName& mailbox) {
  return on_mailbox(CommandKind::create, mailbox);
}

Result<Command> delete_mailbox(const WireName& mailbox) {
  return on_mailbox(CommandKind::delete_mailbox, mailbox);
}

Result<Command> rename(const WireName& from, const WireName& to) {
  if (to.octets.empty()) return fail(ErrorCode::usage, "a mailbox without a name");
  STERNA_TRY(Command command, on_mailbox(CommandKind::rename, from));
  command.text(" ");
  STERNA_CHECK(command.quoted_or_literal(to.octets));
  return command;
}

Result<Command> subscribe(const WireName& mailbox) {
  return on_mailbox(CommandKind::subscribe, mailbox);
}

Result<Command> unsubscribe(const WireName& mailbox) {
  return on_mailbox(CommandKind::unsubscribe, mailbox);
}

}  // namespace sterna::imap
