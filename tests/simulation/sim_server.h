// SPDX-License-Identifier: Apache-2.0
// SimSession: one connection to the simulated server, as bytes in and bytes out (RFC 3501, and as
// far as Abilities says: UIDPLUS 4315, MOVE 6851, CONDSTORE and QRESYNC 7162, LIST-STATUS 5819,
// ESEARCH 4731, LITERAL+ 7888, NAMESPACE 2342, MULTIAPPEND 3502, OBJECTID 8474, MESSAGELIMIT 9738,
// IDLE 2177, NOTIFY 5465 as Dovecot has it).
// A session sees the messages that it was told of, under the numbers that it was told, and tells
// what others changed as Manners says. tests/transcripts holds it to the answers of real servers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "command_reader.h"
#include "script.h"
#include "server_state.h"
#include "sterna/model/uid_set.h"

namespace sterna::simulation {

// Whose answers it gives where servers differ and the RFCs let them.
enum class Manners : std::uint8_t {
  // What others did is told behind the answer, which knows nothing of it: a FETCH has messages that
  // are gone, a COPY of one is refused. STORE.SILENT is silent but for the mod-sequence.
  dovecot,
  // It is told first; what is gone behind FETCH. STORE.SILENT tells the flags.
  cyrus,
};

// What a session that was not told yet gets of a message that another one expunged.
enum class Gone : std::uint8_t {
  body,     // the message
  nil,      // NIL, and EXPUNGEISSUED, as of Dovecot's files
  made_up,  // another message, which says so, as of Courier
};

struct Abilities {
  Manners manners = Manners::dovecot;
  bool condstore = false;
  bool qresync = false;  // implies condstore
  bool uidplus = false;
  bool move = false;
  bool list_status = false;
  bool esearch = false;
  bool literal_plus = false;
  bool namespaces = false;
  bool unselect = false;
  bool capability_in_greeting = false;
  bool multiappend = false;
  bool objectid = false;
  bool idle = false;
  bool notify = false;
  std::size_t message_limit = 0;  // of a command; 0: none
  Gone gone = Gone::body;
  // Habits that no capability tells.
  bool no_appenduid = false;
  bool no_copyuid = false;
  bool partial_copyuid = false;  // the last of several is left out
  bool half_move = false;        // the last of several stays, and the answer is NO
  bool lags = false;             // most commands tell nothing of what others did
  bool idles_mutely = false;     // IDLE is accepted, and tells nothing
  bool idles_not = false;        // IDLE is accepted, and ended at once
  bool filters = false;          // some of what is stored is moved elsewhere at once
  bool rewrites = false;         // what is stored gets one header field more
  bool keeps_selected = false;   // a SELECT that fails leaves the mailbox before selected

  static Abilities of(const Script& script);
  std::string to_string() const;  // the words of a CAPABILITY response
};

class SimSession {
 public:
  SimSession(ServerState& state, Abilities abilities);

  // The answers to what came; empty if it ends amid a command.
  std::string receive(const std::string& octets);
  std::string greeting() const;
  // What is told without being asked, since others changed something: in IDLE alone.
  std::string tell();
  // An IDLE that it is in ends by itself.
  std::string tire_of_idle();
  bool ended() const { return ended_; }

 private:
  struct Selected {
    std::string name;
    std::uint32_t uidvalidity = 0;
    bool read_only = false;
    std::vector<std::uint32_t> view;  // UIDs in order of the sequence numbers told
    std::uint64_t told_modseq = 0;    // flags up to here were told
    std::uint64_t said_modseq = 0;    // the highest that went out
    std::uint32_t told_uid_next = 1;
    std::size_t told_keywords = 0;
    std::set<std::uint32_t> own;  // flags that this session changed, and nobody else
  };

  // What NOTIFY told of a mailbox.
  struct Notified {
    std::size_t messages = 0;
    std::uint32_t uid_next = 0;
    std::uint64_t highest_modseq = 0;
    bool operator==(const Notified&) const = default;
  };

  bool may_go_on(const ClientCommand& command);
  bool refuses_append(const ClientCommand& command);
  void handle(const ClientCommand& command);
  bool handle_session(const ClientCommand& command);
  void idle(const ClientCommand& command);
  void end_idle(const ClientCommand& command);
  void tell_in_idle();
  void notify(const ClientCommand& command);
  void tell_notified(bool first);
  bool handle_mailboxes(const ClientCommand& command);
  bool handle_messages(const ClientCommand& command);

  void login(const ClientCommand& command);
  void enable(const ClientCommand& command);
  std::string coded(const std::string& text) const;
  void create_parents(const std::string& name);
  bool has_children(const std::string& name) const;
  void list(const ClientCommand& command);
  void status(const ClientCommand& command);
  void select(const ClientCommand& command);
  void resync(const Argument& parameters, const ServerMailbox& mailbox);
  void append(const ClientCommand& command);
  void filter(ServerMailbox& mailbox, std::uint32_t uid);
  std::string copy_code(const ServerMailbox& target, UidSet from, UidSet to) const;
  std::string limit(std::vector<std::uint32_t>& uids) const;
  bool is_late(const std::string& name);
  void fetch(const ClientCommand& command);
  bool fetch_gone(std::uint64_t vanished_at, ServerMessage& message,
                  std::vector<Argument>& items) const;
  void store(const ClientCommand& command);
  void search(const ClientCommand& command);
  void copy(const ClientCommand& command);
  void expunge(const ClientCommand& command);

  // Lines out; text without the line end.
  void say(const std::string& line) { out_ += line + "\r\n"; }
  void ok(const ClientCommand& command, const std::string& text = "done");
  void no(const ClientCommand& command, const std::string& text);
  void finish(const ClientCommand& command, std::string_view word, std::string text);
  void bad(const ClientCommand& command);

  ServerMailbox* selected_mailbox();
  void enable_condstore();
  std::string status_line(const std::string& name, const ServerMailbox& mailbox,
                          const std::vector<Argument>& items) const;
  std::string fetch_line(std::size_t number, std::uint32_t uid, const ServerMessage& message,
                         const std::vector<Argument>& items);
  std::string fetch_item(const std::string& item, const ServerMessage& message);
  void tell_earlier(const ServerMailbox& mailbox, const UidSet& uids, std::uint64_t since);
  std::optional<UidSet> uids_of(const ClientCommand& command) const;
  std::vector<std::uint32_t> in_view(const UidSet& uids) const;
  std::size_t number_of(std::uint32_t uid) const;
  void expunge_all(ServerMailbox& mailbox, const std::vector<std::uint32_t>& uids);
  std::string modseq(std::uint64_t value);
  void say_opening(const ServerMailbox& mailbox);
  void say_flags(const ServerMailbox& mailbox);
  void tell_before(const ClientCommand& command);
  void tell_behind(const ClientCommand& command);
  void tell_keywords(const ServerMailbox& mailbox);
  void tell_flags(const ServerMailbox& mailbox, const ClientCommand& command);
  void tell_message(std::uint32_t uid, const ServerMessage& message, bool with_uid);
  void tell_stored(const ServerMailbox& mailbox, const UidSet& uids);
  UidSet answered_itself(const ClientCommand& command) const;
  void tell_new(const ServerMailbox& mailbox);
  void tell_vanished(const ServerMailbox& mailbox);
  bool tells_as(Manners manners) const { return abilities_.manners == manners; }

  ServerState& state_;
  Abilities abilities_;
  CommandReader reader_;
  std::string out_;
  bool authenticated_ = false;
  bool ended_ = false;
  bool select_failed_ = false;  // the last one
  bool condstore_on_ = false;
  bool qresync_on_ = false;
  std::optional<Selected> selected_;
  std::optional<ClientCommand> idle_;  // that is not over
  std::optional<std::map<std::string, Notified>> notified_;
  unsigned commands_ = 0;
  bool late_ = false;              // this command tells nothing of what others did
  std::uint64_t told_before_ = 0;  // flags up to here were told before this command
};

}  // namespace sterna::simulation
