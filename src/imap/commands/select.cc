// SPDX-License-Identifier: Apache-2.0
// SELECT and EXAMINE (RFC 3501 section 6.3.1), their CONDSTORE and QRESYNC parameters (RFC 7162
// sections 3.1.8 and 3.2.5).
#include <fmt/format.h>

#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {
namespace {

std::string qresync_parameter(const QresyncState& state) {
  return fmt::format(" (QRESYNC ({} {}))", state.uidvalidity.value, state.modseq.value);
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

}  // namespace sterna::imap
