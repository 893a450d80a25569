// SPDX-License-Identifier: Apache-2.0
// EXPUNGE (RFC 3501 section 6.4.3), and UID EXPUNGE, which is UIDPLUS (RFC 4315).
#include "sterna/imap/commands.h"

namespace sterna::imap {

Result<Command> uid_expunge(const UidSet& uids) {
  if (uids.empty()) return fail(ErrorCode::usage, "a command on no message");
  return Command(CommandKind::expunge, "UID EXPUNGE " + uids.to_string());
}

Command expunge() {
  return {CommandKind::expunge, "EXPUNGE"};
}

}  // namespace sterna::imap
