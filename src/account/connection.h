// SPDX-License-Identifier: Apache-2.0
// Connection: one IMAP session over one transport, for one coroutine at a time.
//
// Commands are submitted at once and awaited later, so pipelining is natural. Nothing reads in the
// background: whoever waits for a command pumps, which is also the back-pressure. Each command may
// have a Sink for the responses that come while it is the oldest; what belongs to nobody says no
// more than the next look at its mailbox will.
#pragma once

#include <bitset>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sterna/account/settings.h"
#include "sterna/coro/sync.h"
#include "sterna/imap/client.h"
#include "sterna/imap/command.h"
#include "sterna/imap/commands.h"
#include "sterna/imap/mailbox_codec.h"
#include "sterna/imap/quirks.h"

namespace sterna::account {

class Connection;

// How long a server may take, in time that is spent reading: for the greeting; from the dialled
// line to the end of the login, whatever it says meanwhile; to answer a command that costs it
// nothing, likewise; and without a single octet, as a large SELECT or SEARCH may think that long.
inline constexpr std::chrono::seconds kGreetingLimit{30};
inline constexpr std::chrono::seconds kOpeningLimit{120};
inline constexpr std::chrono::seconds kSimpleCommandLimit{60};
inline constexpr std::chrono::seconds kSilenceLimit{180};
// A server that never falls silent, and never comes to an end either: beyond this time a command's
// answer has to come faster than that.
inline constexpr std::chrono::seconds kSlowAfter{1800};
inline constexpr std::uint64_t kSlowestOctetsPerSecond = 64;
// What may come in answer to one command and is of no use to it. The flags of four million messages
// are less.
inline constexpr std::uint64_t kUselessOctetsMax = std::uint64_t{1} << 30;

// What one command's responses are for. One that dies with commands unanswered is not told the
// rest; a copy is told nothing of its original's commands.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) {}
  Sink& operator=(const Sink&) { return *this; }
  virtual ~Sink();
  virtual void on_response(const imap::Response& /*response*/) {}
  // A response that makes no sense: what it said is unknown, and what it was not told incomplete.
  virtual void on_bad_response(const Error& /*error*/) {}
  virtual void on_body_begin(const imap::BodyBegin& /*body*/) {}
  // Whether these octets are wanted: many that are not end the line.
  virtual bool on_body_chunk(imap::BodyId /*id*/, std::string_view /*octets*/) { return false; }
  virtual void on_body_end(imap::BodyId /*id*/) {}
  // The command was answered; nothing of the next one was read yet.
  virtual void on_done(const imap::Done& /*done*/) {}
  // Called between two reads when full() is true: makes room before more is read.
  virtual bool full() const { return false; }
  virtual coro::Task<Status> relieve();

 protected:
  // For relieve(): there is no room to be made, and the line goes. The error is what wait() says.
  coro::Task<Status> hang_up(Error error);

 private:
  friend class Connection;
  Connection* connection_ = nullptr;  // as long as it has a command for this one
};

// A sink that hands each response to a function.
class FunctionSink : public Sink {
 public:
  explicit FunctionSink(std::function<void(const imap::Response&)> function)
      : function_(std::move(function)) {}
  void on_response(const imap::Response& response) override { function_(response); }

 private:
  std::function<void(const imap::Response&)> function_;
};

// Provides the octets of a streamed literal, in pieces; empty when there are no more.
using LiteralSource = std::function<Result<std::string>(std::size_t octets_max)>;

// Octets of the protocol, as they are without compression.
struct Traffic {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};

class Connection final : private imap::Handler {
 public:
  Connection(Services services, std::unique_ptr<io::Transport> transport, Log log);
  ~Connection() override;

  // Waits for the greeting: ok or preauth; a BYE is an error.
  coro::Task<Result<imap::UntaggedStatus>> greeting();

  Result<imap::CommandId> submit(Result<imap::Command> command, Sink* sink = nullptr,
                                 LiteralSource literal = {});
  // NO and BAD are answers, not errors, but one that asks to be left alone for a while is the last:
  // nothing is submitted after it (imap/told_to_wait.h), and what was is answered still.
  // An error means that the outcome of everything unanswered is unknown, and that the connection is
  // of no more use, unless it was a sink's relieve() that failed: then the line goes on, and what
  // is still to come for that sink is read past.
  coro::Task<Result<imap::Done>> wait(imap::CommandId id);
  coro::Task<Result<imap::Done>> run(Result<imap::Command> command, Sink* sink = nullptr);
  // As run(), with NO and BAD as errors.
  coro::Task<Status> run_ok(Result<imap::Command> command, Sink* sink = nullptr);
  // As wait(), with NO and BAD as errors.
  coro::Task<Result<imap::Done>> wait_ok(imap::CommandId id);

  // Writes what is submitted, without waiting for answers.
  coro::Task<Status> flush();
  // Begins IDLE, and what the server says in it goes to `sink`.
  Status begin_idle(Sink* sink);
  // Hears what the server says unasked, for once, and sets `wake` then. Ends early when somebody
  // else sets it. An error as of wait(); one of them is a server that does not end the IDLE that
  // was ended before this one.
  coro::Task<Status> listen(coro::Event& wake);
  // Whether somebody waits for the server to answer.
  bool awaits_answer() const;
  // Whether that IDLE goes on; a server may end it by itself.
  bool is_idling() const { return pending_.contains(idle_.value); }
  // When the server last said anything.
  std::chrono::nanoseconds heard_at() const { return heard_at_; }
  // DONE leaves with whatever is submitted next; nobody waits for the answer.
  void end_idle();
  // Gives the answers to challenges of AUTHENTICATE; an error cancels it.
  using Answer = std::function<coro::Task<Result<Secret>>(std::string challenge)>;
  void on_challenges(Answer answer) { answer_ = std::move(answer); }

  coro::Task<Status> start_tls(io::TlsSettings settings);
  // NO and BAD leave the line as it is.
  coro::Task<Status> start_compress();
  // Submits a command whose answer is wanted before the first mailbox is selected, not earlier.
  void prelude(imap::CommandId id) { preludes_.push_back(id); }
  // Takes the answer to NAMESPACE: into `namespaces` and `names`.
  Sink* namespace_sink() { return &namespace_sink_; }
  // Takes the answer to ID.
  Sink* id_sink() { return &id_sink_; }
  // Into `quirks`, now and once the server has said who it is.
  using Recognise = std::function<imap::Quirks(std::string_view id)>;
  void recognise_by(Recognise recognise);
  // Waits for the preludes, and knows then what habits the server has and whether QRESYNC can be
  // used.
  coro::Task<Status> settle();
  // LOGOUT without waiting for the answer, and the end of the transport.
  coro::Task<void> logout();
  void close();
  // Told of each untagged response, and to which kind of command it came (noop: to none).
  void overhear(std::function<void(const imap::Response&, imap::CommandKind)> function) {
    overhear_ = std::move(function);
  }

  imap::Client& client() { return client_; }
  const imap::Capabilities& capabilities() const { return client_.capabilities(); }
  bool has(imap::Capability capability) const {
    return client_.capabilities().has(capability) &&
           !distrusted_.test(static_cast<std::size_t>(capability));
  }
  // Offered, and refused where it was used, as by a proxy that knows less than what it stands
  // before: has() says no from now on.
  void distrust(imap::Capability capability);
  io::Transport& transport() { return *transport_; }
  const Traffic& traffic() const { return traffic_; }
  bool usable() const { return !closed_ && client_.usable(); }
  // A SELECT is unanswered: what is selected is not what the next command will find.
  bool selecting() const;
  // Nobody listens to the answers that `sink` was for.
  void forget(Sink& sink);

  imap::Quirks quirks;
  imap::Namespace namespaces;
  // What the server calls its mailboxes.
  imap::NameRules names;
  bool qresync = false;  // ENABLEd, and to be trusted
  bool condstore = false;
  bool asks_ahead = true;  // a FETCH behind a SELECT was of use so far (ahead.h)

 private:
  void on_greeting(const imap::UntaggedStatus& greeting) override;
  void on_response(const imap::Response& response, const imap::Context& context) override;
  void on_body_begin(const imap::BodyBegin& body, const imap::Context& context) override;
  void on_body_chunk(imap::BodyId id, std::string_view octets) override;
  void on_body_end(imap::BodyId id) override;
  void on_done(const imap::Done& done) override;
  void on_challenge(imap::CommandId id, std::string_view challenge) override;
  void on_bye(const imap::UntaggedStatus& bye, bool expected) override;
  void on_bad_response(const Error& error, const imap::Context& context) override;

  coro::Task<Status> pump();
  void log_remarks();
  coro::Task<void> answer_challenge();
  Status take(Result<std::size_t> got);
  coro::Task<void> hear_out();
  coro::Task<Result<std::size_t>> read();
  void count_waiting(std::chrono::nanoseconds waited);
  // What came in the last read was nothing that a server in earnest would send.
  Status check_worth(std::size_t octets);
  Sink* sink_of(imap::CommandId id);
  // Whose answer it is: commands that do not depend on one another may be answered in any order
  // (RFC 3501 section 5.5).
  imap::CommandId asker_of(const imap::Response& response, imap::CommandId oldest) const;
  void heed(const imap::Done& done);
  void part_from(Sink& sink);
  void drop_pending();
  // Whether a response that comes during SELECT is still the mailbox's that it closes.
  bool is_of_closing(const imap::Context& context) const;
  Error lost() const;

  struct Challenge {
    imap::CommandId id;
    std::string octets;
  };
  struct Pending {
    Sink* sink = nullptr;
    LiteralSource literal;
    bool selects = false;
    imap::CommandKind kind{};
    bool awaited = true;  // somebody takes its Done
  };
  // What the next read waits for, and what is left of the time for it.
  struct Patience {
    std::string what;
    std::chrono::nanoseconds left;
    std::chrono::seconds limit;
  };
  Patience patience() const;
  std::uint64_t oldest_pending() const;  // 0 for none
  // Of the time that the server has for the end of an IDLE; none: it owes none.
  std::optional<std::chrono::nanoseconds> left_for_end() const;

  void learn_namespaces(const imap::Response& response);
  void learn_id(const imap::Response& response);

  Services services_;
  FunctionSink namespace_sink_{[this](const imap::Response& r) { learn_namespaces(r); }};
  FunctionSink id_sink_{[this](const imap::Response& r) { learn_id(r); }};
  Recognise recognise_;
  std::string id_;  // name, version and vendor, as the server says them
  std::unique_ptr<io::Transport> transport_;
  Traffic traffic_;
  Log log_;
  imap::Client client_;
  std::bitset<imap::kCapabilityCount> distrusted_;
  std::unordered_map<std::uint64_t, Pending> pending_;
  std::unordered_map<std::uint64_t, imap::Done> done_;
  std::unordered_map<std::uint64_t, Sink*> bodies_;
  Answer answer_;
  std::optional<Challenge> challenge_;  // waits for its answer
  std::function<void(const imap::Response&, imap::CommandKind)> overhear_;
  imap::CommandId idle_;                 // none: no IDLE that was not ended
  imap::CommandId ended_idle_;           // the first whose end was not answered
  std::chrono::nanoseconds ended_at_{};  // when DONE was said to it
  std::optional<imap::UntaggedStatus> greeting_;
  std::optional<Error> failure_;
  std::optional<Error> told_to_wait_;  // by a NO or BAD that was taken
  std::vector<imap::CommandId> preludes_;
  std::string buffer_;
  std::string last_remark_;  // of whoever carries the line, printable
  std::chrono::nanoseconds heard_at_{};
  std::chrono::nanoseconds opening_waited_{};  // before the login was done
  std::chrono::nanoseconds command_waited_{};  // for the oldest command
  std::uint64_t command_octets_ = 0;           // since then
  std::uint64_t wanted_octets_ = 0;            // of them
  std::size_t bad_responses_ = 0;
  std::uint64_t waited_for_ = 0;
  bool closed_ = false;
  bool said_bye_ = false;  // outside LOGOUT: `failure_` is what it said
};

}  // namespace sterna::account
