// SPDX-License-Identifier: Apache-2.0
#include "pass.h"

#include <fmt/format.h>

#include <algorithm>

#include "adoption.h"
#include "ahead.h"
#include "attempts.h"
#include "carry_out.h"
#include "decisions.h"
#include "describe_plan.h"
#include "discover.h"
#include "download_all.h"
#include "empty_mailboxes.h"
#include "execute.h"
#include "expire_decisions.h"
#include "failures.h"
#include "gather.h"
#include "half_looks.h"
#include "kept.h"
#include "late_flush.h"
#include "learn_stored.h"
#include "look_closer.h"
#include "look_elsewhere.h"
#include "observe.h"
#include "observe_both.h"
#include "pending.h"
#include "reserve.h"
#include "sterna/base/step.h"
#include "sterna/coro/both.h"
#include "tree.h"
#include "unflushed.h"

namespace sterna::account {
namespace {

// How often the planner's questions about identities are answered in one pass.
constexpr int kQuestionRounds = 6;

coro::Task<Result<sync::Input>> answer_questions(Engine& engine, Pool& pool) {
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  const bool reliable = !connection->quirks.size_unreliable;
  const bool deduplicates = connection->quirks.append_deduplicates;
  STERNA_CO_TRY(sync::Input input, gather(engine, reliable, deduplicates));
  for (int round = 0; round < kQuestionRounds; ++round) {
    const std::vector<sync::IdentityWanted> wanted = sync::identities_wanted(input);
    if (wanted.empty()) break;
    for (const sync::IdentityWanted& one : wanted) {
      MailboxWork* work = engine.find(one.mailbox);
      if (!work) continue;
      STERNA_CO_TRY(connection, co_await pool.primary());
      Status identified = co_await identify_remote(engine, *connection, *work, one.uids);
      if (!identified) {
        if (!connection->usable()) co_return fail(std::move(identified).error());
        engine.note(std::move(identified).error(), work);
      }
    }
    STERNA_CO_TRY(input, gather(engine, reliable, deduplicates));
  }
  co_return input;
}

void log_plan(Engine& engine, const sync::Plan& plan) {
  for (const sync::Action& action : plan.actions) {
    const MailboxWork* work = engine.find(sync::mailbox_of(action));
    engine.log.debug("mailbox {}: plan: {}: {}", work ? work->name() : "-", sync::kind_of(action),
                     action.reason);
  }
}

// --- the server's half
// ------------------------------------------------------------------------------

template <class T, class Key>
std::map<MailboxId, std::vector<T>> by_mailbox(const std::vector<T>& items, const Key& key) {
  std::map<MailboxId, std::vector<T>> groups;
  for (const T& item : items) groups[key(item)].push_back(item);
  return groups;
}

coro::Task<Status> execute_moves(Engine& engine, Connection& connection, const RemoteWork& remote) {
  std::map<std::pair<MailboxId, MailboxId>, std::vector<const sync::Action*>> groups;
  for (const sync::Action* action : remote.moves) {
    const auto& move = std::get<sync::MoveOut>(action->what);
    groups[{move.from.mailbox, move.to.mailbox}].push_back(action);
  }
  for (const auto& [where, actions] : groups) {
    MailboxWork& from = *engine.find(where.first);
    MailboxWork& to = *engine.find(where.second);
    Status done = co_await move_out(engine, connection, from, to, actions);
    if (!done) {
      to.look_again();
      to.broken_off = true;
    }
    STERNA_CO_CHECK(absorb(engine, connection, from, std::move(done)));
  }
  co_return Status{};
}

// On the wire.
std::uint64_t octets_of(const std::vector<const sync::Action*>& uploads) {
  std::uint64_t octets = 0;
  for (const sync::Action* action : uploads) {
    octets += std::get<sync::Upload>(action->what).identity.size;
  }
  return octets;
}

coro::Task<Status> execute_changes(Engine& engine, Connection& connection,
                                   const RemoteWork& remote) {
  const auto pushes =
      by_mailbox(remote.pushes, [](const FlagPush& push) { return push.key.mailbox; });
  for (auto it = pushes.begin(); it != pushes.end(); ++it) {
    MailboxWork& work = *engine.find(it->first);
    const auto after = std::next(it);
    const MailboxWork* next = after == pushes.end() ? nullptr : engine.find(after->first);
    Status done = co_await push_flags(engine, connection, work, it->second, next);
    STERNA_CO_CHECK(absorb(engine, connection, work, std::move(done)));
  }
  const auto mailbox = [](const sync::Action* action) { return sync::mailbox_of(*action); };
  std::vector<Uploads> uploads;
  for (auto& [id, actions] : by_mailbox(remote.uploads, mailbox)) {
    engine.progress.expect(actions.size(), octets_of(actions));
    uploads.push_back({engine.find(id), std::move(actions)});
  }
  if (!uploads.empty()) STERNA_CO_CHECK(co_await upload(engine, connection, uploads));
  for (const auto& [id, actions] : by_mailbox(remote.clears, mailbox)) {
    MailboxWork& work = *engine.find(id);
    Status done = co_await clear_deleted(engine, connection, work, actions);
    STERNA_CO_CHECK(absorb(engine, connection, work, std::move(done)));
  }
  co_return Status{};
}

coro::Task<Status> execute_removals(Engine& engine, Connection& connection,
                                    const RemoteWork& remote) {
  const auto mailbox = [](const sync::Action* action) { return sync::mailbox_of(*action); };
  std::vector<Removals> removals;
  for (auto& [id, actions] : by_mailbox(remote.removals, mailbox)) {
    removals.push_back({engine.find(id), std::move(actions)});
  }
  co_return co_await remove_out(engine, connection, removals);
}

// Once a sync.
void note_left(Engine& engine, const std::optional<Error>& why) {
  if (!why) return;
  const auto is_same = [&](const Error& error) {
    return error.code() == why->code() && error.message() == why->message();
  };
  if (std::ranges::none_of(engine.report.errors, is_same)) engine.note(*why);
}

// A full disk's numbers change from pass to pass.
void note_what_is_left(Engine& engine) {
  const auto is_full = [](const Error& error) { return error.is(ErrorCode::no_space); };
  if (std::ranges::none_of(engine.report.errors, is_full))
    note_left(engine, engine.outcomes.no_room);
  note_left(engine, engine.outcomes.day_limit);
}

void leave_removals(Engine& engine) {
  for (const auto& work : engine.mailboxes) work->look_again();
  engine.outcomes.removals_left = true;
}

// For a day or longer: only where there are any is looked again.
void leave_removals_for_today(Engine& engine, const sync::Plan& plan) {
  std::set<MailboxId> mailboxes;
  for (const sync::Action& action : plan.actions) {
    if (const auto* removal = std::get_if<sync::DeleteIn>(&action.what)) {
      mailboxes.insert(removal->where.mailbox);
      if (removal->file_mailbox) mailboxes.insert(removal->file_mailbox);
    } else if (std::holds_alternative<sync::DeleteOut>(action.what)) {
      mailboxes.insert(sync::mailbox_of(action));
    }
  }
  for (const auto& work : engine.mailboxes) {
    const bool lost_some = !work->input.remote.gone.empty() || !work->input.local.gone.empty();
    if (lost_some || mailboxes.contains(work->row.id)) work->look_again();
  }
  engine.outcomes.removals_left = true;
}

bool is_of_today_alone(const Engine& engine, std::size_t errors_before) {
  const auto& errors = engine.report.errors;
  return std::all_of(errors.begin() + static_cast<std::ptrdiff_t>(errors_before), errors.end(),
                     [](const Error& error) { return error.is(ErrorCode::day_limit); });
}

coro::Task<Status> execute(Engine& engine, Pool& pool, const sync::Plan& plan) {
  STERNA_CO_CHECK(check_room_for_records(engine));
  RemoteWork remote;
  STERNA_CO_CHECK(co_await execute_local(engine, plan, remote));
  const std::size_t errors_before = engine.report.errors.size();
  if (!remote.moves.empty()) {
    STERNA_CO_TRY(Connection * connection, co_await pool.primary());
    STERNA_CO_CHECK(co_await execute_moves(engine, *connection, remote));
  }
  if (!remote.downloads.empty()) {
    STERNA_CO_CHECK(co_await download_all(engine, pool, std::move(remote.downloads)));
    if (engine.outcomes.no_room) STERNA_CO_CHECK(check_room_for_records(engine));
  }
  if (!remote.pushes.empty() || !remote.uploads.empty() || !remote.clears.empty()) {
    STERNA_CO_TRY(Connection * connection, co_await pool.primary());
    STERNA_CO_CHECK(co_await execute_changes(engine, *connection, remote));
  }
  // Deletions last, and only after everything that might be the same message arrived (rule 17).
  if (engine.told_to_wait || engine.report.errors.size() != errors_before) {
    if (!engine.told_to_wait && is_of_today_alone(engine, errors_before))
      leave_removals_for_today(engine, plan);
    else
      leave_removals(engine);
    co_return Status{};
  }
  // What was not fetched may be what left here; it is nothing that leaves the server.
  if (engine.outcomes.no_room) {
    leave_removals(engine);
  } else if (engine.outcomes.day_limit) {
    leave_removals_for_today(engine, plan);
  } else {
    STERNA_CO_CHECK(co_await execute_local_removals(engine, plan));
  }
  if (!remote.removals.empty()) {
    STERNA_CO_TRY(Connection * connection, co_await pool.primary());
    STERNA_CO_CHECK(co_await execute_removals(engine, *connection, remote));
  }
  if (!engine.emptied_here.empty() || !engine.emptied_there.empty()) {
    STERNA_CO_TRY(Connection * connection, co_await pool.primary());
    STERNA_CO_CHECK(co_await empty_mailboxes(engine, *connection));
  }
  co_return Status{};
}

// Cursors and stamps come last, together with nothing else that could still fail (rule 3).
Status save_cursors(Engine& engine, PassAttempts& attempts) {
  STERNA_CHECK(forget_settled_failures(engine));
  bool any = false;
  std::vector<MailboxRow> rows;
  std::vector<std::pair<const MailboxWork*, RemoteCursor>> adopting;
  const MailboxWork* audited = nullptr;
  for (const auto& work : engine.mailboxes) {
    if (work->audited) audited = work.get();
    MailboxRow row = work->row;
    if (work->requested && work->cursor_known && work->cursor_settled)
      row.cursor = work->next_cursor;
    const bool listed = work->listing && work->input.local.coverage == Coverage::complete;
    if (listed) {
      row.cur_dev = work->stamp_now->cur.dev;
      row.cur_ino = work->stamp_now->cur.ino;
      row.cur_btime_ns = work->stamp_now->cur.btime_ns;
      const bool vouched = work->stamp_settled && !work->changed_by_us && work->requested;
      row.stamp = vouched ? work->stamp_now->encode() : std::string();
    } else if (!work->stamp_settled) {
      // Its stamp said that there was nothing to see, and what was done there found otherwise.
      row.stamp.clear();
    }
    if (work->input.adopting) adopting.emplace_back(work.get(), row.cursor);
    const bool changed = !(row.cursor == work->row.cursor) || row.stamp != work->row.stamp ||
                         row.cur_dev != work->row.cur_dev || row.cur_ino != work->row.cur_ino ||
                         row.cur_btime_ns != work->row.cur_btime_ns || row.role != work->row.role;
    if (!changed) continue;
    work->row = row;
    rows.push_back(std::move(row));
    any = true;
  }
  if (!any && !audited && adopting.empty() && !attempts.has_changes()) return {};
  STERNA_TRY(auto transaction, engine.store->begin(store::Durability::normal));
  STERNA_CHECK(attempts.write());
  if (audited) STERNA_CHECK(note_audit(engine, *audited));
  for (const MailboxRow& row : rows) STERNA_CHECK(engine.store->update_mailbox(row));
  for (const auto& [work, cursor] : adopting) STERNA_CHECK(note_compared(engine, *work, cursor));
  STERNA_CHECK(transaction.commit());
  at_step("cursors.saved");
  return {};
}

// Whether carrying it out writes rows or files: a backup of before lacks them. What only notes that
// both sides are equal does not, nor a message that is parked.
bool records_anything(Engine& engine, const sync::Plan& plan) {
  return std::ranges::any_of(plan.actions, [&](const sync::Action& action) {
    if (const auto* fetch = std::get_if<sync::Download>(&action.what)) {
      const MailboxWork* work = engine.find(fetch->where.mailbox);
      return work && !fetch->uids.minus(parked_uids(engine, *work, "download")).empty();
    }
    return !std::holds_alternative<sync::Record>(action.what) &&
           !std::holds_alternative<sync::CloseIntent>(action.what);
  });
}

Status begin_generation(Engine& engine, bool records, PassAttempts& attempts) {
  STERNA_TRY(auto transaction, engine.store->begin(store::Durability::normal));
  STERNA_CHECK(engine.store->set("generation", fmt::format("{}", engine.generation.value)));
  STERNA_CHECK(note_unflushed(engine));
  STERNA_CHECK(note_half_look(engine));
  if (records) STERNA_CHECK(engine.announce_change());
  STERNA_CHECK(attempts.write());
  return transaction.commit();
}

bool is_empty(const RemoteDelta& remote) {
  return remote.arrived.empty() && remote.flags.empty() && remote.gone.empty();
}

bool is_empty(const LocalDelta& local) {
  return local.arrived.empty() && local.changed.empty() && local.gone.empty();
}

// Not where all that is new is still being written.
bool records_probably(const Engine& engine) {
  return std::ranges::any_of(engine.mailboxes, [](const auto& work) {
    const LocalDelta& local = work->input.local;
    return !is_empty(work->input.remote) || !local.changed.empty() ||
           std::ranges::any_of(local.arrived, &LocalArrival::stable);
  });
}

bool anything_to_plan(const Engine& engine) {
  return std::ranges::any_of(engine.mailboxes, [](const auto& work) {
    const auto& input = work->input;
    return !is_empty(input.remote) || !is_empty(input.local) || input.acts_on_deleted();
  });
}

coro::Task<Result<sync::Plan>> make_plan(Engine& engine, Pool& pool) {
  STERNA_CO_TRY(sync::Input input, co_await answer_questions(engine, pool));
  co_return co_await plan_beside_neighbours(engine, input);
}

// Uploads wait by themselves for what is flushed late; all else begins after it.
bool only_sends(const Engine& engine, const sync::Plan& plan) {
  const bool empties = !engine.emptied_here.empty() || !engine.emptied_there.empty();
  if (empties || plan.actions.empty() || !plan.consumed.empty()) return false;
  return std::ranges::all_of(plan.actions, [](const sync::Action& action) {
    return std::holds_alternative<sync::Upload>(action.what);
  });
}

coro::Task<Status> do_pass(Engine& engine, Pool& pool) {
  STERNA_CO_CHECK(co_await discover(engine, pool));
  STERNA_CO_CHECK(co_await observe_both(engine, pool));
  STERNA_CO_CHECK(mark_adoptions(engine));
  STERNA_CO_TRY(const bool decided, has_decisions(engine));
  if (decided && !co_await end_late_flush(engine)) co_return Status{};
  if (decided) STERNA_CO_CHECK(carry_out_decisions(engine));
  STERNA_CO_CHECK(co_await learn_the_rest(engine, pool));
  STERNA_CO_TRY(const bool pending, anything_pending(engine));
  PassAttempts attempts(engine);
  engine.outcomes.day_limit = engine.why_resting;
  if (!anything_to_plan(engine) && !pending) {
    engine.report.held = 0;
    engine.report.waiting.clear();
    if (engine.dry_run()) co_return Status{};
    note_what_is_left(engine);
    STERNA_CO_CHECK(attempts.compare({}));
    STERNA_CO_CHECK(end_half_looks(engine));
    co_return save_cursors(engine, attempts);
  }
  // The first begins first: the disk works while the plan is made.
  auto [prepared, planned] =
      co_await coro::both(prepare_epoch(engine, records_probably(engine)), make_plan(engine, pool));
  STERNA_CO_TRY(sync::Plan plan, std::move(planned));
  if (engine.dry_run()) {
    describe_plan(engine, plan);
    co_return settle_plan(engine, plan);
  }
  log_plan(engine, plan);
  if (!only_sends(engine, plan) && !co_await end_late_flush(engine)) co_return Status{};
  engine.again = engine.again || plan.look_again;
  STERNA_CO_CHECK(attempts.compare(plan));
  STERNA_CO_CHECK(attempts.hold_back(plan));
  const bool records = records_anything(engine, plan);
  static_cast<void>(co_await prepare_epoch(engine, records));
  STERNA_CO_CHECK(begin_generation(engine, records, attempts));
  STERNA_CO_CHECK(settle_plan(engine, plan));
  STERNA_CO_CHECK(note_surplus(engine, plan));
  at_step("plan.begun");
  Status executed = co_await execute(engine, pool, plan);
  note_what_is_left(engine);
  STERNA_CO_CHECK(executed);
  STERNA_CO_CHECK(attempts.count());
  at_step("plan.executed");
  if (!plan.surplus_since) STERNA_CO_CHECK(end_half_looks(engine));
  co_return save_cursors(engine, attempts);
}

}  // namespace

coro::Task<Status> run_pass(Engine& engine, Pool& pool) {
  LateFlush late_flush(engine.services, co_await coro::current());
  engine.late_flush = &late_flush;
  Status done = co_await do_pass(engine, pool);
  static_cast<void>(co_await late_flush.end());
  engine.late_flush = nullptr;
  Connection* connection = pool.open_primary();
  if (connection) {
    const Status dropped = co_await drop_ahead(engine, *connection);
    if (done && !dropped) co_return dropped;
  }
  if (engine.kept) engine.kept->ahead.reset();
  co_return done;
}

}  // namespace sterna::account
