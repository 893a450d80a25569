// SPDX-License-Identifier: Apache-2.0
// UID COPY (RFC 3501 section 6.4.7).
#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {

Result<Command> uid_copy(const UidSet& uids, const WireName& target) {
  return to_mailbox(CommandKind::copy, uids, target);
}

}  // namespace sterna::imap
