// SPDX-License-Identifier: Apache-2.0
// UNSELECT (RFC 3691). CLOSE is never sent: it expunges.
#include "sterna/imap/commands.h"

namespace sterna::imap {

Command unselect() {
  return {CommandKind::unselect, "UNSELECT"};
}

}  // namespace sterna::imap
