// SPDX-License-Identifier: Apache-2.0
// SELECT and EXAMINE (RFC 3501 section 6.3.1), their CONDSTORE and QRESYNC parameters (RFC 7162
// sections 3.1.8 and 3.2.5), UNSELECT (RFC 3691). CLOSE is never sent: it expunges.
#include <fmt/format.h>

#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {
namespace {

std::string match_data(const std::vector<std::pair<SeqNum, Uid>>& matches) {
  std::string numbers;
  std::string uids;
  for (const auto& [number, uid] : matches) {
    if (!numbers.empty()) {
      numbers += ',';
      uids += ',';
    }
    numbers += fmt::format("{}", number.value);
    uids += fmt::format("{}", uid.value);
  }
  return fmt::format(" ({} {})", numbers, uids);
}

std::string qresync_parameter(const QresyncState& state) {
  std::string text = fmt::format(" (QRESYNC ({} {}", state.uidvalidity.value, state.modseq.value);
  if (!state.known_uids.empty()) {
    text += ' ' + state.known_uids.to_string();
    // Match data can only follow the known UIDs.
    if (!state.matches.empty()) text += match_data(state.matches);
  }
  return text + "))";
}

}  // namespace

Result<Command> select(const WireName& mailbox, const SelectOptions& options) {
  const CommandKind kind = options.examine ? CommandKind::examine : CommandKind::select;
  STERNA_TRY(Command command, on_mailbox(kind, mailbox));
  command.set_mailbox(mailbox);
  if (options.qresync) {
    if (!options.qresync->uidvalidity || !options.qresync->modseq) {
      return fail(ErrorCode::usage, "QRESYNC needs a UIDVALIDITY and a mod-sequence");
    }
    command.text(qresync_parameter(*options.qresync));
  } else if (options.condstore) {
    command.text(" (CONDSTORE)");
  }
  return command;
}

Command unselect() {
  return {CommandKind::unselect, "UNSELECT"};
}

}  // namespace sterna::imap
