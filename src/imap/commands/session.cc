// SPDX-License-Identifier: Apache-2.0
// Commands about the session: RFC 3501 section 6.1, RFC 2177 (IDLE), RFC 2342 (NAMESPACE), RFC 2971
// (ID), RFC 4978 (COMPRESS), RFC 5161 (ENABLE), RFC 5465 (NOTIFY).
#include "sterna/base/assert.h"
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
Command compress_deflate() {
  return {CommandKind::compress, "COMPRESS DEFLATE"};
}
Command idle() {
  return {CommandKind::idle, "IDLE"};
}
Command namespaces() {
  return {CommandKind::namespaces, "NAMESPACE"};
}

Command enable(const std::vector<Capability>& extensions) {
  STERNA_ASSERT(!extensions.empty());
  Command command(CommandKind::enable, "ENABLE");
  for (const Capability extension : extensions) command.text(" ").text(to_string(extension));
  return command;
}

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

Command notify_personal() {
  return {CommandKind::notify,
          "NOTIFY SET STATUS (selected (MessageNew MessageExpunge FlagChange)) "
          "(personal (MessageNew MessageExpunge FlagChange MailboxName))"};
}
Command notify_none() {
  return {CommandKind::notify, "NOTIFY NONE"};
}

}  // namespace sterna::imap
