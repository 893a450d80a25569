// SPDX-License-Identifier: Apache-2.0
// LOGIN and AUTHENTICATE (RFC 3501 section 6.2), SASL-IR (RFC 4959).
#include "sterna/base/bytes.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {

Result<Command> login(std::string_view user, const Secret& password) {
  Command command(CommandKind::login, "LOGIN ");
  STERNA_CHECK(command.secret_string(user));
  command.text(" ");
  STERNA_CHECK(command.secret_string(password.reveal()));
  return command;
}

Result<Command> authenticate(std::string_view mechanism) {
  Command command(CommandKind::authenticate, "AUTHENTICATE ");
  STERNA_CHECK(command.atom(mechanism));
  return command;
}

Result<Command> authenticate(std::string_view mechanism, const Secret& response) {
  STERNA_TRY(Command command, authenticate(mechanism));
  std::string base64 = response.empty() ? "=" : base64_encode(response.reveal());
  command.text(" ").secret_text(base64);
  wipe(base64);
  return command;
}

}  // namespace sterna::imap
