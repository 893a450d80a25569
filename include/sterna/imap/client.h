// SPDX-License-Identifier: Apache-2.0
// Client: one connection's state machine. Bytes in, bytes out: it knows no socket, no clock and no
// coroutine, and holds no message whatever it weighs.
//
//   loop: write take_output(); read; feed(what was read, handler)
//
// Commands are pipelined in the order in which they were submitted. What the protocol forbids to
// overlap does not: a synchronizing literal waits for its "+", and nothing is started behind
// AUTHENTICATE, STARTTLS, COMPRESS, LOGOUT (until the tagged answer) or IDLE (until DONE). Beyond
// that, ambiguity between commands (RFC 3501 section 5.5) is the caller's business, with one
// exception: a STORE, COPY, MOVE or EXPUNGE is refused unless its mailbox is selected and no SELECT
// is unanswered.
//
// Back-pressure: do not feed. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/imap/capability.h"
#include "sterna/imap/command.h"
#include "sterna/imap/limits.h"
#include "sterna/imap/response.h"

namespace sterna::imap {

using CommandId = StrongId<struct CommandIdTag, std::uint64_t>;

// A selected mailbox, as its own SELECT and what came since describe it.
struct Selection {
  CommandId id;  // of the SELECT or EXAMINE: names this selection
  WireName mailbox;
  bool complete = false;  // the tagged OK has come
  bool examined = false;  // by EXAMINE: `read_only` says nothing about the mailbox
  bool read_only = false;
  std::uint32_t exists = 0;
  std::optional<UidValidity> uid_validity;  // follows the server if it changes while selected
  std::optional<Uid> uid_next;              // as SELECT said
  std::optional<ModSeq> highest_modseq;     // as SELECT said: the one that may be saved as a cursor
  bool no_modseq = false;
  bool uid_not_sticky = false;
  std::optional<PermanentFlags> permanent_flags;  // none: assume that all can be stored
  FlagSet flags;                                  // the FLAGS response
  std::string mailbox_id;
};

// Where a response belongs, as far as the order of things tells.
struct Context {
  CommandId oldest;     // the oldest command that is not answered yet; none if there is none
  CommandId selection;  // Selection::id of the mailbox that it speaks of; none if none is selected
};

struct BodyBegin {
  BodyId id;
  SeqNum number;  // none in a UIDFETCH
  // Unknown here if the server sends UID behind the body: see Fetch::bodies.
  std::optional<Uid> uid;
  std::string section;  // as in FetchBody
  std::optional<std::uint64_t> origin;
  std::uint64_t size = 0;  // octets that follow
};

struct Done {
  CommandId id;
  CommandKind kind{};
  StatusKind status = StatusKind::ok;  // ok, no or bad
  ResponseCode code;
  std::string text;
  bool ok() const { return status == StatusKind::ok; }
};

// What feed() calls, in the order of the octets. A handler may submit commands, answer challenges
// and ask for output, but must not feed.
class Handler {
 public:
  virtual ~Handler() = default;

  // Exactly once, first: ok, preauth or bye.
  virtual void on_greeting(const UntaggedStatus& greeting) = 0;
  // Everything untagged but greeting and BYE, after the client took notice of it.
  virtual void on_response(const Response& response, const Context& context) = 0;
  // The body of a FETCH that is not NIL, quoted ones too; each is complete before the on_response
  // that carries its FetchBody::id. If that response turns out to be broken, on_bad_response comes
  // instead: the body is then nobody's.
  virtual void on_body_begin(const BodyBegin& body, const Context& context) = 0;
  virtual void on_body_chunk(BodyId id, std::string_view octets) = 0;
  virtual void on_body_end(BodyId id) = 0;
  virtual void on_done(const Done& done) = 0;

  // A challenge of AUTHENTICATE, decoded; empty where the server sent none or no base64. Answer
  // with Client::respond_auth() or cancel_auth().
  virtual void on_challenge(CommandId /*id*/, std::string_view /*challenge*/) {}
  // The server accepted IDLE.
  virtual void on_idling(CommandId /*id*/) {}
  // The server is about to close. What is unanswered may or may not have been done. `expected`
  // after LOGOUT.
  virtual void on_bye(const UntaggedStatus& /*bye*/, bool /*expected*/) {}
  // An untagged response that makes no sense; the session goes on, but what it said is unknown.
  virtual void on_bad_response(const Error& /*error*/, const Context& /*context*/) {}
};

// What a streamed literal waits for.
struct LiteralWanted {
  CommandId id;
  std::size_t index = 0;     // which literal of the command that is: the message of a MULTIAPPEND
  std::uint64_t octets = 0;  // still to be provided
};

class Client {
 public:
  explicit Client(Limits limits = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Puts a command into the queue. Fails with
  //   the command's own error, if it could not be made;
  //   ErrorCode::disconnected after BYE, LOGOUT, or an error of feed();
  //   ErrorCode::internal for a change to a mailbox that is not (or not yet surely) selected.
  Result<CommandId> submit(Result<Command> command);

  // The octets that may be sent now, possibly none. Nothing before the greeting.
  std::string take_output();
  bool has_output() const;

  // The literal that is due, if one is.
  std::optional<LiteralWanted> wants_literal() const;
  // Its next octets. Fails with ErrorCode::internal if they are not wanted, or are more than that.
  // If the command is answered NO before all were sent, the rest is still due: the server reads it.
  Status provide_literal(CommandId id, std::string_view octets);

  // One step of AUTHENTICATE; `response` is not yet in base64. Fails with ErrorCode::internal if no
  // challenge waits for an answer.
  Status respond_auth(CommandId id, std::string_view response);
  Status cancel_auth(CommandId id);

  // Ends IDLE: DONE is sent as soon as the server has accepted it. No-op if none runs.
  void end_idle();

  // Octets from the server. Returns how many were consumed: all, unless COMPRESS was just accepted,
  // when the rest is deflated already. An error (ErrorCode::protocol) makes the connection
  // unusable: broken framing, an answer to an unknown tag, a continuation in the place of a
  // greeting, octets behind the OK to STARTTLS, an OK to what was not sent.
  Result<std::size_t> feed(std::string_view octets, Handler& handler);

  // The TLS layer is in place: all that was known of the server is forgotten (RFC 3501
  // section 6.2.1). Precondition: STARTTLS was answered OK.
  void after_starttls();
  // What is fed from now on was inflated. Precondition: COMPRESS was answered OK.
  void after_compress();

  // At most this many commands are sent and unanswered; from Quirks.
  void set_pipeline_depth(unsigned commands);

  bool authenticated() const;
  bool usable() const;  // no BYE, no LOGOUT, no error yet
  // The latest list of the server; empty where it must be asked for (again).
  const Capabilities& capabilities() const;
  const Capabilities& enabled() const;
  // nullptr if no mailbox is selected; also while a SELECT runs, from the first response that is
  // its.
  const Selection* selection() const;
  // Submitted and not answered, oldest first. After the line is cut: whose outcome is unknown.
  std::vector<CommandId> outstanding() const;
  // Whether the command, or a part of it, was ever taken as output: if not, it surely was not done.
  bool was_sent(CommandId id) const;
  // For a trace: the tag, and the command without secrets. "" if it is not outstanding.
  std::string describe(CommandId id) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sterna::imap
