// SPDX-License-Identifier: Apache-2.0
// UID COPY (RFC 3501 section 6.4.7), UID MOVE (RFC 6851), UID EXPUNGE (RFC 4315), EXPUNGE.
#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {
namespace {

Result<Command> to_mailbox(CommandKind kind, const UidSet& uids, const WireName& target) {
  if (target.octets.empty()) return fail(ErrorCode::usage, "a mailbox without a name");
  STERNA_TRY(Command command, on_uids(kind, uids));
  command.text(" ");
  STERNA_CHECK(command.quoted_or_literal(target.octets));
  return command;
}

}  // namespace

Result<Command> uid_copy(const UidSet& uids, const WireName& target) {
  return to_mailbox(CommandKind::copy, uids, target);
}

Result<Command> uid_move(const UidSet& uids, const WireName& target) {
  return to_mailbox(CommandKind::move, uids, target);
}

Result<Command> uid_expunge(const UidSet& uids) {
  if (uids.empty()) return fail(ErrorCode::usage, "a command on no message");
  return Command(CommandKind::expunge, "UID EXPUNGE " + uids.to_string());
}

Command expunge() {
  return {CommandKind::expunge, "EXPUNGE"};
}

}  // namespace sterna::imap
