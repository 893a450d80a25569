// SPDX-License-Identifier: Apache-2.0
// ID (RFC 2971).
#include "sterna/imap/commands.h"

namespace sterna::imap {

Result<Command> id(const std::vector<std::pair<std::string, std::string>>& fields) {
  Command command(CommandKind::id, "ID ");
  if (fields.empty()) {
    command.text("NIL");
    return command;
  }
  const char* before = "(";
  for (const auto& [key, value] : fields) {
    command.text(before);
    STERNA_CHECK(command.quoted_or_literal(key));
    command.text(" ");
    STERNA_CHECK(command.quoted_or_literal(value));
    before = " ";
  }
  command.text(")");
  return command;
}

}  // namespace sterna::imap
