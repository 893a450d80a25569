// SPDX-License-Identifier: Apache-2.0
// Model: a server, a Maildir and a base in memory, small enough to plan over thousands of times.
//
// It observes itself into an Input, carries plans out, and can stop anywhere: before an action,
// between its effect and its record, or after it. Two users change the two sides at random. A
// ledger knows what each of them did to every message, so that what must be there can be said
// exactly.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sterna/sync/plan.h"

namespace sterna::sync::test {

struct RemoteMessage {
  std::string content;
  FlagSet flags;
};

struct LocalMessage {
  std::string content;
  FlagSet flags;
  FileStamp stamp;
  std::optional<ClaimedOrigin> origin;
};

struct Fate {
  unsigned copies = 1;   // how many the users made
  bool deleted = false;  // by any user, on any side, or replaced by an edit
  bool touched = false;
  bool only_deleted = false;  // by one user, and nobody did anything else to it
};

struct Chances {
  double skip = 0;        // an action is not done at all
  double unrecorded = 0;  // it is done, and we die before it is written down
};

// A message that was moved by one and removed by another, with a crash between, may also be in the
// Trash.
enum class Doubles : std::uint8_t { nowhere, in_trash };

class Model {
 public:
  explicit Model(std::uint64_t seed, int mailboxes = 4);  // the last one is the Trash

  // A change by one of the two users, at random.
  void mutate();
  // One pass: observe, ask for identities, plan, carry out. The plan is given back.
  Plan pass(const Chances& chances);
  Input observe();
  // From now on the user decides what is held: removals are done, orphans are
  // restored, or removed where their message was deleted.
  void decide_held() { decides_ = true; }

  // "" if all is well, else what is wrong. At any time: nothing that nobody deleted is missing.
  std::string lost() const;
  // At rest: both sides and the base agree, nothing doubled, what was only deleted is gone.
  std::string unsettled(Doubles allowed) const;
  std::string describe() const;

 private:
  struct Mailbox {
    std::map<Uid, RemoteMessage> remote;
    Uid next{1};
    std::map<std::string, LocalMessage> local;  // by base name
  };

  std::size_t random(std::size_t below);
  bool chance(double probability);
  std::string fresh_content();
  std::string fresh_name();
  FileStamp fresh_stamp(const std::string& content);
  FlagSet random_flags();
  Mailbox& at(MailboxId id) { return mailboxes_.at(static_cast<std::size_t>(id.value - 1)); }

  void mutate_local(std::size_t from, std::size_t to);
  void mutate_remote(std::size_t from, std::size_t to);
  void note(const std::string& content, bool deletes);
  void note_copy(const std::string& content);
  bool is_recorded(std::size_t mailbox, const std::string& name) const;

  void observe_remote(MailboxInput& in);
  void observe_local(MailboxInput& in);
  void add_details(Input& input);

  void decide(const std::vector<Held>& held);
  bool carry_out(const Action& action, bool record);
  bool effect(const Pair& pair, bool record);
  bool effect(const Record& what, bool record);
  bool effect(const Missed& missed, bool record);
  bool effect(const Download& download, bool record);
  bool effect(const MoveIn& move, bool record);
  bool effect(const MoveOut& move, bool record);
  bool effect(const PullFlags& pull, bool record);
  bool effect(const PushFlags& push, bool record);
  bool effect(const Upload& upload, bool record);
  bool effect(const Repair& repair, bool record);
  bool effect(const ClearDeleted& clear, bool record);
  bool effect(const CloseIntent& close, bool record);
  bool effect(const Forget& forget, bool record);
  bool effect(const DeleteIn& remove, bool record);
  bool effect(const DeleteOut& remove, bool record);

  std::optional<std::string> name_of(MailboxId mailbox, const LocalFile& file);
  MessageRow& write_row(MailboxId mailbox, Uid uid, const std::string& name, const FlagSet& flags);
  void close(IntentId id);
  IntentId open(Intent intent);

  std::mt19937_64 random_;
  std::vector<Mailbox> mailboxes_;
  std::map<MessageKey, MessageRow> rows_;
  std::vector<Intent> intents_;
  std::multiset<std::string> undo_;
  std::map<std::string, Fate> ledger_;
  std::int64_t generation_ = 1;
  bool decides_ = false;
  std::uint64_t counter_ = 0;
};

}  // namespace sterna::sync::test
