// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <algorithm>

#include "notation.h"
#include "sterna/base/assert.h"

namespace sterna::sync::test {

Model::Model(std::uint64_t seed, int mailboxes) : random_(seed) {
  mailboxes_.resize(static_cast<std::size_t>(mailboxes));
}

std::size_t Model::random(std::size_t below) {
  return random_() % below;
}
bool Model::chance(double probability) {
  return static_cast<double>(random(1'000'000)) < probability * 1e6;
}
std::string Model::fresh_content() {
  return "m" + std::to_string(++counter_);
}
std::string Model::fresh_name() {
  return "n" + std::to_string(++counter_);
}

FileStamp Model::fresh_stamp(const std::string& content) {
  ++counter_;
  return {1, counter_, identity_of(content).size, static_cast<std::int64_t>(counter_), 0};
}

FlagSet Model::random_flags() {
  FlagSet flags;
  for (const Flag flag : {Flag::flagged, Flag::replied, Flag::seen}) flags.set(flag, chance(0.4));
  if (chance(0.2)) flags.add_keyword("work");
  return flags;
}

// --- what the users do ---

void Model::note(const std::string& content, bool deletes) {
  Fate& fate = ledger_[content];
  fate.only_deleted = deletes && !fate.deleted && fate.copies == 1 && !fate.touched;
  fate.touched = true;
  fate.deleted |= deletes;
}

void Model::note_copy(const std::string& content) {
  note(content, false);
  ++ledger_[content].copies;
}

bool Model::is_recorded(std::size_t mailbox, const std::string& name) const {
  return std::ranges::any_of(rows_, [&](const auto& entry) {
    return entry.first.mailbox.value == static_cast<std::int64_t>(mailbox) + 1 &&
           entry.second.base_name == name;
  });
}

void Model::mutate() {
  const std::size_t from = random(mailboxes_.size());
  const std::size_t to = random(mailboxes_.size());
  if (chance(0.5)) {
    mutate_local(from, to);
  } else {
    mutate_remote(from, to);
  }
}

void Model::mutate_local(std::size_t from, std::size_t to) {
  auto& files = mailboxes_[from].local;
  const std::size_t kind = random(9);
  if (kind < 2 || files.empty()) {
    const std::string content = fresh_content();
    ledger_[content] = {};
    files[fresh_name()] = {content, random_flags(), fresh_stamp(content), {}};
    return;
  }
  auto chosen = std::next(files.begin(), static_cast<std::ptrdiff_t>(random(files.size())));
  const std::string name = chosen->first;
  LocalMessage message = chosen->second;
  if (kind == 2) {
    note(message.content, true);
    // What was never written down is fetched again.
    if (!is_recorded(from, name)) ledger_[message.content].only_deleted = false;
    files.erase(chosen);
  } else if (kind == 3 && from != to) {  // by rename, or by a program that gives a new name
    note(message.content, to + 1 == mailboxes_.size());
    files.erase(chosen);
    if (chance(0.5)) message.stamp = fresh_stamp(message.content);
    const bool renames = chance(0.5) || mailboxes_[to].local.contains(name);
    const std::string target = renames ? fresh_name() : name;
    // Fetched, not yet written down, and now under a name that does not say so: the same as a copy.
    if (renames && message.origin && !is_recorded(from, name)) ++ledger_[message.content].copies;
    if (target != name) message.origin.reset();
    mailboxes_[to].local[target] = message;
  } else if (kind == 4 && from != to && !mailboxes_[to].local.contains(name)) {
    note_copy(message.content);
    message.stamp = fresh_stamp(message.content);
    mailboxes_[to].local[name] = message;
  } else if (kind == 5) {
    note(message.content, false);
    if (message.origin && !is_recorded(from, name)) ++ledger_[message.content].copies;
    files.erase(chosen);
    message.origin.reset();
    files[fresh_name()] = message;
  } else if (kind == 6) {
    note(message.content, true);
    if (!is_recorded(from, name)) ledger_[message.content].only_deleted = false;
    message.content = fresh_content();
    ledger_[message.content] = {};
    note(message.content, false);
    message.stamp = fresh_stamp(message.content);
    chosen->second = message;
  } else {
    note(message.content, false);
    chosen->second.flags = random_flags();
  }
}

void Model::mutate_remote(std::size_t from, std::size_t to) {
  Mailbox& mailbox = mailboxes_[from];
  const std::size_t kind = random(8);
  const auto append = [&](Mailbox& target, const RemoteMessage& message) {
    target.remote[target.next] = message;
    ++target.next.value;
  };
  if (kind < 2 || mailbox.remote.empty()) {
    const std::string content = fresh_content();
    ledger_[content] = {};
    return append(mailbox, {content, random_flags()});
  }
  auto chosen =
      std::next(mailbox.remote.begin(), static_cast<std::ptrdiff_t>(random(mailbox.remote.size())));
  const RemoteMessage message = chosen->second;
  if (kind == 2) {
    note(message.content, true);
    mailbox.remote.erase(chosen);
  } else if (kind == 3 && from != to) {
    note(message.content, to + 1 == mailboxes_.size());
    mailbox.remote.erase(chosen);
    append(mailboxes_[to], message);
  } else if (kind == 4) {
    note_copy(message.content);
    append(mailboxes_[to], message);
  } else {
    note(message.content, false);
    chosen->second.flags = random_flags();
  }
}

// --- observing ---

Input Model::observe() {
  Input input;
  input.generation = Generation(++generation_);
  input.trash = MailboxId(static_cast<std::int64_t>(mailboxes_.size()));
  input.account_brake.at_least = 1'000'000;
  for (std::size_t i = 0; i < mailboxes_.size(); ++i) {
    MailboxInput in;
    in.id = MailboxId(static_cast<std::int64_t>(i) + 1);
    in.name = MailboxName("M" + std::to_string(i + 1));
    if (in.id == *input.trash) in.role = Role::trash;
    in.brake.at_least = 1'000'000;
    in.base_uidvalidity = in.remote.uidvalidity = validity_of(in.id);
    observe_remote(in);
    observe_local(in);
    input.mailboxes.push_back(std::move(in));
  }
  for (const auto& [key, row] : rows_) input.rows.push_back(row);
  for (const auto& [key, row] : rows_) {
    if (decides_) input.approvals.push_back({key, validity_of(key.mailbox)});
  }
  input.intents = intents_;
  add_details(input);
  return input;
}

void Model::observe_remote(MailboxInput& in) {
  in.remote.coverage = Coverage::complete;
  in.remote.began = Generation(generation_);
  const Mailbox& mailbox = at(in.id);
  for (const auto& [uid, message] : mailbox.remote) {
    const auto row = rows_.find({in.id, uid});
    if (row == rows_.end() || !is_on_server(row->second.state)) {
      in.remote.arrived.add(uid);
    } else if (row->second.flags != message.flags) {
      in.remote.flags.push_back({uid, message.flags, ModSeq()});
    }
  }
  for (const auto& [key, row] : rows_) {
    if (key.mailbox != in.id || !is_on_server(row.state)) continue;
    if (!mailbox.remote.contains(key.uid)) in.remote.gone.add(key.uid);
  }
}

void Model::observe_local(MailboxInput& in) {
  in.local.coverage = Coverage::complete;
  in.local.began = Generation(generation_);
  const Mailbox& mailbox = at(in.id);
  std::set<std::string> known;
  for (const auto& [key, row] : rows_) {
    if (key.mailbox != in.id || row.state != RowState::present) continue;
    const auto found = mailbox.local.find(row.base_name);
    if (found == mailbox.local.end()) {
      in.local.gone.push_back(key.uid);
      continue;
    }
    known.insert(row.base_name);
    const LocalMessage& file = found->second;
    LocalChange change;
    change.uid = key.uid;
    change.file = {row.base_name + ":2,", row.base_name, false, true, true, file.flags, file.stamp};
    change.content_changed = !(file.stamp == row.file);
    change.surely_edited =
        change.content_changed && !row.identity->same_as(identity_of(file.content));
    if (change.content_changed) change.identity = identity_of(file.content);
    if (change.content_changed || file.flags != row.flags) in.local.changed.push_back(change);
  }
  for (const auto& [name, file] : mailbox.local) {
    if (known.contains(name)) continue;
    LocalArrival arrival;
    arrival.file = {name + ":2,", name, false, true, true, file.flags, file.stamp};
    arrival.identity = identity_of(file.content);
    arrival.origin = file.origin;
    in.local.arrived.push_back(std::move(arrival));
  }
}

void Model::add_details(Input& input) {
  for (int round = 0;; ++round) {
    const auto wanted = identities_wanted(input);
    if (wanted.empty()) return;
    STERNA_ASSERT(round < 5);
    for (const IdentityWanted& want : wanted) {
      MailboxInput& in = input.mailboxes.at(static_cast<std::size_t>(want.mailbox.value - 1));
      for (const auto& [uid, message] : at(want.mailbox).remote) {
        if (!want.uids.contains(uid)) continue;
        RemoteArrival detail;
        detail.uid = uid;
        detail.flags = message.flags;
        detail.identity = told_identity_of(message.content);
        in.remote.details.push_back(std::move(detail));
      }
    }
  }
}

// --- carrying out ---

Plan Model::pass(const Chances& chances) {
  for (Intent& intent : intents_) ++intent.looks;
  Plan plan = sync::plan(observe());
  if (decides_) decide(plan.held);
  for (const Action& action : plan.actions) {
    if (chance(chances.skip)) continue;
    if (!carry_out(action, !chance(chances.unrecorded))) break;  // died: the rest is not done
  }
  return plan;
}

// `held apply` for orphans whose message somebody deleted, `held restore` for the others.
void Model::decide(const std::vector<Held>& held) {
  for (const Held& entry : held) {
    if (entry.kind != HeldKind::orphan) continue;
    auto& files = at(entry.mailbox).local;
    LocalMessage& file = files.at(entry.file->base);
    if (!ledger_.at(file.content).deleted) {
      file.origin.reset();
      continue;
    }
    undo_.insert(file.content);
    files.erase(entry.file->base);
  }
}

// --- judging ---

std::string Model::lost() const {
  for (const auto& [content, fate] : ledger_) {
    if (fate.deleted) continue;
    std::size_t found = undo_.count(content);
    for (const Mailbox& mailbox : mailboxes_) {
      for (const auto& [uid, message] : mailbox.remote) found += message.content == content;
      for (const auto& [name, file] : mailbox.local) found += file.content == content;
    }
    if (found == 0) return content + " is lost, and nobody deleted it\n";
  }
  return "";
}

std::string Model::unsettled(Doubles allowed) const {
  std::map<std::string, std::size_t> copies;
  std::map<std::string, std::size_t> kept;  // not in the Trash
  for (std::size_t i = 0; i < mailboxes_.size(); ++i) {
    const bool trash = i + 1 == mailboxes_.size();
    std::multiset<std::string> remote;
    std::multiset<std::string> local;
    for (const auto& [uid, message] : mailboxes_[i].remote) {
      remote.insert(message.content + " " + message.flags.to_string());
      ++copies[message.content];
      if (!trash) ++kept[message.content];
      const auto fate = ledger_.find(message.content);
      if (!trash && fate != ledger_.end() && fate->second.only_deleted) {
        return message.content + " was deleted, and is back\n";
      }
    }
    for (const auto& [name, file] : mailboxes_[i].local) {
      local.insert(file.content + " " + file.flags.to_string());
    }
    if (remote != local) return "the two sides of M" + std::to_string(i + 1) + " differ\n";
  }
  for (const auto& [content, fate] : ledger_) {
    if (!fate.deleted && copies[content] == 0) return content + " is on no side\n";
    const auto& counted = allowed == Doubles::in_trash ? kept : copies;
    // Which of several equal messages a cut action was about, nobody can tell afterwards.
    if (allowed == Doubles::in_trash && fate.copies > 1) continue;
    const auto found = counted.find(content);
    if (found != counted.end() && found->second > fate.copies) return content + " was doubled\n";
  }
  return intents_.empty() ? "" : "an intent is open for ever\n";
}

std::string Model::describe() const {
  std::string text;
  for (std::size_t i = 0; i < mailboxes_.size(); ++i) {
    text += "M" + std::to_string(i + 1) + "\n  remote";
    for (const auto& [uid, message] : mailboxes_[i].remote) {
      text += " " + std::to_string(uid.value) + "=" + message.content + "(" +
              message.flags.to_string() + ")";
    }
    text += "\n  local ";
    for (const auto& [name, file] : mailboxes_[i].local) {
      text += " " + name + "=" + file.content + "(" + file.flags.to_string() + ")";
    }
    text += "\n  base  ";
    for (const auto& [key, row] : rows_) {
      if (key.mailbox.value != static_cast<std::int64_t>(i) + 1) continue;
      text += " " + std::to_string(key.uid.value) + "=" + row.base_name + ":" +
              std::string(to_string(row.state)) + "(" + row.flags.to_string() + ")";
    }
    text += "\n";
  }
  for (const Intent& intent : intents_) {
    text += "intent " + std::string(to_string(intent.kind)) + " M" +
            std::to_string(intent.mailbox.value) + "/" + std::to_string(intent.uid.value) + " " +
            intent.base_name + " looks " + std::to_string(intent.looks) + "\n";
  }
  return text;
}

}  // namespace sterna::sync::test
