// SPDX-License-Identifier: Apache-2.0
// STATUS (RFC 3501 section 6.3.10, RFC 7162, RFC 7889, RFC 8438, RFC 8474).
#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {

std::vector<StatusItem> status_items_for(const Capabilities& capabilities) {
  std::vector<StatusItem> items = {StatusItem::messages, StatusItem::uid_next,
                                   StatusItem::uid_validity, StatusItem::unseen};
  if (capabilities.has(Capability::condstore)) items.push_back(StatusItem::highest_modseq);
  if (capabilities.has(Capability::object_id)) items.push_back(StatusItem::mailbox_id);
  return items;
}

Result<Command> status(const WireName& mailbox, const std::vector<StatusItem>& items) {
  if (items.empty()) return fail(ErrorCode::usage, "STATUS asks for nothing");
  STERNA_TRY(Command command, on_mailbox(CommandKind::status, mailbox));
  command.text(" ").text(status_list(items));
  return command;
}

}  // namespace sterna::imap
