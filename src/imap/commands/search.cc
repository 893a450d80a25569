// SPDX-License-Identifier: Apache-2.0
// UID SEARCH (RFC 3501 section 6.4.4), RETURN of ESEARCH (RFC 4731).
#include "sterna/imap/commands.h"

namespace sterna::imap {

Result<Command> uid_search(const SearchQuery& query) {
  if (query.uids && query.uids->empty()) {
    return fail(ErrorCode::usage, "a command on no message");
  }
  Command command(CommandKind::search, "UID SEARCH");
  if (query.return_all) command.text(" RETURN (ALL)");
  if (query.uids) command.text(" UID ").text(query.uids->to_string());
  if (query.deleted) command.text(" DELETED");
  if (!query.uids && !query.deleted) command.text(" ALL");
  return command;
}

}  // namespace sterna::imap
