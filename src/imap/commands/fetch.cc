// SPDX-License-Identifier: Apache-2.0
// UID FETCH (RFC 3501 section 6.4.8, RFC 7162 section 3.1.4, RFC 8474, Gmail's X-GM-MSGID). Bodies
// are always peeked at, so that fetching never sets \Seen.
#include <fmt/format.h>

#include <array>

#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {
namespace {

constexpr std::array<std::string_view, 9> kItems = {
    "UID",     "FLAGS",      "INTERNALDATE",      "RFC822.SIZE", "MODSEQ",
    "EMAILID", "X-GM-MSGID", "BODY.PEEK[HEADER]", "BODY.PEEK[]"};

}  // namespace

Result<Command> uid_fetch(const FetchRequest& request) {
  if (request.items.empty() && request.header_fields.empty()) {
    return fail(ErrorCode::usage, "FETCH asks for nothing");
  }
  STERNA_TRY(Command command, on_uids(CommandKind::fetch, request.uids));
  const char* before = " (";
  for (const FetchItem item : request.items) {
    command.text(before).text(kItems[static_cast<std::size_t>(item)]);
    before = " ";
  }
  if (!request.header_fields.empty()) {
    command.text(before);
    before = "BODY.PEEK[HEADER.FIELDS (";
    for (const std::string& field : request.header_fields) {
      command.text(before);
      STERNA_CHECK(command.atom(field));
      before = " ";
    }
    command.text(")]");
  }
  command.text(")");
  if (request.changed_since) {
    command.text(fmt::format(" (CHANGEDSINCE {}{})", request.changed_since->value,
                             request.vanished ? " VANISHED" : ""));
  }
  return command;
}

}  // namespace sterna::imap
