// SPDX-License-Identifier: Apache-2.0
// ENABLE (RFC 5161).
#include "sterna/base/assert.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {

Command enable(const std::vector<Capability>& extensions) {
  STERNA_ASSERT(!extensions.empty());
  Command command(CommandKind::enable, "ENABLE");
  for (const Capability extension : extensions) command.text(" ").text(to_string(extension));
  return command;
}

}  // namespace sterna::imap
