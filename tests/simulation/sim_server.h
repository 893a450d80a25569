// SPDX-License-Identifier: Apache-2.0
// SimSession: one connection to the simulated server, as bytes in and bytes out (RFC 3501, and as
// far as Abilities says: UIDPLUS 4315, MOVE 6851, CONDSTORE and QRESYNC 7162, LIST-STATUS 5819,
// ESEARCH 4731, LITERAL+ 7888, NAMESPACE 2342). What others change is told behind the answer to
// each command, under the sequence numbers that this session knows.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "command_reader.h"
#include "script.h"
#include "server_state.h"
#include "sterna/model/uid_set.h"

namespace sterna::simulation {

struct Abilities {
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

  static Abilities of(const Script& script);
  std::string to_string() const;  // the words of a CAPABILITY response
};

class SimSession {
 public:
  SimSession(ServerState& state, Abilities abilities);

  // The answers to what came; empty if it ends amid a command.
  std::string receive(const std::string& octets);
  std::string greeting() const;
  bool ended() const { return ended_; }

 private:
  struct Selected {
    std::string name;
    std::uint32_t uidvalidity = 0;
    bool read_only = false;
    std::vector<std::uint32_t> view;  // UIDs in order of the sequence numbers told
    std::uint64_t told_modseq = 0;    // flags up to here were told
  };

  void handle(const ClientCommand& command);
  bool handle_session(const ClientCommand& command);
  bool handle_mailboxes(const ClientCommand& command);
  bool handle_messages(const ClientCommand& command);

  void login(const ClientCommand& command);
  void enable(const ClientCommand& command);
  void list(const ClientCommand& command);
  void status(const ClientCommand& command);
  void select(const ClientCommand& command);
  void resync(const Argument& parameters, const ServerMailbox& mailbox);
  void append(const ClientCommand& command);
  void fetch(const ClientCommand& command);
  void store(const ClientCommand& command);
  void search(const ClientCommand& command);
  void copy(const ClientCommand& command);
  void expunge(const ClientCommand& command);

  // Lines out; text without the line end.
  void say(const std::string& line) { out_ += line + "\r\n"; }
  void ok(const ClientCommand& command, const std::string& text = "done");
  void no(const ClientCommand& command, const std::string& text);
  void bad(const ClientCommand& command);

  ServerMailbox* selected_mailbox();
  std::string status_line(const std::string& name, const ServerMailbox& mailbox,
                          const std::vector<Argument>& items) const;
  std::string fetch_line(std::size_t number, std::uint32_t uid, const ServerMessage& message,
                         const std::vector<Argument>& items);
  std::string fetch_item(const std::string& item, std::uint32_t uid, const ServerMessage& message);
  std::vector<std::uint32_t> in_view(const UidSet& uids) const;
  std::size_t number_of(std::uint32_t uid) const;
  void expunge_all(ServerMailbox& mailbox, const std::vector<std::uint32_t>& uids);
  void tell_news();
  void tell_vanished(const ServerMailbox& mailbox);

  ServerState& state_;
  Abilities abilities_;
  CommandReader reader_;
  std::string out_;
  bool authenticated_ = false;
  bool ended_ = false;
  bool condstore_on_ = false;
  bool qresync_on_ = false;
  std::optional<Selected> selected_;
};

}  // namespace sterna::simulation
