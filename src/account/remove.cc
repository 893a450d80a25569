// SPDX-License-Identifier: Apache-2.0
// Removals on the server: proof in the same session, intent, effect, record (rules 3, 7, 11).
//
// Before anything is removed, the server is asked once more what the UIDs are: INTERNALDATE and
// size (and EMAILID) must be those of the row. Where the sizes of the server are not exact, the
// header decides. All mailboxes are asked in a row, and one transaction has the intents of all.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "decisions.h"
#include "execute.h"
#include "expunge.h"
#include "failures.h"
#include "fetch_into_undo.h"
#include "message_limit.h"
#include "observe.h"
#include "prove.h"
#include "removal_count.h"
#include "row_changes.h"
#include "sterna/base/step.h"
#include "transfer.h"
#include "trash_copies.h"
#include "uids_of.h"

namespace sterna::account {
namespace {

struct Victim {
  const sync::Action* action = nullptr;
  MessageRow row;
  IntentId intent;
  sync::RemovalKind kind = sync::RemovalKind::expunge;
  bool in_base = true;  // not a surplus copy
  bool begun = false;   // by a copy to the Trash, in an earlier sync
};

Error not_expunged() {
  return Error(ErrorCode::protocol, "the server said that it was expunged, and has it still")
      .with_scope(ErrorScope::message);
}

Error not_named() {
  return Error(ErrorCode::protocol, "answered OK, with a COPYUID that does not name it")
      .with_scope(ErrorScope::message);
}

// The removals of one mailbox, step by step: see remove_out().
class Remover {
 public:
  Remover(Engine& engine, Connection& connection, MailboxWork& work, UidValidity uidvalidity,
          std::vector<Identity>& unsure)
      : engine_(engine),
        connection_(connection),
        work_(work),
        uidvalidity_(uidvalidity),
        unsure_(unsure),
        proof_(engine, connection, work, uidvalidity) {}

  MailboxWork& work() { return work_; }
  bool empty() const { return victims_.empty(); }
  // What it was to remove stays, and is seen again.
  void give_up() {
    victims_.clear();
    doubted_.clear();
  }

  Status load(std::span<const sync::Action* const> actions) {
    std::vector<Uid> stuck;
    STERNA_CHECK(read(actions, stuck));
    for (const Uid uid : stuck) {
      work_.look_again();
      park(engine_, work_, uid, "", "delete", not_expunged());
    }
    return {};
  }

  // `stuck`: what an EXPUNGE of this sync left where it was.
  Status read(std::span<const sync::Action* const> actions, std::vector<Uid>& stuck) {
    const UidSet parked = parked_uids(engine_, work_, "delete");
    STERNA_TRY(const auto reading, engine_.store->read());
    for (const sync::Action* action : actions) {
      const auto& what = std::get<sync::DeleteOut>(action->what);
      STERNA_TRY(std::optional<MessageRow> row, engine_.store->message({work_.row.id, what.uid}));
      if (!row && !what.without_row) continue;
      const bool in_base = row.has_value();
      if (!row) row = surplus(what);
      if (parked.contains(what.uid)) {
        work_.stamp_settled = false;
        continue;
      }
      if (what.file_remains && engine_.expunged.contains(row->key)) {
        stuck.push_back(what.uid);
        continue;
      }
      victims_.push_back({action, std::move(*row), {}, what.kind, in_base});
    }
    return {};
  }

  Status ask() { return proof_.ask(uids_of_rows(victims_)); }

  coro::Task<Status> prove() {
    STERNA_CO_CHECK(co_await proof_.land());
    co_return judge();
  }

  // By the header, where date and size did not prove it; selects the mailbox again. What is another
  // message is counted and parked: where a server changes headers it will be one for ever.
  coro::Task<Status> prove_doubted() {
    std::vector<MessageRow> rows;
    for (const Victim& victim : doubted_) rows.push_back(victim.row);
    STERNA_CO_TRY(const UidSet same, co_await proof_.same_by_header(rows));
    for (Victim& victim : doubted_) {
      const Uid uid = victim.row.key.uid;
      if (same.contains(uid)) {
        victims_.push_back(std::move(victim));
        continue;
      }
      work_.look_again();
      park(engine_, work_, uid, "", "delete", not_the_same(uid, "deleted"));
    }
    doubted_.clear();
    co_return Status{};
  }

  coro::Task<Status> keep_copies() {
    const auto wants = [](const Victim& victim) {
      return victim.kind == sync::RemovalKind::fetch_expunge;
    };
    if (std::ranges::none_of(victims_, wants)) co_return Status{};
    STERNA_CO_CHECK(co_await select_mailbox(engine_, connection_, work_, uidvalidity_));
    std::vector<Victim> kept;
    for (Victim& victim : victims_) {
      if (wants(victim)) {
        Status copied = co_await fetch_into_undo(engine_, connection_, work_, victim.row,
                                                 victim.action->reason);
        if (!copied) {
          if (!connection_.usable()) co_return copied;
          work_.look_again();
          park(engine_, work_, victim.row.key.uid, "", "delete", copied.error());
          continue;
        }
      }
      kept.push_back(std::move(victim));
    }
    victims_ = std::move(kept);
    co_return Status{};
  }

  // Inside a transaction.
  Status add_intents() {
    STERNA_TRY(const auto open,
               open_removals(engine_, work_.row.id, work_.input.remote.uidvalidity));
    for (Victim& victim : victims_) {
      const auto before = open.find(victim.row.key.uid);
      STERNA_CHECK(
          add_intent(victim, before == open.end() ? std::nullopt : std::optional(before->second)));
      if (remains(victim)) continue;
      if (victim.in_base) {
        STERNA_CHECK(engine_.store->set_state(victim.row.key, RowState::deleting));
      } else {
        MessageRow row = victim.row;
        row.state = RowState::deleting;
        STERNA_CHECK(engine_.store->put_message(row));
      }
    }
    return {};
  }

  // What can be said in one packet is on its way then; the rest is done, as far as it went.
  coro::Task<Status> begin() {
    Status selected = co_await select_mailbox(engine_, connection_, work_, uidvalidity_);
    if (!selected) {
      if (connection_.usable()) {
        keep_begun(take_begun(), selected.error());
        STERNA_CO_CHECK(withdraw(victims_));
      }
      victims_.clear();
      co_return selected;
    }
    std::vector<Victim> to_trash = take_those(
        victims_, [](const Victim& one) { return one.kind == sync::RemovalKind::to_trash; });
    if (Status looked = co_await set_copied_aside(to_trash); !looked) {
      if (!connection_.usable()) co_return looked;
      keep_begun(take_those(to_trash, [](const Victim& one) { return one.begun; }), looked.error());
      STERNA_CO_CHECK(co_await select_mailbox(engine_, connection_, work_, uidvalidity_));
    }
    if (!to_trash.empty()) STERNA_CO_CHECK(co_await move_to_trash(to_trash));
    if (victims_.empty()) co_return Status{};
    const UidSet uids = uids_of_rows(victims_);
    if (!has_uid_expunge(connection_)) {
      outcome_ = co_await expunge_exactly(engine_, connection_, work_, uids);
      co_return Status{};
    }
    Result<std::vector<imap::CommandId>> flying = submit_uid_expunge(connection_, uids);
    if (flying) {
      flying_ = std::move(*flying);
    } else {
      outcome_ = fail(std::move(flying).error());
    }
    co_return Status{};
  }

  // Waits for what begin() sent.
  coro::Task<void> land() {
    if (!flying_.empty()) outcome_ = co_await land_uid_expunge(connection_, flying_);
    if (!victims_.empty()) at_step("delete_out.answered");
    in_doubt_ = !outcome_ && !connection_.usable();
  }

  // Where UID EXPUNGE turned out to be unknown. Selects the mailbox again.
  coro::Task<void> expunge_otherwise() {
    if (outcome_ || in_doubt_ || flying_.empty() || has_uid_expunge(connection_)) co_return;
    flying_.clear();
    Status selected = co_await select_mailbox(engine_, connection_, work_, uidvalidity_);
    outcome_ = std::move(selected);
    if (outcome_) {
      outcome_ = co_await expunge_exactly(engine_, connection_, work_, uids_of_rows(victims_));
    }
    in_doubt_ = !outcome_ && !connection_.usable();
  }

  // A server that refuses the EXPUNGE has done the STORE before it: another client would expunge
  // what it marked, and a file that comes back would get a T (section 1, 32). Selects the mailbox
  // again.
  coro::Task<void> take_marks_back() {
    if (outcome_ || in_doubt_) co_return;
    std::vector<Uid> ours;
    for (const Victim& victim : victims_) {
      if (!victim.begun && !was_marked(victim)) ours.push_back(victim.row.key.uid);
    }
    if (ours.empty()) co_return;
    Status cleared = co_await select_mailbox(engine_, connection_, work_, uidvalidity_);
    if (cleared) cleared = co_await unmark_deleted(connection_, UidSet::of(std::move(ours)));
    if (cleared) at_step("delete_out.unmarked");
    // Who may not take it away could not set it, either.
    if (!cleared) engine_.log.debug("mailbox {}: {}", work_.name(), cleared.error().describe());
    // A server that is to be left alone keeps the mark until then, and the intents say that it is
    // ours.
    const bool later = !cleared && is_told_to_wait(cleared.error());
    in_doubt_ = later || !connection_.usable();
  }

  // Records what came of it.
  Status finish() {
    if (victims_.empty()) return {};
    if (outcome_) return record(victims_, "expunged");
    if (in_doubt_) return outcome_;
    keep_begun(take_begun(), outcome_.error());
    return victims_.empty() ? Status{} : take_back(victims_, outcome_.error(), "expunge");
  }

 private:
  // A copy that a move of ours left behind has no row; its content alone proves it.
  MessageRow surplus(const sync::DeleteOut& what) const {
    MessageRow row;
    row.key = {work_.row.id, what.uid};
    row.flags = what.flags;
    row.identity = what.identity;
    row.remote_size = what.identity.size;
    row.remote_since = row.local_since = engine_.generation;
    return row;
  }

  // One that says "to the Trash" stays until the end: it tells since when the copy may be there.
  Status add_intent(Victim& victim, std::optional<IntentId> before) {
    if (before) {
      victim.begun = true;
      victim.intent = *before;
      return {};
    }
    Intent intent;
    intent.kind = IntentKind::delete_out;
    intent.mailbox = work_.row.id;
    intent.uidvalidity = work_.input.remote.uidvalidity;
    intent.uid = victim.row.key.uid;
    intent.base_name = victim.row.base_name;
    intent.identity = remote_identity(victim.row);
    intent.to_trash = victim.kind == sync::RemovalKind::to_trash;
    const MailboxWork* trash = intent.to_trash ? engine_.trash() : nullptr;
    if (trash) {
      intent.target = trash->row.id;
      intent.target_uidvalidity = seen_before(*trash).uidvalidity;
      intent.target_uid_next = seen_before(*trash).uid_next;
    }
    intent.at_ms = engine_.sure_ms();
    STERNA_TRY(victim.intent, engine_.store->add_intent(intent));
    return {};
  }

  Status judge() {
    std::vector<Victim> proven;
    bool doubts = false;
    for (Victim& victim : victims_) {
      switch (proof_.of(victim.row)) {
        case Proof::Verdict::same:
          proven.push_back(std::move(victim));
          break;
        case Proof::Verdict::doubted:
          doubted_.push_back(std::move(victim));
          break;
        case Proof::Verdict::gone:
          // Already: the next look at the mailbox says so with proof.
          doubts = true;
          engine_.outcomes.answers[{work_.row.id, victim.row.key.uid, {}, "delete"}] =
              kUnknownToFetch;
          break;
      }
    }
    victims_ = std::move(proven);
    return doubts ? engine_.doubt_cursor(work_) : Status{};
  }

  // What an earlier sync copied to a Trash that is not synced is only expunged.
  coro::Task<Status> set_copied_aside(std::vector<Victim>& victims) {
    if (!engine_.trash_there) co_return Status{};
    const std::vector<BegunRemoval> begun =
        removals_of(victims, [](const Victim& one) { return one.begun; });
    if (begun.empty()) co_return Status{};
    STERNA_CO_TRY(const UidSet copied,
                  co_await find_trash_copies(engine_, connection_, *engine_.trash_there, begun));
    STERNA_CO_CHECK(co_await select_mailbox(engine_, connection_, work_, uidvalidity_));
    for (Victim& one : take_those(
             victims, [&](const Victim& known) { return copied.contains(known.row.key.uid); })) {
      victims_.push_back(std::move(one));
    }
    co_return Status{};
  }

  coro::Task<Status> move_to_trash(std::vector<Victim>& victims) {
    MailboxWork* trash = engine_.trash();
    if (!trash) co_return fail(ErrorCode::internal, "there is no Trash to move to");
    STERNA_CO_CHECK(let_twins_wait(victims));
    if (victims.empty()) co_return Status{};
    std::vector<IntentId> again;
    for (const Victim& one : victims) {
      if (one.begun) again.push_back(one.intent);
    }
    STERNA_CO_CHECK(begin_anew(engine_, *trash, again));
    CopySink told;
    STERNA_CO_TRY(const Transfer done,
                  co_await transfer(engine_, connection_, uids_of_rows(victims), *trash, told));
    const auto all = [](const Victim&) { return true; };
    STERNA_CO_CHECK(tell_apart(engine_, *trash, removals_of(victims, all), told));
    for (const BegunRemoval& one : removals_of(victims, [&](const Victim& victim) {
           const Uid uid = victim.row.key.uid;
           return done.unnamed.contains(uid) || done.doubted.contains(uid);
         })) {
      unsure_.push_back(one.identity);
    }
    leave_unnamed(take_those(
        victims, [&](const Victim& one) { return done.unnamed.contains(one.row.key.uid); }));
    if (done.refusal) {
      std::vector<Victim> refused =
          take_those(victims, [&](const Victim& one) { return !done.has(one.row.key.uid); });
      keep_begun(
          take_those(refused,
                     [&](const Victim& one) { return done.doubted.contains(one.row.key.uid); }),
          *done.refusal);
      STERNA_CO_CHECK(take_back(refused, *done.refusal, "move to the Trash"));
    }
    if (victims.empty()) co_return Status{};
    // What arrived in the Trash is fetched into the local one.
    engine_.again = true;
    if (!done.copied.empty()) {
      at_step("delete_out.copied");
      Status gone = co_await expunge_exactly(engine_, connection_, work_, done.copied);
      if (!gone && !connection_.usable()) co_return gone;
      if (!gone) {
        keep_begun(
            take_those(victims,
                       [&](const Victim& one) { return done.copied.contains(one.row.key.uid); }),
            gone.error());
      }
    }
    if (victims.empty()) co_return Status{};
    at_step("delete_out.answered");
    co_return record(victims, "moved to Trash");
  }

  template <class Which>
  static std::vector<BegunRemoval> removals_of(const std::vector<Victim>& victims, Which which) {
    std::vector<BegunRemoval> removals;
    for (const Victim& one : victims) {
      if (!one.row.identity || !which(one)) continue;
      removals.push_back({one.row.key, one.intent, *remote_identity(one.row)});
    }
    return removals;
  }

  // Their copy would pass for that of the removal which this pass left in doubt.
  Status let_twins_wait(std::vector<Victim>& victims) {
    std::vector<Victim> waiting = take_those(victims, [&](const Victim& one) {
      return one.row.identity && std::ranges::any_of(unsure_, [&](const Identity& other) {
               return remote_identity(one.row)->same_as(other, false);
             });
    });
    if (waiting.empty()) return {};
    work_.look_again();
    engine_.again = true;
    for (const Victim& one : waiting) {
      engine_.outcomes.undone.insert({work_.row.id, one.row.key.uid, {}, "delete"});
    }
    std::erase_if(waiting, [](const Victim& one) { return one.begun; });
    return withdraw(waiting);
  }

  // Rows and intents stay: the next pass looks for their copies in the Trash. What was in doubt
  // before waits for its next try.
  void leave_unnamed(const std::vector<Victim>& victims) {
    if (victims.empty()) return;
    work_.look_again();
    engine_.again = true;
    UidSet again;
    for (const Victim& one : victims) {
      if (one.begun) again.add(one.row.key.uid);
    }
    if (!again.empty()) park(engine_, work_, again, "delete", not_named());
  }

  // Copied, and not expunged: rows and intents stay, so that nothing is copied again.
  void keep_begun(const std::vector<Victim>& victims, const Error& error) {
    if (victims.empty()) return;
    work_.look_again();
    park(engine_, work_, uids_of_rows(victims), "delete", Error(error).with_context("expunge"));
  }

  std::vector<Victim> take_begun() {
    return take_those(victims_, [](const Victim& one) { return one.begun; });
  }

  template <class Which>
  static std::vector<Victim> take_those(std::vector<Victim>& victims, Which which) {
    std::vector<Victim> taken;
    std::erase_if(victims, [&](Victim& one) {
      if (!which(one)) return false;
      taken.push_back(std::move(one));
      return true;
    });
    return taken;
  }

  // Nothing of it was begun: rows and intents as before.
  Status withdraw(const std::vector<Victim>& victims) {
    if (victims.empty()) return {};
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    for (const Victim& victim : victims) {
      if (!victim.in_base) {
        STERNA_CHECK(engine_.store->remove_message(victim.row.key));
      } else if (!remains(victim)) {
        STERNA_CHECK(engine_.store->set_state(victim.row.key, victim.row.state));
      }
      STERNA_CHECK(engine_.store->close_intent(victim.intent));
    }
    return transaction.commit();
  }

  // The server refused: nothing was removed, and the rows are as before. Tried again later.
  Status take_back(const std::vector<Victim>& victims, const Error& error,
                   const std::string& what) {
    STERNA_CHECK(withdraw(victims));
    work_.look_again();
    park(engine_, work_, uids_of_rows(victims), "delete", Error(error).with_context(what));
    return {};
  }

  // Lost with the power, it is learned again: the intents are still there, and the messages are
  // not.
  Status record(std::vector<Victim>& victims, const std::string& event) {
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::normal));
    STERNA_TRY(RemovalCount count, RemovalCount::begin(engine_));
    for (Victim& victim : victims) {
      const auto& what = std::get<sync::DeleteOut>(victim.action->what);
      if (is_removal(victim.row)) count.add(work_, victim.row.key.uid);
      const std::string reason = fmt::format("{} ({})", victim.action->reason, what.proof);
      if (what.file_remains) {
        engine_.again = true;
        engine_.expunged.insert(victim.row.key);
        work_.stamp_settled = false;  // what is still flagged is found by a listing alone
        STERNA_CHECK(engine_.add_history(work_, victim.row.key.uid, full_name(victim.row), event,
                                         "remote", victim.row.flags.to_string(), reason));
      } else {
        STERNA_CHECK(bury(engine_, work_, victim.row, "remote", event, reason));
      }
      STERNA_CHECK(engine_.store->close_intent(victim.intent));
      STERNA_CHECK(engine_.store->remove_approval(victim.row.key));
      STERNA_CHECK(engine_.store->unset(elsewhere_apply_key(victim.row.key)));
    }
    STERNA_CHECK(count.save("remote"));
    engine_.report.counts.deleted_out += victims.size();
    STERNA_CHECK(transaction.commit());
    at_step("delete_out.recorded");
    return {};
  }

  bool was_marked(const Victim& victim) const {
    if (victim.row.flags.has(Flag::deleted)) return true;
    const auto& told = work_.input.remote.flags;
    const auto it = std::ranges::find(told, victim.row.key.uid, &RemoteFlags::uid);
    return it != told.end() && it->flags.has(Flag::deleted);
  }

  // The file goes when the message is seen to be gone (expunge_flagged).
  static bool remains(const Victim& victim) {
    return std::get<sync::DeleteOut>(victim.action->what).file_remains;
  }

  Engine& engine_;
  Connection& connection_;
  MailboxWork& work_;
  UidValidity uidvalidity_;        // of the plan
  std::vector<Identity>& unsure_;  // of all mailboxes: whose copies this pass left in doubt
  Proof proof_;
  std::vector<Victim> victims_;
  std::vector<Victim> doubted_;
  std::vector<imap::CommandId> flying_;
  Status outcome_;         // of the expunging
  bool in_doubt_ = false;  // the line died before it was told
};

// What concerns one mailbox leaves the others alone.
Status absorbed(Engine& engine, Connection& connection, Remover& remover, Status status) {
  if (!status) remover.give_up();
  return absorb(engine, connection, remover.work(), std::move(status));
}

// A mailbox is recorded while the server is busy with the next one.
coro::Task<Status> remove_proven(Engine& engine, Connection& connection,
                                 const std::vector<std::unique_ptr<Remover>>& removers) {
  Remover* before = nullptr;
  Status lost;
  // The last that was proven is still selected.
  for (auto it = removers.rbegin(); it != removers.rend(); ++it) {
    Remover& remover = **it;
    Status begun = co_await remover.begin();
    // Whether it is selected is asked by select_mailbox(), when its turn comes.
    Result<imap::CommandId> selecting;
    const bool more = begun && std::next(it) != removers.rend();
    if (more) selecting = submit_select(engine, connection, (*std::next(it))->work());
    const Status sent = co_await connection.flush();
    if (before) STERNA_CO_CHECK(absorbed(engine, connection, *before, before->finish()));
    STERNA_CO_CHECK(absorbed(engine, connection, remover, std::move(begun)));
    STERNA_CO_CHECK(sent);
    co_await remover.land();
    before = &remover;
    if (more && selecting) {
      // What was answered before the line died is recorded all the same.
      Result<imap::Done> selected = co_await connection.wait(*selecting);
      if (!selected) {
        lost = fail(std::move(selected).error());
        break;
      }
    }
    co_await remover.expunge_otherwise();
    co_await remover.take_marks_back();
  }
  if (before) STERNA_CO_CHECK(absorbed(engine, connection, *before, before->finish()));
  co_return lost;
}

}  // namespace

coro::Task<Status> remove_out(Engine& engine, Connection& connection,
                              std::span<const Removals> removals) {
  std::vector<std::unique_ptr<Remover>> removers;
  std::vector<Identity> unsure;
  for (const Removals& one : removals) {
    const auto& first = std::get<sync::DeleteOut>(one.actions.front()->what);
    auto remover =
        std::make_unique<Remover>(engine, connection, *one.work, first.where.uidvalidity, unsure);
    STERNA_CO_CHECK(remover->load(one.actions));
    if (!remover->empty()) removers.push_back(std::move(remover));
  }
  for (const auto& one : removers) STERNA_CO_CHECK(one->ask());
  for (const auto& one : removers) {
    Status proven = co_await one->prove();
    STERNA_CO_CHECK(absorbed(engine, connection, *one, std::move(proven)));
  }
  for (const auto& one : removers) {
    Status proven = co_await one->prove_doubted();
    STERNA_CO_CHECK(absorbed(engine, connection, *one, std::move(proven)));
  }
  for (const auto& one : removers) {
    Status kept = co_await one->keep_copies();
    STERNA_CO_CHECK(absorbed(engine, connection, *one, std::move(kept)));
  }
  std::erase_if(removers, [](const auto& one) { return one->empty(); });
  if (removers.empty()) co_return Status{};
  STERNA_CO_CHECK(engine.begin_destruction([&]() -> Status {
    for (const auto& one : removers) STERNA_CHECK(one->add_intents());
    return {};
  }));
  at_step("delete_out.intended");
  co_return co_await remove_proven(engine, connection, removers);
}

}  // namespace sterna::account
