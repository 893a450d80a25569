// SPDX-License-Identifier: Apache-2.0
// The local half of a plan. File work goes to the worker in one batch; the directories are flushed,
// and then one transaction records what was done (rules 3, 16, 21).
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "attempts.h"
#include "execute.h"
#include "failures.h"
#include "file_change.h"
#include "flush_directories.h"
#include "removal_count.h"
#include "row_changes.h"
#include "sterna/base/assert.h"
#include "sterna/base/step.h"
#include "sterna/coro/both.h"
#include "sterna/coro/scope.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {

namespace {

FlagSet before_push(const FlagSet& result, const FlagDelta& delta) {
  return result.minus(delta.add).united(delta.remove);
}

// Renames for one thread to do beside others: so many that handing them over costs little.
constexpr std::size_t kChangesAtOnce = 16;

class LocalExecution {
 public:
  LocalExecution(Engine& engine, RemoteWork& remote) : engine_(engine), remote_(remote) {}

  coro::Task<Status> run(const sync::Plan& plan) {
    for (const sync::Action& action : plan.actions) collect(action);
    STERNA_CO_CHECK(name_moved());
    STERNA_CO_CHECK(write_intents(false));
    maildir::TouchedDirectories touched;
    STERNA_CO_CHECK(co_await change_files(touched));
    STERNA_CO_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    STERNA_CO_CHECK(count_finished(engine_, plan));
    // The rows are written while the disk works, and committed when it has done so (rule 16).
    auto [flushed, wrote] =
        co_await coro::both(flush_directories(engine_, touched), record_all(plan));
    STERNA_CO_CHECK(flushed);
    if (!changes_.empty()) at_step("local.flushed");
    STERNA_CO_TRY(const bool any, wrote);
    if (!any && intents_.empty()) co_return Status{};
    for (const Announced& one : intents_) {
      // What failed may have left a copy.
      if (changes_[one.change].error) continue;
      STERNA_CO_CHECK(engine_.store->close_intent(one.intent));
    }
    STERNA_CO_CHECK(close_uploads_of(engine_, placed_));
    STERNA_CO_CHECK(transaction.commit());
    at_step("local.recorded");
    co_return Status{};
  }

  // After the transaction of run().
  void park_failed() {
    for (Failed& one : std::exchange(failed_, {})) {
      park(engine_, *one.work, one.key.uid, one.key.base_name, one.key.action,
           std::move(one.error));
    }
  }

 private:
  struct Ordered {
    const sync::Action* action;
    std::size_t index;
  };
  struct Announced {
    IntentId intent;
    std::size_t change;
  };
  struct Failed {
    MailboxWork* work;
    ActionKey key;
    Error error;
  };

  void add_change(const sync::Action& action, Change::Kind kind, MailboxId from, MailboxId to,
                  const LocalFile& file, const FlagSet& flags) {
    Change change;
    change.kind = kind;
    change.from = engine_.find(from);
    change.to = engine_.find(to);
    change.file = file;
    change.flags = flags;
    for (MailboxWork* work : {change.from, change.to}) {
      if (Result<maildir::MailboxDirs*> dirs = engine_.open_dirs(*work); !dirs) {
        change.error = dirs.error();
      }
    }
    order_.push_back({&action, changes_.size()});
    changes_.push_back(std::move(change));
  }

  // A file that came from another mailbox still has that one's letters for its keywords.
  bool speaks_other_letters(const sync::Pair& pair) const {
    const maildir::FileName name = maildir::parse_file_name(pair.file.name);
    if (name.keywords == 0 || pair.flags.keywords().empty()) return false;
    MailboxWork* work = engine_.find(pair.where.mailbox);
    return work->keywords.letters_of(pair.flags) != name.keywords;
  }

  void collect(const sync::Action& action) {
    if (const auto* pull = std::get_if<sync::PullFlags>(&action.what)) {
      add_change(action, Change::Kind::flags, pull->where.mailbox, pull->where.mailbox, pull->file,
                 pull->result);
    } else if (const auto* pair = std::get_if<sync::Pair>(&action.what)) {
      if (!pair->to_local.empty() || speaks_other_letters(*pair)) {
        add_change(action, Change::Kind::flags, pair->where.mailbox, pair->where.mailbox,
                   pair->file, pair->flags);
      }
    } else if (const auto* move = std::get_if<sync::MoveIn>(&action.what)) {
      add_change(action, Change::Kind::move, move->file_mailbox, move->to.mailbox, move->file,
                 move->flags);
    }
  }

  coro::Task<Status> change_files(maildir::TouchedDirectories& touched) {
    if (changes_.empty()) co_return Status{};
    const auto has_all = [](const Change& change) {
      return keywords_without_letter(change).empty();
    };
    if (!std::ranges::all_of(changes_, has_all)) {
      auto job = [this]() -> Status {
        name_keywords(changes_);
        return {};
      };
      STERNA_CO_CHECK(co_await on_worker(engine_.services, job));
    }
    coro::Scope scope = co_await coro::make_scope();
    const std::span<Change> all(changes_);
    for (std::size_t i = 0; i < all.size(); i += kChangesAtOnce) {
      scope.spawn(change_some(all.subspan(i, std::min(kChangesAtOnce, all.size() - i)), touched));
    }
    co_await scope.join();
    co_return co_await try_other_names(touched);
  }

  coro::Task<void> change_some(std::span<Change> changes, maildir::TouchedDirectories& touched) {
    auto job = [changes] {
      maildir::TouchedDirectories here;
      for (Change& change : changes) {
        if (!change.error) carry_out(change, here);
      }
      return here;
    };
    touched.add(co_await on_worker(engine_.services, job));
  }

  // A base that another file of the target has, under whatever flags, is not taken along (rule 10);
  // nor one of which the target knows another content: the file would look like an edit of that.
  Status name_moved() {
    for (const Ordered& one : order_) {
      Change& change = changes_[one.index];
      if (change.error || change.kind != Change::Kind::move) continue;
      STERNA_TRY(const std::vector<MessageRow> named,
                 engine_.store->messages_by_base_name(change.file.base));
      const auto came_from = std::ranges::find(named, key_of_moved(*one.action), &MessageRow::key);
      const bool taken = std::ranges::any_of(named, [&](const MessageRow& row) {
        const bool other = row.file.ino != change.file.file.ino ||
                           (came_from != named.end() && has_other_content(row, *came_from));
        return other && row.key.mailbox == change.to->row.id;
      });
      if (taken) change.base = engine_.new_base_name();
    }
    return {};
  }

  static MessageKey key_of_moved(const sync::Action& action) {
    const auto* move = std::get_if<sync::MoveIn>(&action.what);
    return move ? MessageKey{move->from.mailbox, move->uid} : MessageKey{};
  }

  static bool has_other_content(const MessageRow& one, const MessageRow& other) {
    return one.identity && other.identity && !one.identity->same_as(*other.identity);
  }

  // A file that a sync which dies leaves where its message was by then would else look like one
  // that the user moved. `failed`: of those that need another name.
  Status write_intents(bool failed) {
    std::vector<Intent> intents;
    std::vector<std::size_t> of;
    for (const Ordered& one : order_) {
      const auto* move = std::get_if<sync::MoveIn>(&one.action->what);
      const Change& change = changes_[one.index];
      const bool follows = move && move->uid && move->file_mailbox != move->to.mailbox;
      const bool counts = failed ? needs_other_name(change) : !change.error;
      if (!follows || !counts) continue;
      of.push_back(one.index);
      Intent& intent = intents.emplace_back();
      intent.kind = IntentKind::move_in;
      intent.mailbox = move->from.mailbox;
      intent.uidvalidity = move->from.uidvalidity;
      intent.uid = move->uid;
      intent.target = move->to.mailbox;
      intent.target_uidvalidity = move->to.uidvalidity;
      intent.target_uid_next = move->new_uid;
      intent.base_name = change.base.empty() ? change.file.base : change.base;
      intent.at_ms = engine_.sure_ms();
    }
    if (intents.empty()) return {};
    return engine_.write([&]() -> Status {
      for (std::size_t i = 0; i < intents.size(); ++i) {
        STERNA_TRY(const IntentId id, engine_.store->add_intent(intents[i]));
        intents_.push_back({id, of[i]});
      }
      return {};
    });
  }

  static bool needs_other_name(const Change& change) {
    return change.error && change.error->is(ErrorCode::exists);
  }

  coro::Task<Status> try_other_names(maildir::TouchedDirectories& touched) {
    std::vector<Change*> taken;
    for (Change& change : changes_) {
      if (!needs_other_name(change)) continue;
      change.base = engine_.new_base_name();
      taken.push_back(&change);
    }
    if (taken.empty()) co_return Status{};
    STERNA_CO_CHECK(write_intents(true));
    auto job = [&]() -> Status {
      for (Change* change : taken) carry_out(*change, touched);
      return {};
    };
    co_return co_await on_worker(engine_.services, job);
  }

  coro::Task<Result<bool>> record_all(const sync::Plan& plan) {
    bool any = false;
    std::size_t next = 0;
    for (const sync::Action& action : plan.actions) {
      Change* change = next < order_.size() && order_[next].action == &action
                           ? &changes_[order_[next++].index]
                           : nullptr;
      STERNA_CO_TRY(const bool wrote, record(action, change));
      any = any || wrote;
    }
    co_return any;
  }

  LocalFile file_after(const Change& change) const {
    LocalFile file = change.file;
    file.name = change.done->name;
    file.base = maildir::parse_file_name(file.name).base;
    file.in_new = change.done->in_new;
    return file;
  }

  // The mailbox that a message was seen to be gone from, where the action is about one that came
  // elsewhere.
  static MailboxId left_by(const sync::Action& action) {
    if (const auto* move = std::get_if<sync::MoveIn>(&action.what)) return move->from.mailbox;
    const auto* pair = std::get_if<sync::Pair>(&action.what);
    return pair && pair->forgets ? pair->forgets->mailbox : MailboxId{};
  }

  void leave(const sync::Action& action, const Error& error) {
    const std::optional<ActionKey> key = key_of_change(action);
    STERNA_ASSERT(key);
    engine_.outcomes.unfinished.insert(*key);
    failed_.push_back({engine_.find(key->mailbox), *key, error});
  }

  // Records one action; false if there was nothing to write.
  Result<bool> record(const sync::Action& action, Change* change) {
    if (const auto* close = std::get_if<sync::CloseIntent>(&action.what)) {
      STERNA_CHECK(engine_.store->close_intent(close->intent));
      return true;
    }
    MailboxWork* work = engine_.find(sync::mailbox_of(action));
    if (!work) return fail(ErrorCode::internal, "an action for a mailbox that is not synced");
    if (change) {
      change->from->changed_by_us = true;
      change->to->changed_by_us = true;
    }
    if (change && change->error) {
      for (MailboxWork* one : {change->from, change->to, work}) one->look_again();
      if (MailboxWork* before = engine_.find(left_by(action))) before->look_again();
      engine_.again = engine_.again || change->error->is(ErrorCode::changed);
      if (!change->error->is(ErrorCode::changed)) leave(action, *change->error);
      if (const auto* pull = std::get_if<sync::PullFlags>(&action.what)) {
        engine_.outcomes.undone.insert({work->row.id, pull->uid, {}, "flags_in"});
      }
      return false;
    }
    return std::visit([&](const auto& what) { return record(action, what, *work, change); },
                      action.what);
  }

  Result<bool> record(const sync::Action& action, const sync::Pair& pair, MailboxWork& work,
                      Change* change) {
    MessageRow row;
    STERNA_TRY(std::optional<MessageRow> known, engine_.store->message({work.row.id, pair.uid}));
    if (known) row = std::move(*known);
    row.key = {work.row.id, pair.uid};
    row.state = RowState::present;
    row.flags = before_push(work.shown(pair.flags), pair.to_remote);
    take_identity(row, pair);
    row.internal_date = pair.internal_date;
    row.email_id = pair.email_id;
    row.remote_since = engine_.generation;
    row.local_since = engine_.generation;
    const LocalFile file = change ? file_after(*change) : pair.file;
    take_file(row, file);
    if (pair.edited) {
      row.file = {};
      work.look_again();
      engine_.again = true;
    }
    push_unsaid(row, pair.where.uidvalidity, pair.to_remote, pair.flags, action.reason);
    STERNA_CHECK(engine_.store->put_message(row));
    if (pair.replaces) STERNA_CHECK(let_go({work.row.id, *pair.replaces}));
    if (pair.forgets) STERNA_CHECK(forget_row(engine_, *pair.forgets, action.reason));
    STERNA_CHECK(engine_.add_history(work, pair.uid, file.name, "paired", "local",
                                     pair.flags.to_string(), action.reason));
    return true;
  }

  // What the server said of the message stays beside what the file is (rule 11): they differ where
  // two versions of one message were paired, and where the server rewrote it.
  static void take_identity(MessageRow& row, const sync::Pair& pair) {
    const bool stays =
        !pair.told && row.identity && pair.identity && row.identity->same_as(*pair.identity);
    row.identity = pair.identity;
    if (stays || !pair.identity) return;
    take_remote_identity(row, pair.told.value_or(*pair.identity));
  }

  Result<bool> record(const sync::Action& action, const sync::Record& what, MailboxWork& work,
                      Change*) {
    STERNA_TRY(std::optional<MessageRow> row, engine_.store->message({work.row.id, what.uid}));
    if (!row) return false;
    if (row->flags != what.flags) {
      STERNA_CHECK(engine_.add_history(work, what.uid, full_name(*row), "noted", "base",
                                       what.flags.to_string(), action.reason));
    }
    row->flags = what.flags;
    if (what.modseq) row->modseq = what.modseq;
    if (what.file) take_file(*row, *what.file);
    if (what.identity) row->identity = what.identity;
    STERNA_CHECK(engine_.store->put_message(*row));
    engine_.log.debug("mailbox {} uid={}: {}", work.name(), what.uid.value, action.reason);
    return true;
  }

  Result<bool> record(const sync::Action& action, const sync::Missed& missed, MailboxWork& work,
                      Change*) {
    MessageRow row;
    row.key = {work.row.id, missed.uid};
    row.state = RowState::present;
    row.flags = missed.flags;
    row.base_name = missed.base_name;
    row.identity = missed.identity;
    row.remote_size = missed.identity.size;
    row.internal_date = missed.internal_date;
    row.email_id = missed.email_id;
    row.remote_since = engine_.generation;
    row.local_since = engine_.generation;
    STERNA_CHECK(engine_.store->put_message(row));
    if (missed.forgets) STERNA_CHECK(engine_.store->remove_message(*missed.forgets));
    engine_.again = true;
    STERNA_CHECK(engine_.add_history(work, missed.uid, missed.base_name, "noted", "remote",
                                     missed.flags.to_string(), action.reason));
    return true;
  }

  void tell_renamed(FileChange::Kind kind, const MailboxWork& from, const MessageRow& row,
                    const MailboxWork& to, const LocalFile& file) {
    const std::string before = full_name(row);
    engine_.tell(kind, {&to, file.in_new, file.name, row.file}, {&from, row.in_new, before});
  }

  Result<bool> record(const sync::Action& action, const sync::PullFlags& pull, MailboxWork& work,
                      Change* change) {
    STERNA_TRY(std::optional<MessageRow> row, engine_.store->message({work.row.id, pull.uid}));
    if (!row) return false;
    const LocalFile file = file_after(*change);
    tell_renamed(FileChange::Kind::flags, work, *row, work, file);
    row->flags = before_push(work.shown(pull.result), pull.also_push);
    if (pull.modseq) row->modseq = pull.modseq;
    take_file(*row, file);
    push_unsaid(*row, pull.where.uidvalidity, pull.also_push, pull.result, action.reason);
    STERNA_CHECK(engine_.store->put_message(*row));
    ++engine_.report.counts.flags_in;
    STERNA_CHECK(engine_.add_history(work, pull.uid, file.name, "flags", "local",
                                     pull.result.to_string(), action.reason));
    return true;
  }

  Result<bool> record(const sync::Action& action, const sync::MoveIn& move, MailboxWork&,
                      Change* change) {
    MailboxWork& to = *engine_.find(move.to.mailbox);
    MailboxWork& from = *engine_.find(move.from.mailbox);
    STERNA_TRY(std::optional<MessageRow> row,
               engine_.store->message({move.from.mailbox, move.uid}));
    const LocalFile file = file_after(*change);
    if (row) tell_renamed(FileChange::Kind::renamed, from, *row, to, file);
    MessageRow moved = moved_row(row.value_or(MessageRow{}), to, move.new_uid, file,
                                 before_push(to.shown(move.flags), move.to_remote));
    if (move.content_differs && row) moved.file = row->file;
    if (move.identity) {
      moved.identity = move.identity;
      take_remote_identity(moved, *move.identity);
    }
    if (move.internal_date != 0) moved.internal_date = move.internal_date;
    if (!move.email_id.empty()) moved.email_id = move.email_id;
    moved.remote_since = engine_.generation;
    moved.local_since = engine_.generation;
    if (row && move.from.mailbox != move.to.mailbox) {
      STERNA_CHECK(leave_place(engine_, *row));
    } else if (row) {
      STERNA_CHECK(engine_.store->remove_message(row->key));
    }
    push_unsaid(moved, move.to.uidvalidity, move.to_remote, move.flags, action.reason);
    STERNA_CHECK(engine_.store->put_message(moved));
    if (!row) placed_.push_back(moved);
    ++engine_.report.counts.moved_in;
    STERNA_CHECK(engine_.add_history(to, move.new_uid, file.name, "moved", "local",
                                     fmt::format("from {}", from.name()), action.reason));
    return true;
  }

  Result<bool> record(const sync::Action& action, const sync::PushFlags& what, MailboxWork& work,
                      Change*) {
    // Where the file is is recorded now, what the flags are only once the server has them.
    bool wrote = false;
    if (what.file) {
      STERNA_TRY(std::optional<MessageRow> row, engine_.store->message({work.row.id, what.uid}));
      if (row) {
        const std::string info = row->info;
        take_file(*row, *what.file);
        // The old info part stays until then, so that a push that fails is seen again.
        row->info = info;
        STERNA_CHECK(engine_.store->put_message(*row));
        wrote = true;
      }
    }
    push({work.row.id, what.uid}, what.where.uidvalidity, what.delta, what.result, action.reason);
    if (what.file && !what.delta.empty()) remote_.pushes.back().info = info_part(what.file->name);
    return wrote;
  }

  Result<bool> record(const sync::Action& action, const sync::Forget& what, MailboxWork& work,
                      Change*) {
    STERNA_TRY(std::optional<MessageRow> row, engine_.store->message({work.row.id, what.uid}));
    if (!row && what.into == RowState::dropped) {
      row.emplace();
      row->key = {work.row.id, what.uid};
      row->remote_since = engine_.generation;
    }
    if (!row) return false;
    engine_.again = engine_.again || what.file_stays;
    if (what.file_stays) work.look_again();
    if (what.into == RowState::tombstone) {
      STERNA_CHECK(bury(engine_, work, *row, "local", "forgotten", action.reason));
      return true;
    }
    STERNA_CHECK(engine_.add_history(work, what.uid, full_name(*row), "let be",
                                     what.into == RowState::dropped ? "remote" : "local",
                                     std::string(to_string(what.into)), action.reason));
    row->state = what.into;  // one that is dropped keeps its name: its file may come back
    if (what.into == RowState::wanted) fetch_again(*row);
    STERNA_CHECK(engine_.store->put_message(*row));
    return true;
  }

  Result<bool> record(const sync::Action&, const sync::CloseIntent&, MailboxWork&, Change*) {
    return false;
  }
  Result<bool> record(const sync::Action& action, const sync::Download& what, MailboxWork&,
                      Change*) {
    const UidSet uids = what.uids.minus(engine_.outcomes.unrepaired_in(what.where.mailbox));
    if (!uids.empty()) {
      remote_.downloads.push_back({what.where.mailbox, uids, action.reason});
    }
    return false;
  }

  // Carried out before (repair_wrecks): what is left to do is in `remote_`.
  Result<bool> record(const sync::Action&, const sync::Repair&, MailboxWork&, Change*) {
    return false;
  }
  Result<bool> record(const sync::Action& action, const sync::MoveOut&, MailboxWork&, Change*) {
    remote_.moves.push_back(&action);
    return false;
  }
  Result<bool> record(const sync::Action& action, const sync::Upload&, MailboxWork&, Change*) {
    remote_.uploads.push_back(&action);
    return false;
  }
  Result<bool> record(const sync::Action& action, const sync::DeleteOut&, MailboxWork&, Change*) {
    remote_.removals.push_back(&action);
    return false;
  }
  Result<bool> record(const sync::Action& action, const sync::ClearDeleted&, MailboxWork&,
                      Change*) {
    remote_.clears.push_back(&action);
    return false;
  }
  Result<bool> record(const sync::Action&, const sync::DeleteIn&, MailboxWork&, Change*) {
    return false;
  }

  void fetch_again(MessageRow& row) {
    row.base_name.clear();
    row.info.clear();
    row.file = {};
    engine_.again = true;
  }

  // The file is another row's from now on: this one has none that could be missed or found.
  Status let_go(MessageKey key) {
    STERNA_TRY(std::optional<MessageRow> row, engine_.store->message(key));
    if (!row) return {};
    row->state = RowState::deleting;
    give_file_away(*row);
    return engine_.store->put_message(*row);
  }

  // For a row that is written before the server was told.
  void push_unsaid(MessageRow& row, UidValidity uidvalidity, const FlagDelta& delta,
                   const FlagSet& result, const std::string& reason) {
    push(row.key, uidvalidity, delta, result, reason);
    if (!delta.empty()) remote_.pushes.back().info = std::exchange(row.info, unsaid(row.info));
  }

  void push(MessageKey key, UidValidity uidvalidity, const FlagDelta& delta, const FlagSet& result,
            const std::string& reason) {
    if (!delta.empty()) {
      remote_.pushes.push_back({key, uidvalidity, delta, result, reason, {}});
    }
  }

  Engine& engine_;
  RemoteWork& remote_;
  std::vector<Change> changes_;
  std::vector<Ordered> order_;
  std::vector<Failed> failed_;
  std::vector<Announced> intents_;  // of the moves
  std::vector<MessageRow> placed_;  // rows of files that had none
};

}  // namespace

coro::Task<Status> execute_local(Engine& engine, const sync::Plan& plan, RemoteWork& remote) {
  STERNA_CO_CHECK(co_await repair_wrecks(engine, plan, remote));
  LocalExecution execution(engine, remote);
  STERNA_CO_CHECK(co_await execution.run(plan));
  execution.park_failed();
  co_return Status{};
}

}  // namespace sterna::account
