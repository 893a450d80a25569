// SPDX-License-Identifier: Apache-2.0
// Ledger: what the two users did to each message since both sides last agreed, and what must come
// of it.
//
// A message carries a token; a token that nobody deleted is on each side exactly once, in the same
// mailbox, with the same flags and octets. Where only one side touched something (its place, one of
// its flags, its life), the outcome is known; where both did, they only have to agree.
// tests/replay/ledger.py has the same rules, for real servers.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "script.h"
#include "sterna/model/flags.h"

namespace sterna::simulation {

enum class Side : std::uint8_t { local, remote };

// A message as one side shows it.
struct Copy {
  std::string token;
  std::string mailbox;
  FlagSet flags;
  std::string octets;  // lines end with CRLF
};

// Where the policy moves the messages of files that are deleted here.
struct Trash {
  std::string mailbox;
  bool by_copy = false;  // the server cannot move
};

class Ledger {
 public:
  std::optional<Trash> trash;
  bool rewrites = false;  // the server, what is stored

  void born(Side side, const std::string& token, const std::string& mailbox, const FlagSet& flags);
  // Until both sides agree again, what was done may not have been recorded.
  void broken() { broken_ = true; }
  bool is_broken() const { return broken_; }
  // The power was lost since both sides agreed.
  bool is_restarted() const { return restarted_; }
  void flagged(Side side, const std::string& token, const std::string& flag, bool on);
  // Written anew in its new place, and the old one removed, with nothing flushed.
  void saved(const std::string& token, const std::string& mailbox);
  void moved(Side side, const std::string& token, const std::string& mailbox);
  void deleted(Side side, const std::string& token);
  // Its file, in that mailbox: deleted by the policy, or put into the Trash.
  void removed(const std::string& token, const std::string& mailbox);
  // The other side moved it amid our removal, after the mark of that.
  void overtaken(const std::string& token) { lives_.at(token).marked = true; }
  // Deleted while nobody could know that it was there, or brought back by a person: both sides only
  // have to agree whether it lives.
  void left_open(const std::string& token);
  // By a person, where it was held.
  void brought_back(const std::string& token);
  // Placed here, and not recorded: of what a lost power left of it, the place does not count.
  void may_be_a_part(const std::string& token);
  // The one who copied it here, and flushed nothing, is going to delete the original: on the way it
  // is there twice.
  void copied(const std::string& token);
  void original_gone(const std::string& token);
  // Another message takes its place here, and its flags.
  void edited(const std::string& token, const std::string& by, const std::string& mailbox,
              const FlagSet& flags);
  // It has the Message-ID, and perhaps the date, of what it replaces: where the server rewrites,
  // nothing else tells what was sent (docs/safety.md, section 5).
  void keeps_id(const std::string& token);
  // A file that had a part of it has all.
  void completed(const std::string& token, const std::string& mailbox);
  // Of what was done here, any part may be undone, and what nobody has any more never was.
  void power_lost(const std::function<bool(const std::string& token)>& is_anywhere);
  // A part of the world is what it was before: what was done since counts for nothing, and what is
  // there again may live. Each message is to be once on each side, all the same.
  void set_back(const std::vector<Copy>& local, const std::vector<Copy>& remote,
                const std::function<bool(const std::string& token)>& is_anywhere);
  void synced(bool holds_a_mailbox);
  bool knows(const std::string& token) const { return lives_.contains(token); }
  bool is_deleted(const std::string& token) const;
  // Here, and nobody wanted it any more.
  bool is_removed(const std::string& token) const;
  // A mailbox is paired anew, by a person's word: what was moved from it under another name stands
  // in both places (docs/safety.md, section 5).
  void adopted();
  // Known, and nobody deleted it.
  bool must_live(const std::string& token) const;

  // What is wrong with two sides at rest, in words; empty if nothing is.
  std::vector<Wrong> check(const std::vector<Copy>& local, const std::vector<Copy>& remote) const;
  // Both sides agree on this: later deeds start from here.
  void settle(const std::vector<Copy>& agreed);

  std::size_t living() const { return lives_.size(); }

 private:
  struct Deeds {
    std::map<std::string, bool> flags;
    std::map<std::string, unsigned> turns;  // how often each was switched
    std::optional<std::string> moved_to;
    bool deleted = false;
    bool edited = false;
    bool trashed = false;
    std::set<std::string> moot;  // flags of a message that was deleted, and then came back
    bool is_back = false;        // which this one did: its flags came from the other side
    // Whoever does something to it has not deleted it, or has it back.
    void take_up();
    bool any() const { return !flags.empty() || moved_to || deleted || edited; }
  };
  struct Life {
    std::string mailbox;
    FlagSet flags;
    std::array<Deeds, 2> deeds;
    bool open = false;           // whether it lives
    bool vague = false;          // where it is and with which flags
    bool twice = false;          // it may be there more than once, the same on both sides
    std::optional<Side> bearer;  // none: both sides agreed since
    bool copied = false;         // it is there twice until the original is deleted
    unsigned unflushed = 0;      // for so many syncs that nothing befell; a lost power takes it
    // Since the last sync that came to its end.
    bool anew =
        false;  // written anew here, the old file yet to go, or the whole of what was a part
    bool moved = false;                         // on the server
    bool met() const { return anew && moved; }  // and both are kept
    bool marked = false;                        // moved there amid a removal of ours
    // A person may bring it back.
    bool parted = false;        // copied, and the original deleted
    bool trashed = false;       // once
    bool binned = false;        // moved to the Trash
    bool moved_before = false;  // that
    bool edited = false;        // what replaces it was told to it, until it was replaced
  };
  using Copies = std::map<std::string, std::vector<const Copy*>>;

  Deeds& deeds(Side side, const std::string& token);
  bool is_ambiguous(const Life& life, const std::string& flag) const;
  bool may_be_twice(const Life& life) const;
  static bool is_open(const Life& life);
  void check_life(const std::string& token, const Life& life, const Copies& local,
                  const Copies& remote, std::vector<Wrong>& wrong) const;
  void check_pair(const std::string& token, const Life& life, const Copy& local, const Copy& remote,
                  std::vector<Wrong>& wrong) const;

  std::map<std::string, Life> lives_;
  std::set<std::string>
      several_;  // that had two files, or two contents, once: a backup may have both
  std::set<std::string> rewritten_;  // sent, if the server rewrites
  bool broken_ = false;
  bool adopting_ = false;    // set back, and no sync came to its end since
  bool in_doubt_ = false;    // set back, and each sync since held a mailbox that a backup lacks
  bool was_synced_ = false;  // a sync came to its end
  bool restarted_ = false;
};

}  // namespace sterna::simulation
