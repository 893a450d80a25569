// SPDX-License-Identifier: Apache-2.0
// Attempts: what is carried out time and again without an error, and is to be done as before each
// time, is parked as what fails is (rule 25). What is parked is the action, not its mailbox: the
// others of the mailbox, and what is new there, have nothing to do with it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine.h"
#include "failures.h"

namespace sterna::account {

// Under what an action that changes files here is counted where it fails; nullopt: another action.
std::optional<ActionKey> key_of_change(const sync::Action& action);

// Of one pass: compare(), hold_back(), write(), then the plan, then count(), write(). A pass that
// ends before count() is no evidence: it counts nothing, and what it does not repeat is forgotten.
class PassAttempts {
 public:
  explicit PassAttempts(Engine& engine);

  Status compare(const sync::Plan& plan);
  // Parks what was tried in vain, and takes out of the plan what is parked where those who would
  // carry it out do not ask.
  Status hold_back(sync::Plan& plan);
  bool has_changes() const { return !over_.empty() || !changed_.empty(); }
  // Inside a transaction, which need not be flushed: what is lost is counted anew.
  Status write();
  // All of the plan was carried out.
  Status count();

 private:
  Status note_paused();
  Status park_in_vain();
  bool was_carried_out(const ActionKey& key) const;

  Engine& engine_;
  std::vector<Attempt> planned_;
  std::vector<Attempt> over_;
  std::vector<Attempt> changed_;
  std::set<ActionKey> paused_;  // failures whose time had not come at some moment of the pass
};

// The same for what is done with mailboxes as a whole, by their names: one that is made has no row
// before.
class MailboxAttempts {
 public:
  static Result<MailboxAttempts> load(Engine& engine);

  // It is planned. Parks it if it was done in vain often enough.
  Status plan(const MailboxFailure& about);
  void count(const MailboxFailure& about);
  // Of mailboxes in `unsaid` the plan does not say what is to be done.
  Status save(const std::set<std::string>& unsaid);

 private:
  explicit MailboxAttempts(Engine& engine) : engine_(engine) {}

  Engine& engine_;
  std::map<ActionKey, Attempt> attempts_;
  std::set<ActionKey> planned_;
  std::set<ActionKey> counted_;
};

}  // namespace sterna::account
