// SPDX-License-Identifier: Apache-2.0
// UID STORE (RFC 3501 section 6.4.6). Flags are only added and removed: replacing them would undo
// what others did meanwhile.
#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {

Result<Command> uid_store(const StoreRequest& request) {
  if (request.flags.empty()) return fail(ErrorCode::usage, "STORE of no flag");
  STERNA_TRY(Command command, on_uids(CommandKind::store, request.uids));
  command.text(request.action == StoreAction::add ? " +FLAGS.SILENT " : " -FLAGS.SILENT ");
  STERNA_CHECK(add_flag_list(command, request.flags));
  return command;
}

}  // namespace sterna::imap
