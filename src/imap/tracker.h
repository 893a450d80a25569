// SPDX-License-Identifier: Apache-2.0
// Tracker: what a connection knows of its server and its selected mailbox, from the responses as
// they pass.
//
// Whose mailbox a response speaks of while a SELECT runs: servers with QRESYNC or IMAP4rev2 draw
// the line with "OK [CLOSED]" (RFC 7162 section 3.2.11). Where that does not come, the first
// response that only a SELECT has (FLAGS, a UIDVALIDITY, PERMANENTFLAGS or UIDNEXT code) draws it,
// and an EXISTS just before.
#pragma once

#include <optional>
#include <string>

#include "sterna/imap/client.h"

namespace sterna::imap {

// A command that was submitted and is not answered.
struct Pending {
  CommandId id;
  CommandKind kind{};
  WireName mailbox;  // of SELECT and EXAMINE
  std::string tag;
  std::string line;            // redacted
  bool accepted = false;       // IDLE: "+" came
  bool end_requested = false;  // IDLE: DONE is wanted
  bool challenged = false;     // AUTHENTICATE: a challenge waits for its answer

  bool selects() const { return kind == CommandKind::select || kind == CommandKind::examine; }
  bool logs_in() const { return kind == CommandKind::login || kind == CommandKind::authenticate; }
};

class Tracker {
 public:
  const Capabilities& capabilities() const { return capabilities_; }
  const Capabilities& enabled() const { return enabled_; }
  const Selection* selection() const { return selection_ ? &*selection_ : nullptr; }
  CommandId selection_id() const { return selection_ ? selection_->id : CommandId{}; }
  bool authenticated() const { return authenticated_; }

  void greeted(const UntaggedStatus& greeting);
  // `oldest` is the oldest command that waits for its answer, or nullptr.
  void untagged(const Response& response, const Pending* oldest);
  void done(const Done& done, const Pending& command);
  void forget_server();  // after STARTTLS

 private:
  void open(const Pending& select);
  void draw_line(const Response& response, const Pending& select);
  void take_data(const Response& response);  // precondition: a mailbox is selected
  void take_code(const ResponseCode& code);
  void take_select_done(const Done& done, const Pending& select);
  void take_login_done(const Done& done);
  void shrink(std::uint64_t count);

  Capabilities capabilities_;
  bool capabilities_fresh_ = false;  // came as part of the answer to a login
  Capabilities enabled_;
  bool authenticated_ = false;
  std::optional<Selection> selection_;
  std::optional<std::uint32_t> early_exists_;  // an EXISTS that may be the next selection's
};

}  // namespace sterna::imap
