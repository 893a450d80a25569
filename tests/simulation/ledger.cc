// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sterna/base/assert.h"

namespace sterna::simulation {
namespace {

constexpr std::string_view kNoToken = "(no token)";  // what a lost power left of a file

bool has_flag(const FlagSet& flags, const std::string& flag) {
  return flags.contains(FlagSet::parse(flag));
}

}  // namespace

void Ledger::born(Side side, const std::string& token, const std::string& mailbox,
                  const FlagSet& flags) {
  lives_[token] = {mailbox, flags, {}, false, false, false, side, false, 0};
  if (rewrites && side == Side::local) rewritten_.insert(token);
}

Ledger::Deeds& Ledger::deeds(Side side, const std::string& token) {
  return lives_.at(token).deeds.at(static_cast<std::size_t>(side));
}

void Ledger::Deeds::take_up() {
  if (!deleted && !trashed) return;
  for (const auto& [flag, on] : flags) moot.insert(flag);
  flags.clear();
  deleted = trashed = false;
  is_back = true;
}

void Ledger::flagged(Side side, const std::string& token, const std::string& flag, bool on) {
  Deeds& by = deeds(side, token);
  by.take_up();
  by.flags[flag] = on;
  ++by.turns[flag];
}
void Ledger::moved(Side side, const std::string& token, const std::string& mailbox) {
  const bool was_deleted = deeds(side, token).deleted;
  deeds(side, token).take_up();
  deeds(side, token).moved_to = mailbox;
  // Nobody knows any more where it came from.
  Life& life = lives_.at(token);
  life.moved = life.moved || side == Side::remote;
  life.binned = life.binned || (trash && mailbox == trash->mailbox);
  life.twice = life.twice || adopting_ || (in_doubt_ && side == Side::local) || life.met();
  // What a server rewrote is not looked for elsewhere (section 5).
  life.twice = life.twice || (broken_ && rewrites && (was_deleted || life.bearer == Side::local));
  // Before a first sync came to its end the server's place counts.
  life.vague = life.vague || (broken_ && !was_synced_ && side == Side::local);
}
void Ledger::saved(const std::string& token, const std::string& mailbox) {
  moved(Side::local, token, mailbox);
  Life& life = lives_.at(token);
  life.unflushed = 2;
  life.anew = true;
  life.twice = life.twice || life.met();
}
void Ledger::synced(bool holds_a_mailbox) {
  adopting_ = false;
  in_doubt_ = in_doubt_ && holds_a_mailbox;
  was_synced_ = true;
  for (auto& [token, life] : lives_) {
    life.unflushed -= life.unflushed > 0 ? 1 : 0;
    life.anew = life.moved = false;
  }
}
void Ledger::deleted(Side side, const std::string& token) {
  if (rewrites && side == Side::remote) rewritten_.insert(token);  // and sent anew, if it lives
  deeds(side, token).deleted = true;
  // A first sync that never ended believes no absence (docs/safety.md, section 5).
  const bool unbelieved = adopting_ || (broken_ && !was_synced_ && side == Side::local);
  Life& life = lives_.at(token);
  // An edit that was sent is sent again if nothing was recorded of that (section 5).
  const bool unrecorded =
      broken_ && life.vague && life.bearer == Side::local && side == Side::remote;
  // What a server rewrote is known again by the Message-ID of its file alone (section 5); sent was
  // also what the server had no more.
  const bool sent = life.bearer == Side::local || life.deeds[1].deleted;
  const bool unknown = broken_ && rewrites && sent && side == Side::local;
  // A backup brought its file back in an old place, where it waits for a mailbox that is held
  // (section 5).
  const bool waits = in_doubt_ && side == Side::remote;
  life.open = life.open || unbelieved || unrecorded || unknown || waits;
}

void Ledger::removed(const std::string& token, const std::string& mailbox) {
  Life& life = lives_.at(token);
  const bool is_bin = trash && mailbox == trash->mailbox;
  const bool was_binned = trash && (life.binned || life.mailbox == trash->mailbox);
  if (!trash || (is_bin && life.mailbox == mailbox && !life.binned)) {
    return deleted(Side::local, token);
  }
  // The server may not have it yet, or where it was before; from the Trash it goes for good.
  if (is_bin || was_binned || life.bearer == Side::local) {
    deleted(Side::local, token);
    life.open = life.vague = life.trashed = true;
    return;
  }
  Deeds& by = deeds(Side::local, token);
  life.moved_before = life.moved_before || (by.moved_to && !by.trashed);
  by.moved_to = trash->mailbox;
  by.trashed = life.trashed = life.binned = true;
  // An absence that is not believed.
  life.vague = life.vague || adopting_ || (broken_ && !was_synced_);
}

void Ledger::copied(const std::string& token) {
  if (rewrites) rewritten_.insert(token);
  Life& life = lives_.at(token);
  several_.insert(token);
  life.copied = !life.twice;
  life.twice = life.vague = true;
}
// If the other side did nothing to either meanwhile, one is left; of two that were sent, and that a
// server rewrote, both are (docs/safety.md, section 5).
void Ledger::original_gone(const std::string& token) {
  Life& life = lives_.at(token);
  life.parted = true;
  const bool both_sent = broken_ && rewrites && life.bearer == Side::local;
  if (life.copied && !life.deeds[1].any() && !trash && !both_sent) life.twice = life.copied = false;
  life.unflushed = 2;
}
// What the other side did to the old one may befall the new one, and what is done to the new one
// the old one, until that is replaced. First seen after a restart, both are kept (docs/safety.md,
// rule 13).
void Ledger::edited(const std::string& token, const std::string& by, const std::string& mailbox,
                    const FlagSet& flags) {
  removed(token, mailbox);
  Life& old = lives_.at(token);
  old.open = old.open || restarted_;
  old.vague = old.vague || restarted_ || trash;
  old.edited = true;
  born(Side::local, by, mailbox, flags);
  lives_.at(by).vague = true;
  keeps_id(by);
}
void Ledger::keeps_id(const std::string& token) {
  Life& life = lives_.at(token);
  life.twice = life.twice || rewrites;
}
void Ledger::completed(const std::string& token, const std::string& mailbox) {
  if (!knows(token)) born(Side::local, token, mailbox, {});
  deeds(Side::local, token).edited = true;
  if (rewrites) rewritten_.insert(token);
  several_.insert(token);
  Life& life = lives_.at(token);
  life.vague = true;
  life.anew = true;
  const bool keeps_part =
      restarted_ || adopting_ || (broken_ && !was_synced_) || trash || (broken_ && rewrites);
  life.twice = life.twice || keeps_part || life.met();
}

void Ledger::left_open(const std::string& token) {
  const auto life = lives_.find(token);
  if (life == lives_.end()) return;
  // What is in the Trash lives: only where is open.
  (life->second.trashed && !is_deleted(token) ? life->second.vague : life->second.open) = true;
}
void Ledger::adopted() {
  for (auto& [token, life] : lives_) {
    life.twice = life.twice || life.deeds[0].moved_to;
  }
}
void Ledger::brought_back(const std::string& token) {
  left_open(token);
  const auto life = lives_.find(token);
  if (life == lives_.end()) return;
  life->second.twice = life->second.twice || life->second.parted;
  life->second.vague = life->second.vague || life->second.edited;
}
void Ledger::may_be_a_part(const std::string& token) {
  Life& life = lives_.at(token);
  life.vague = life.vague || restarted_;
}
void Ledger::power_lost(const std::function<bool(const std::string& token)>& is_anywhere) {
  broken_ = restarted_ = true;
  std::erase_if(lives_, [&](const auto& life) { return !is_anywhere(life.first); });
  for (auto& [token, life] : lives_) {
    const Deeds& here = life.deeds[0];
    life.copied = false;
    life.open = life.open || here.deleted || life.unflushed > 0;
    // Moved, perhaps under a new name, and deleted: of that the first half alone may be left
    // (docs/safety.md, section 5).
    const bool halved = here.moved_to && (here.deleted || life.moved_before);
    life.twice = life.twice || here.edited || life.unflushed > 0 || halved;
    life.vague = life.vague || here.any() || life.bearer == Side::local;
  }
}
void Ledger::set_back(const std::vector<Copy>& local, const std::vector<Copy>& remote,
                      const std::function<bool(const std::string& token)>& is_anywhere) {
  broken_ = true;
  adopting_ = in_doubt_ = true;
  // The power may yet bring back the file of what was deleted.
  std::erase_if(lives_, [&](const auto& life) {
    return !is_anywhere(life.first) && !is_deleted(life.first);
  });
  for (auto& [token, life] : lives_) {
    life.open = life.open || is_deleted(token);
    life.twice =
        life.twice || life.deeds[0].moved_to || life.deeds[1].moved_to || several_.contains(token);
    // Of a base that is let go nothing tells the message that a server rewrote from another one
    // (section 5).
    life.twice = life.twice || rewritten_.contains(token);
    // What lies in the Trash does not keep a restored file from being had again (rule 17).
    life.twice = life.twice || (trash && (life.binned || life.mailbox == trash->mailbox));
    life.vague = true;
    life.copied = false;
  }
  for (const std::vector<Copy>* copies : {&local, &remote}) {
    for (const Copy& copy : *copies) {
      if (copy.token == kNoToken || lives_.contains(copy.token)) continue;
      lives_[copy.token] = {copy.mailbox, copy.flags, {}, true, true, false, {}, false, 0};
    }
  }
}
bool Ledger::is_deleted(const std::string& token) const {
  const auto life = lives_.find(token);
  return life == lives_.end() ||
         std::ranges::any_of(life->second.deeds, [](const Deeds& by) { return by.deleted; });
}

bool Ledger::is_removed(const std::string& token) const {
  const auto life = lives_.find(token);
  return is_deleted(token) || life->second.deeds[0].trashed;
}

// Without MOVE, a move or a removal that a sync dies amid, and that is taken back or done otherwise
// then, can leave one copy more in the Trash (docs/safety.md, section 5).
bool Ledger::may_be_twice(const Life& life) const {
  const auto& [here, there] = life.deeds;
  const bool moved = life.moved_before || there.moved_to || (here.moved_to && !here.trashed);
  const bool may_be_back = life.trashed && restarted_;
  return life.twice || (trash && trash->by_copy && broken_ && (moved || may_be_back));
}

// What an edit replaces goes for good where another client put it into the Trash meanwhile.
bool Ledger::is_open(const Life& life) {
  return life.open || (life.trashed && life.edited && life.deeds[1].any());
}

bool Ledger::must_live(const std::string& token) const {
  const auto life = lives_.find(token);
  return life != lives_.end() && !is_open(life->second) && !is_deleted(token);
}

// Docs/safety.md, section 3: a flag is changed on the other side first and recorded then. If the
// sync dies in between and the flag is switched back, the change that was carried over looks like
// one that was made there.
bool Ledger::is_ambiguous(const Life& life, const std::string& flag) const {
  const auto switched_back = [&](Side side) {
    const Deeds& by = life.deeds.at(static_cast<std::size_t>(side));
    const auto turns = by.turns.find(flag);
    // What the local user's file was born with is in the intent of its upload; what another one
    // was fetched with, as from the Trash, nobody knows before it is recorded.
    const bool unknown =
        life.bearer == Side::remote || life.bearer == side || by.is_back || life.trashed;
    const bool with_birth = unknown && has_flag(life.flags, flag);
    return turns != by.turns.end() && turns->second + (with_birth ? 1 : 0) > 1;
  };
  const bool moot =
      std::ranges::any_of(life.deeds, [&](const Deeds& by) { return by.moot.contains(flag); });
  // Of a file of which a lost power left a part: it is fetched anew, as the server has it (section
  // 5).
  const bool of_a_part =
      restarted_ && life.bearer == Side::remote && life.deeds[0].flags.contains(flag);
  // A keyword that got no letter here, for a lock that a sync left which died, and whose message
  // was deleted before it was asked for again.
  const bool unlettered = broken_ && life.bearer == Side::remote && life.deeds[1].deleted &&
                          flag.front() != '\\' && flag != "$Forwarded";
  return moot || of_a_part || unlettered ||
         (broken_ && (switched_back(Side::local) || switched_back(Side::remote)));
}

void Ledger::check_pair(const std::string& token, const Life& life, const Copy& local,
                        const Copy& remote, std::vector<Wrong>& wrong) const {
  const auto& [here, there] = life.deeds;
  if (local.mailbox != remote.mailbox) {
    wrong.push_back({"apart", fmt::format("{}: in {} locally and in {} on the server", token,
                                          local.mailbox, remote.mailbox)});
  }
  const bool moved_and_deleted =
      (here.moved_to && here.deleted) || (there.moved_to && there.deleted);
  // Whoever changed what was deleted here has it back.
  const bool disputed = life.trashed && there.any();
  if (!life.vague && !disputed && (!here.moved_to || !there.moved_to) && !moved_and_deleted) {
    const std::string& wanted = here.moved_to    ? *here.moved_to
                                : there.moved_to ? *there.moved_to
                                                 : life.mailbox;
    if (remote.mailbox != wanted) {
      wrong.push_back(
          {"misplaced", fmt::format("{}: in {} instead of {}", token, remote.mailbox, wanted)});
    }
  }
  if (local.flags != remote.flags) {
    wrong.push_back({"flags", fmt::format("{}: flags ({}) locally and ({}) on the server", token,
                                          local.flags.to_string(), remote.flags.to_string())});
  }
  for (const std::string flag : {"\\Seen", "\\Flagged", "\\Answered", "\\Draft", "\\Deleted",
                                 "$Forwarded", "work", "later"}) {
    const auto by_local = here.flags.find(flag);
    const auto by_remote = there.flags.find(flag);
    const bool one = by_local != here.flags.end();
    const bool other = by_remote != there.flags.end();
    if (life.vague || (one && other) || is_ambiguous(life, flag)) continue;
    // What is done to an edit is told to what it replaces, until that is done; and another client
    // may keep that.
    if (life.edited) continue;
    // The mark of a removal goes along when its message is moved amid that (docs/safety.md, section
    // 5).
    if (flag == "\\Deleted" && life.marked) continue;
    // What was marked and deleted before any sync looked is known to nobody.
    if ((one && (here.deleted || here.trashed)) || (other && there.deleted)) continue;
    // Nor what is marked while its copy is in the Trash already; and what is removed is marked.
    if (life.trashed && trash->by_copy && (other || flag == "\\Deleted")) continue;
    const bool wanted = one     ? by_local->second
                        : other ? by_remote->second
                                : has_flag(life.flags, flag);
    if (has_flag(remote.flags, flag) != wanted) {
      wrong.push_back(
          {"flags", fmt::format("{}: {} should be {}", token, flag, wanted ? "set" : "clear")});
    }
  }
  if (local.octets != remote.octets) {
    wrong.push_back({"octets", fmt::format("{}: other octets", token)});
  }
}

void Ledger::check_life(const std::string& token, const Life& life, const Copies& local,
                        const Copies& remote, std::vector<Wrong>& wrong) const {
  const auto count = [&token](const Copies& copies) {
    const auto it = copies.find(token);
    return it == copies.end() ? std::size_t{0} : it->second.size();
  };
  const std::size_t here = count(local);
  const std::size_t there = count(remote);
  const Deeds& by_local = life.deeds[0];
  const Deeds& by_remote = life.deeds[1];
  const bool deleted = by_local.deleted || by_remote.deleted;
  const bool disputed = is_open(life) || (by_local.deleted != by_remote.deleted &&
                                          (by_local.deleted ? by_remote : by_local).any());
  const bool lives = !deleted && !is_open(life);
  const bool right = may_be_twice(life) ? here == there && (here > 0 || !lives)
                     : lives            ? here == 1 && there == 1
                     : !disputed        ? here == 0 && there == 0
                                        : here == there && here <= 1;
  if (!right) {
    const std::string kind = !deleted && (here == 0 || there == 0) ? "lost"
                             : deleted && !disputed                ? "undead"
                                                                   : "doubled";
    wrong.push_back(
        {kind, fmt::format("{}: {} times here and {} times on the server ({})", token, here, there,
                           !deleted    ? "nobody deleted it"
                           : !disputed ? "it was deleted"
                                       : "deleted on one side, changed on the other")});
    return;
  }
  if (here == 1) {
    check_pair(token, life, *local.at(token).front(), *remote.at(token).front(), wrong);
  }
}

std::vector<Wrong> Ledger::check(const std::vector<Copy>& local,
                                 const std::vector<Copy>& remote) const {
  std::vector<Wrong> wrong;
  Copies here;
  Copies there;
  for (const Copy& copy : local) here[copy.token].push_back(&copy);
  for (const Copy& copy : remote) there[copy.token].push_back(&copy);
  for (const Copies* copies : {&here, &there}) {
    for (const auto& [token, which] : *copies) {
      if (token != kNoToken && !lives_.contains(token))
        wrong.push_back({"undead", fmt::format("{}: came back from the dead", token)});
    }
  }
  for (const auto& [token, life] : lives_) check_life(token, life, here, there, wrong);
  return wrong;
}

void Ledger::settle(const std::vector<Copy>& agreed) {
  std::set<std::string> copied;
  for (const auto& [token, life] : std::exchange(lives_, {})) {
    if (life.copied) copied.insert(token);
  }
  broken_ = false;
  restarted_ = false;
  adopting_ = in_doubt_ = false;
  for (const Copy& copy : agreed) {
    if (copy.token == kNoToken) continue;
    const bool again = lives_.contains(copy.token);
    lives_[copy.token] = {
        copy.mailbox, copy.flags, {}, false, again, again, {}, copied.contains(copy.token), 0};
  }
}

}  // namespace sterna::simulation
