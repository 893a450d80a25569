// SPDX-License-Identifier: Apache-2.0
#include "parts.h"

#include <fmt/format.h>

#include <array>

namespace sterna::imap {

std::string status_list(const std::vector<StatusItem>& items) {
  constexpr std::array<std::string_view, 8> names = {"MESSAGES",  "UIDNEXT",       "UIDVALIDITY",
                                                     "UNSEEN",    "HIGHESTMODSEQ", "SIZE",
                                                     "MAILBOXID", "APPENDLIMIT"};
  std::string text = "(";
  for (const StatusItem item : items) {
    if (text.size() > 1) text += ' ';
    text += names[static_cast<std::size_t>(item)];
  }
  return text += ')';
}

Status add_flag_list(Command& command, const FlagSet& flags) {
  const char* before = "(";
  for (const std::string& flag : flags.to_imap()) {
    command.text(before);
    // FlagSet has no flags with a backslash but the system's.
    if (flag.starts_with('\\')) {
      command.text(flag);
    } else {
      STERNA_CHECK(command.atom(flag));
    }
    before = " ";
  }
  command.text(flags.empty() ? "()" : ")");
  return {};
}

Result<Command> on_uids(CommandKind kind, const UidSet& uids) {
  if (uids.empty()) return fail(ErrorCode::usage, "a command on no message");
  return Command(kind, fmt::format("{} {}", to_string(kind), uids.to_string()));
}

Result<Command> to_mailbox(CommandKind kind, const UidSet& uids, const WireName& target) {
  if (target.octets.empty()) return fail(ErrorCode::usage, "a mailbox without a name");
  STERNA_TRY(Command command, on_uids(kind, uids));
  command.text(" ");
  STERNA_CHECK(command.quoted_or_literal(target.octets));
  return command;
}

Result<Command> on_mailbox(CommandKind kind, const WireName& mailbox) {
  if (mailbox.octets.empty()) return fail(ErrorCode::usage, "a mailbox without a name");
  Command command(kind, std::string(to_string(kind)) + ' ');
  STERNA_CHECK(command.quoted_or_literal(mailbox.octets));
  return command;
}

}  // namespace sterna::imap
