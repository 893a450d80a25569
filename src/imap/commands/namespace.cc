// SPDX-License-Identifier: Apache-2.0
// NAMESPACE (RFC 2342).
#include "sterna/imap/commands.h"

namespace sterna::imap {

Command namespaces() {
  return {CommandKind::namespaces, "NAMESPACE"};
}

}  // namespace sterna::imap
