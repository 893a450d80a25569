// SPDX-License-Identifier: Apache-2.0
// Command: one command without its tag, ready to be sent in parts. Made by the functions in
// commands.h, which see to it that no argument can break out of its place; submitted to a Client.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/model/mailbox_name.h"

namespace sterna::imap {

enum class CommandKind : std::uint8_t {
  append,
  authenticate,
  capability,
  compress,
  copy,
  create,
  delete_mailbox,
  enable,
  examine,
  expunge,
  fetch,
  id,
  idle,
  list,
  login,
  logout,
  lsub,
  move,
  my_rights,
  namespaces,
  noop,
  notify,
  rename,
  search,
  select,
  starttls,
  status,
  store,
  subscribe,
  unselect,
  unsubscribe,
};
std::string_view to_string(CommandKind kind);  // "UID FETCH", as the logs have it

// How a literal is announced (RFC 7888).
enum class LiteralMode : std::uint8_t {
  // Without waiting where the server allows it: any size with LITERAL+, up to 4096 octets with
  // LITERAL-. A streamed literal above 4096 octets always waits, so that a refusal comes before the
  // upload.
  automatic,
  // Without waiting where the server allows it, streamed ones of any size included.
  eager,
  // Always waits for the server's "+".
  synchronizing,
};

class Command {
 public:
  struct Text {
    WipedString octets;
    bool secret = false;
  };
  struct Literal {
    WipedString octets;
    bool secret = false;
  };
  // A literal whose octets are given later, with Client::provide_literal().
  struct Stream {
    std::uint64_t size = 0;
    LiteralMode mode = LiteralMode::automatic;
  };
  using Part = std::variant<Text, Literal, Stream>;

  Command(CommandKind kind, std::string text);

  CommandKind kind() const { return kind_; }
  std::vector<Part>& parts() { return parts_; }
  const std::vector<Part>& parts() const { return parts_; }
  // What SELECT and EXAMINE select; empty for others.
  const WireName& mailbox() const { return mailbox_; }
  void set_mailbox(WireName mailbox) { mailbox_ = std::move(mailbox); }

  // Acts on messages of the selected mailbox in a way that cannot be taken back: STORE, COPY, MOVE,
  // EXPUNGE.
  bool changes_selection() const;
  // Nothing may be started behind it before its tagged answer: AUTHENTICATE, STARTTLS, COMPRESS,
  // LOGOUT, and IDLE (until DONE).
  bool is_barrier() const;

  // Appending to the text; the results fail with ErrorCode::usage on NUL, CR or LF.
  Command& text(std::string_view octets);
  Status quoted_or_literal(std::string_view value);  // as astring: quoted where 7-bit printable
  Status secret_string(std::string_view value);
  Command& secret_text(std::string_view octets);
  Status atom(std::string_view value);  // fails if it is none
  Command& stream(std::uint64_t size, LiteralMode mode);

  // The line as a log may show it: no secret, no octets of literals.
  std::string redacted() const;

 private:
  CommandKind kind_;
  std::vector<Part> parts_;
  WireName mailbox_;
};

}  // namespace sterna::imap
