// SPDX-License-Identifier: Apache-2.0
#include "attempts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "sterna/base/bytes.h"
#include "sterna/sync/attempts.h"
#include "uids_of.h"

namespace sterna::account {
namespace {

constexpr std::string_view kAnotherClient =
    "see what another client shows of it; it is tried again at growing intervals";

struct Words {
  std::string_view action;
  std::string_view done;
  std::string_view found;
  bool here = false;
  std::string_view hint = kAnotherClient;
};

constexpr Words kWords[] = {
    {"download", "asked for", "it did not come"},
    {"upload", "sent", "the server does not show it"},
    {"flags", "said to the server", "it does not show them"},
    {"flags_in", "set here", "the file does not show them", true,
     "another program may keep dovecot-uidlist.lock, or give the file its old name back"},
    {"move", "moved on the server", "it is where it was"},
    {"delete", "deleted on the server", "it is there still"},
    {"repair", "fetched anew", "its file is damaged again", true,
     "another program may empty or cut it, as a virus scanner does, or the disk fails; the server "
     "has the message"},
    {"create_mailbox", "made on the server", "the server does not list it"},
    {"rename_mailbox", "renamed on the server", "the server lists its old name"},
    {"remove_mailbox", "deleted on the server", "the server lists it still"},
};

Error error_of(const Attempt& attempt) {
  const auto* known = std::ranges::find(kWords, attempt.key.action, &Words::action);
  const Words words =
      known == std::end(kWords) ? Words{"", "done", "it is to be done still"} : *known;
  std::string text =
      fmt::format("{} {} times without an error: {}", words.done, attempt.times, words.found);
  if (!attempt.answer.empty()) text += fmt::format(" (the server {})", attempt.answer);
  return Error(words.here ? ErrorCode::io : ErrorCode::protocol, std::move(text))
      .with_scope(attempt.key.mailbox ? ErrorScope::message : ErrorScope::mailbox)
      .with_hint(std::string(words.hint));
}

bool is_of_mailbox(const Attempt& attempt) {
  return !attempt.key.mailbox;
}

// Whether its failure goes with it. A message that was not handed out has a row that says so, until
// it comes or goes.
bool ends_failure(const Attempt& attempt) {
  return attempt.times >= sync::kVainAttempts && attempt.key.action != "download";
}

// Of these, all of one mailbox and one kind.
std::string names_of(const std::vector<Attempt*>& attempts) {
  const ActionKey& first = attempts.front()->key;
  if (!first.uid) {
    std::string name = printable(first.base_name);
    const std::size_t others = attempts.size() - 1;
    return others == 0 ? name : fmt::format("{} and {} more", name, others);
  }
  const auto uid_of = [](const Attempt* attempt) { return attempt->key.uid; };
  return "UID " + uids_of(attempts, uid_of).to_string();
}

// The mailboxes that have to be looked at again for an action that changes files to be planned
// again.
std::set<MailboxId> mailboxes_of(const sync::Action& action) {
  std::set<MailboxId> mailboxes{sync::mailbox_of(action)};
  if (const auto* move = std::get_if<sync::MoveIn>(&action.what)) {
    mailboxes.insert({move->from.mailbox, move->to.mailbox, move->file_mailbox});
  } else if (const auto* pair = std::get_if<sync::Pair>(&action.what)) {
    if (pair->forgets) mailboxes.insert(pair->forgets->mailbox);
  } else if (const auto* removal = std::get_if<sync::DeleteIn>(&action.what)) {
    if (removal->file_mailbox) mailboxes.insert(removal->file_mailbox);
  }
  return mailboxes;
}

std::set<MailboxId> seen_mailboxes(const Engine& engine) {
  std::set<MailboxId> seen;
  for (const auto& work : engine.mailboxes) {
    if (work->is_seen()) seen.insert(work->row.id);
  }
  return seen;
}

}  // namespace

std::optional<ActionKey> key_of_change(const sync::Action& action) {
  if (const auto* pull = std::get_if<sync::PullFlags>(&action.what)) {
    return ActionKey{pull->where.mailbox, pull->uid, {}, "flags_in"};
  }
  if (const auto* pair = std::get_if<sync::Pair>(&action.what)) {
    return ActionKey{pair->where.mailbox, {}, pair->file.base, "flags_in"};
  }
  if (const auto* move = std::get_if<sync::MoveIn>(&action.what)) {
    return ActionKey{move->file_mailbox, {}, move->file.base, "move_in"};
  }
  if (const auto* removal = std::get_if<sync::DeleteIn>(&action.what)) {
    return ActionKey{removal->where.mailbox, removal->uid, {}, "delete_in"};
  }
  if (const auto* repair = std::get_if<sync::Repair>(&action.what)) {
    return ActionKey{repair->where.mailbox, repair->uid, {}, "repair"};
  }
  return std::nullopt;
}

PassAttempts::PassAttempts(Engine& engine) : engine_(engine) {
  engine.outcomes = {};
}

Status PassAttempts::compare(const sync::Plan& plan) {
  STERNA_TRY(std::vector<Attempt> before, engine_.store->attempts());
  std::erase_if(before, [](const Attempt& attempt) { return is_of_mailbox(attempt); });
  if (before.empty() && plan.empty()) return {};
  sync::ComparedAttempts compared = sync::compare_attempts(plan, before, seen_mailboxes(engine_));
  planned_ = std::move(compared.planned);
  over_ = std::move(compared.over);
  return {};
}

Status PassAttempts::note_paused() {
  STERNA_TRY(const std::vector<store::Failure> failures, engine_.store->failures());
  const std::int64_t now = engine_.now_ms();
  for (const store::Failure& failure : failures) {
    if (waits(failure, now)) paused_.insert(key_of(failure));
  }
  return {};
}

Status PassAttempts::park_in_vain() {
  std::map<std::pair<MailboxId, std::string>, std::vector<Attempt*>> vain;
  for (Attempt& attempt : planned_) {
    const bool enough = attempt.times >= sync::kVainAttempts && attempt.next_try_ms == 0;
    if (!enough || paused_.contains(attempt.key)) continue;
    vain[{attempt.key.mailbox, attempt.key.action}].push_back(&attempt);
  }
  if (vain.empty()) return {};
  STERNA_CHECK(engine_.write([&]() -> Status {
    for (const auto& [where, attempts] : vain) {
      for (Attempt* attempt : attempts) {
        STERNA_TRY(attempt->next_try_ms,
                   put_vain(engine_, attempt->key, attempt->times, error_of(*attempt)));
        STERNA_CHECK(engine_.store->put_attempt(*attempt));
        paused_.insert(attempt->key);
      }
    }
    return {};
  }));
  for (const auto& [where, attempts] : vain) {
    engine_.note(error_of(*attempts.front())
                     .with_context(fmt::format("{} {}", where.second, names_of(attempts))),
                 engine_.find(where.first));
  }
  return {};
}

Status PassAttempts::hold_back(sync::Plan& plan) {
  if (plan.actions.empty()) return {};
  STERNA_CHECK(note_paused());
  for (const Attempt& attempt : over_) {
    if (ends_failure(attempt)) paused_.erase(attempt.key);
  }
  STERNA_CHECK(park_in_vain());
  if (paused_.empty()) return {};
  std::erase_if(plan.actions, [&](const sync::Action& action) {
    const std::optional<ActionKey> key = key_of_change(action);
    if (!key || !paused_.contains(*key)) return false;
    for (const MailboxId id : mailboxes_of(action)) {
      if (MailboxWork* work = engine_.find(id)) work->look_again();
    }
    engine_.outcomes.unfinished.insert(*key);
    return true;
  });
  return {};
}

Status PassAttempts::write() {
  for (const Attempt& attempt : std::exchange(over_, {})) {
    const ActionKey& key = attempt.key;
    STERNA_CHECK(engine_.store->clear_attempt(key));
    if (!ends_failure(attempt)) continue;
    STERNA_CHECK(engine_.store->clear_failure(key.mailbox, key.uid, key.base_name, key.action));
  }
  for (const Attempt& attempt : std::exchange(changed_, {})) {
    STERNA_CHECK(engine_.store->put_attempt(attempt));
  }
  return {};
}

bool PassAttempts::was_carried_out(const ActionKey& key) const {
  const Outcomes& outcomes = engine_.outcomes;
  const MailboxId id = key.mailbox;
  const auto work =
      std::ranges::find_if(engine_.mailboxes, [id](const auto& one) { return one->row.id == id; });
  if (work == engine_.mailboxes.end() || (*work)->broken_off) return false;
  if (key.action == "delete" && outcomes.removals_left) return false;
  if (key.action == "download" && outcomes.is_unrepaired({id, key.uid})) return false;
  return !paused_.contains(key) && !outcomes.undone.contains(key);
}

Status PassAttempts::count() {
  if (planned_.empty()) return {};
  // What failed, and was parked for that, is counted there.
  STERNA_CHECK(note_paused());
  for (Attempt& attempt : planned_) {
    if (!was_carried_out(attempt.key)) continue;
    ++attempt.times;
    attempt.next_try_ms = 0;
    const auto answer = engine_.outcomes.answers.find(attempt.key);
    attempt.answer = answer == engine_.outcomes.answers.end() ? std::string() : answer->second;
    changed_.push_back(attempt);
  }
  return {};
}

// --- mailboxes as a whole
// --------------------------------------------------------------------------

namespace {

ActionKey key_of(const MailboxFailure& about) {
  return {MailboxId(), Uid(), about.name, about.action};
}

}  // namespace

Result<MailboxAttempts> MailboxAttempts::load(Engine& engine) {
  MailboxAttempts loaded(engine);
  STERNA_TRY(std::vector<Attempt> all, engine.store->attempts());
  for (Attempt& attempt : all) {
    if (is_of_mailbox(attempt)) loaded.attempts_.emplace(attempt.key, std::move(attempt));
  }
  return loaded;
}

Status MailboxAttempts::plan(const MailboxFailure& about) {
  const ActionKey key = key_of(about);
  planned_.insert(key);
  const auto known = attempts_.find(key);
  if (known == attempts_.end()) return {};
  Attempt& attempt = known->second;
  const bool enough = attempt.times >= sync::kVainAttempts && attempt.next_try_ms == 0;
  if (!enough || is_parked(engine_, about)) return {};
  Error error = error_of(attempt).with_context(fmt::format("mailbox {}", about.name));
  STERNA_CHECK(engine_.write([&]() -> Status {
    STERNA_TRY(attempt.next_try_ms, put_vain(engine_, {about.id, Uid(), about.name, about.action},
                                             attempt.times, error));
    return engine_.store->put_attempt(attempt);
  }));
  engine_.note(std::move(error));
  return {};
}

void MailboxAttempts::count(const MailboxFailure& about) {
  const ActionKey key = key_of(about);
  Attempt& attempt = attempts_.try_emplace(key, Attempt{key, 0, 0, 0, {}}).first->second;
  ++attempt.times;
  attempt.next_try_ms = 0;
  counted_.insert(key);
}

Status MailboxAttempts::save(const std::set<std::string>& unsaid) {
  if (attempts_.empty()) return {};
  STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::normal));
  for (const auto& [key, attempt] : attempts_) {
    if (counted_.contains(key)) {
      STERNA_CHECK(engine_.store->put_attempt(attempt));
    } else if (!planned_.contains(key) && !unsaid.contains(key.base_name)) {
      STERNA_CHECK(engine_.store->clear_attempt(key));
    }
  }
  return transaction.commit();
}

}  // namespace sterna::account
