// SPDX-License-Identifier: Apache-2.0
// MYRIGHTS, of ACL (RFC 4314).
#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {

Result<Command> my_rights(const WireName& mailbox) {
  return on_mailbox(CommandKind::my_rights, mailbox);
}

}  // namespace sterna::imap
