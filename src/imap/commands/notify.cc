// SPDX-License-Identifier: Apache-2.0
// NOTIFY (RFC 5465).
#include "sterna/imap/commands.h"

namespace sterna::imap {

Command notify_personal() {
  return {CommandKind::notify,
          "NOTIFY SET STATUS (selected (MessageNew MessageExpunge FlagChange)) "
          "(personal (MessageNew MessageExpunge FlagChange MailboxName))"};
}

}  // namespace sterna::imap
