// SPDX-License-Identifier: Apache-2.0
// CAPABILITY, NOOP, LOGOUT (RFC 3501 section 6.1) and STARTTLS (section 6.2.1).
#include "sterna/imap/commands.h"

namespace sterna::imap {

Command capability() {
  return {CommandKind::capability, "CAPABILITY"};
}
Command noop() {
  return {CommandKind::noop, "NOOP"};
}
Command logout() {
  return {CommandKind::logout, "LOGOUT"};
}
Command starttls() {
  return {CommandKind::starttls, "STARTTLS"};
}

}  // namespace sterna::imap
