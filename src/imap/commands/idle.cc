// SPDX-License-Identifier: Apache-2.0
// IDLE (RFC 2177).
#include "sterna/imap/commands.h"

namespace sterna::imap {

Command idle() {
  return {CommandKind::idle, "IDLE"};
}

}  // namespace sterna::imap
