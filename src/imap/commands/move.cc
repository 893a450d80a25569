// SPDX-License-Identifier: Apache-2.0
// UID MOVE (RFC 6851).
#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {

Result<Command> uid_move(const UidSet& uids, const WireName& target) {
  return to_mailbox(CommandKind::move, uids, target);
}

}  // namespace sterna::imap
