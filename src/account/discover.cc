// SPDX-License-Identifier: Apache-2.0
#include "discover.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "decisions.h"
#include "execute_mailboxes.h"
#include "kept.h"
#include "list_early.h"
#include "list_remote.h"
#include "look_aside.h"
#include "mailbox_rows.h"
#include "pending.h"
#include "prove_renames.h"
#include "sterna/account/inspect.h"
#include "sterna/base/bytes.h"
#include "sterna/coro/both.h"
#include "unflushed.h"
#include "walk_local.h"

namespace sterna::account {
namespace {

// A login may take longer: the directories are walked once more then.
constexpr std::chrono::seconds kWalkHolds{1};

Result<sync::HeldAnswer> answer_to(Engine& engine, MailboxId id) {
  STERNA_TRY(const auto apply, engine.store->get(mailbox_apply_key(id)));
  if (apply) return sync::HeldAnswer::apply;
  STERNA_TRY(const auto restore, engine.store->get(mailbox_restore_key(id)));
  return restore ? sync::HeldAnswer::restore : sync::HeldAnswer::none;
}

// Of a mailbox that a side lacks: what the base knows in it, and what the user said.
Status describe_missing(Engine& engine, sync::KnownMailbox& known) {
  STERNA_TRY(const store::Store::Counts counts, engine.store->counts(known.row.id));
  known.on_server = counts.on_server;
  STERNA_CHECK(
      engine.store->for_each_local(known.row.id, [&](const store::LocalRow&) { ++known.files; }));
  STERNA_TRY(known.answer, answer_to(engine, known.row.id));
  return {};
}

// What both sides show, by what the rows say of them.
class Sightings {
 public:
  Sightings(const std::vector<MailboxRow>& rows, const RemoteList& remote, const LocalWalk& local) {
    for (const MailboxRow& row : rows) {
      if (!row.mailbox_id.empty()) ids_.insert(row.mailbox_id);
    }
    for (const RemoteListing& one : remote.mailboxes) {
      if (one.mailbox.selectable) listed_.emplace(one.mailbox.name, &one.mailbox);
    }
    for (const sync::LocalMailbox& one : local.mailboxes) walked_.emplace(one.path, &one);
  }

  // Not if the mailbox of that name is another one of the base, which took it.
  bool is_listed(const MailboxRow& row) const {
    const auto found = listed_.find(row.name);
    if (found == listed_.end()) return false;
    const std::string& id = found->second->mailbox_id;
    return id.empty() || row.mailbox_id.empty() || id == row.mailbox_id || !ids_.contains(id);
  }

  // Under another UIDVALIDITY the rows speak of messages that are not there any more.
  bool is_replaced(const MailboxRow& row) const {
    const auto found = listed_.find(row.name);
    return found != listed_.end() && row.cursor.uidvalidity && found->second->uidvalidity &&
           *found->second->uidvalidity != row.cursor.uidvalidity;
  }

  bool is_in_place(const MailboxRow& row) const {
    const auto found = walked_.find(row.path);
    return found != walked_.end() && found->second->cur_ino == row.cur_ino &&
           found->second->cur_dev == row.cur_dev && !found->second->inode_reused &&
           found->second->whole;
  }

 private:
  std::map<MailboxName, const sync::RemoteMailbox*> listed_;
  std::map<std::string, const sync::LocalMailbox*> walked_;
  std::set<std::string> ids_;
};

Result<sync::MailboxesInput> mailboxes_input(Engine& engine, const std::vector<MailboxRow>& rows,
                                             const RemoteList& remote,
                                             const std::set<MailboxId>& unlisted,
                                             const LocalWalk& local) {
  sync::MailboxesInput input;
  input.remote_complete = remote.complete;
  input.local_complete = local.complete;
  input.local_nested = engine.settings.layout == maildir::LayoutKind::fs;
  for (const RemoteListing& one : remote.mailboxes) input.remote.push_back(one.mailbox);
  input.local = local.mailboxes;
  const Sightings seen(rows, remote, local);
  for (const MailboxRow& row : rows) {
    sync::KnownMailbox known;
    known.row = row;
    const bool listed = seen.is_listed(row);
    if (remote.complete && row.has_remote) {
      const bool there = listed || unlisted.contains(row.id);
      known.row.remote_absences = there ? 0 : row.remote_absences + 1;
    }
    known.policy = policy_of(engine, row.name, row.role);
    // Counting costs a scan, and is of use only where a side lacks the mailbox.
    const bool on_both = row.has_local && row.has_remote && listed && seen.is_in_place(row);
    if (!on_both) STERNA_CHECK(describe_missing(engine, known));
    if (seen.is_replaced(row)) known.on_server = 0;
    input.base.push_back(std::move(known));
  }
  STERNA_TRY(input.intents, engine.store->intents());
  return input;
}

// Absences that were counted in this LIST.
Status save_absences(Engine& engine, const std::vector<MailboxRow>& rows,
                     const sync::MailboxesInput& input) {
  if (engine.dry_run()) return {};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].remote_absences == input.base[i].row.remote_absences) continue;
    STERNA_CHECK(engine.write([&] { return engine.store->update_mailbox(input.base[i].row); }));
    // The second LIST is asked for in the next pass of this sync.
    if (input.base[i].row.remote_absences == 1) engine.again = true;
  }
  return {};
}

// A restored backup: each mailbox is paired anew for itself, as soon as both its sides are there
// (rule 14). What is missing, frozen or not asked for now is marked all the same, and no sync of
// the others takes that away.
Status mark_all(Engine& engine, std::vector<MailboxRow>& rows) {
  if (!engine.union_mode) return {};
  for (MailboxRow& row : rows) row.pair_anew = row.pair_anew || row.cursor.uidvalidity;
  if (engine.dry_run()) return {};
  STERNA_CHECK(engine.write([&]() -> Status {
    for (const MailboxRow& row : rows) STERNA_CHECK(engine.store->update_mailbox(row));
    return engine.store->unset(kAdoptingKey);
  }));
  engine.union_mode = false;
  return {};
}

// Before anything else is recorded of them: a cursor or a stamp would take the copy for the
// original.
Status mark_restored(Engine& engine, std::vector<MailboxRow>& rows, const LocalWalk& local) {
  for (MailboxRow& row : rows) {
    if (!local.restored.contains(row.id) || row.pair_anew) continue;
    engine.log.warn(
        "mailbox {}: its directory was put there from a backup: both sides are paired, and nothing "
        "is deleted",
        row.name.text());
    row.pair_anew = row.cursor.uidvalidity.operator bool();
    if (engine.dry_run()) continue;
    STERNA_CHECK(engine.write([&] { return engine.store->update_mailbox(row); }));
  }
  return {};
}

using ListedByWire = std::map<std::string_view, const RemoteListing*>;

Result<std::unique_ptr<MailboxWork>> work_of(Engine& engine, const MailboxRow& row,
                                             const ListedByWire& listed, const LocalWalk& local,
                                             const MailboxesOutcome& outcome) {
  auto work = std::make_unique<MailboxWork>();
  work->row = row;
  work->policy = engine.settings.policy_for(row.name);
  work->path = maildir::parse_mailbox_path(row.path);
  work->unflushed_since = unflushed_since(engine, row.id);
  const auto requested = [&](const MailboxName& name) {
    return row.name == name || row.name.is_below(name);
  };
  work->requested =
      engine.request.mailboxes.empty() || std::ranges::any_of(engine.request.mailboxes, requested);
  if (const auto stamp = local.stamps.find(row.path); stamp != local.stamps.end()) {
    work->stamp_now = stamp->second;
    work->walked = stamp->second.cur;
  }
  const auto found = listed.find(row.wire.octets);
  if (found != listed.end() && !outcome.changed.contains(row.id)) {
    const RemoteListing& one = *found->second;
    work->status = one.status;
    work->selectable = one.mailbox.selectable;
    work->row.role = one.mailbox.role;
  }
  if (outcome.frozen.contains(row.id)) {
    work->input.local.suspect = true;
    work->requested = false;
    work->look_again();
  }
  sync::MailboxInput& input = work->input;
  input.id = row.id;
  input.name = row.name;
  input.role = work->row.role;
  input.direction = work->policy.direction;
  input.local_delete = work->policy.local_delete;
  input.remote_delete = work->policy.remote_delete;
  input.expunge_flagged = work->policy.expunge_flagged;
  input.brake = work->policy.brake;
  input.base_uidvalidity = row.cursor.uidvalidity;
  input.base_storable = row.cursor.storable;
  return work;
}

// What is excluded, or has no directory here, is still where deletions go (rule 7). What its STATUS
// says tells since when a copy of ours can be there.
std::unique_ptr<MailboxWork> unsynced_trash(Engine& engine, const RemoteList& remote) {
  if (engine.with_role(Role::trash)) return nullptr;
  for (const RemoteListing& one : remote.mailboxes) {
    if (one.mailbox.role != Role::trash || !one.mailbox.selectable) continue;
    auto work = std::make_unique<MailboxWork>();
    work->row.name = one.mailbox.name;
    work->row.wire = one.mailbox.wire;
    work->row.role = Role::trash;
    work->cursor_known = one.mailbox.uidvalidity && one.mailbox.uid_next;
    if (work->cursor_known) {
      work->next_cursor.uidvalidity = *one.mailbox.uidvalidity;
      work->next_cursor.uid_next = *one.mailbox.uid_next;
    }
    return work;
  }
  return nullptr;
}

// What the user named must be there on some side, and among what is synced: before anything is
// done.
Status check_request(Engine& engine, const sync::MailboxesInput& input) {
  if (!input.remote_complete) return {};
  std::map<std::string, bool> known;  // whether it is synced
  const auto add = [&known](const MailboxName& name, bool included) {
    bool& any = known[name.text()];
    any = any || included;
  };
  for (const sync::KnownMailbox& one : input.base) add(one.row.name, one.policy.included);
  for (const sync::RemoteMailbox& one : input.remote) add(one.name, one.policy.included);
  for (const sync::LocalMailbox& one : input.local) add(one.name, one.policy.included);
  for (const MailboxName& wanted : engine.request.mailboxes) {
    bool found = false;
    bool synced = false;
    std::vector<std::string> names;
    for (const auto& [name, included] : known) {
      names.push_back(name);
      if (name != wanted.text() && !MailboxName(name).is_below(wanted)) continue;
      found = true;
      synced = synced || included;
    }
    if (!found) return fail(unknown_mailbox(engine.settings.name, wanted.text(), names));
    if (synced) continue;
    return fail(Error(ErrorCode::usage,
                      fmt::format("mailbox {} is not synced", printable(wanted.text(), 200)))
                    .with_hint("`mailboxes` in the configuration leaves it out"));
  }
  return {};
}

// As it was listed last. What the mailboxes held then is not said again.
RemoteList recalled(const RemoteList& last) {
  RemoteList list = last;
  for (RemoteListing& one : list.mailboxes) {
    one.status.reset();
    one.mailbox.uidvalidity.reset();
    one.mailbox.uid_next.reset();
    one.mailbox.messages.reset();
  }
  return list;
}

// What is open between the sides is decided with both of them in view.
Result<bool> can_recall(Engine& engine) {
  if (!engine.kept || !engine.kept->list || !engine.request.mailboxes.empty()) return false;
  STERNA_TRY(const std::vector<MailboxRow> rows, engine.store->mailboxes());
  const auto is_anew = [](const MailboxRow& row) { return row.pair_anew; };
  if (engine.union_mode || !engine.clean_boot || std::ranges::any_of(rows, is_anew)) return false;
  STERNA_TRY(const bool pending, anything_pending(engine));
  return !pending;
}

coro::Task<Result<RemoteList>> log_in_and_list(Engine& engine, Pool& pool, FirstLook& first) {
  if (first.there) co_return std::move(*first.there);
  if (engine.news) {
    STERNA_CO_TRY(const bool possible, can_recall(engine));
    if (possible) co_return recalled(*engine.kept->list);
    engine.news = nullptr;
  }
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  if (engine.kept) engine.kept->list.reset();
  STERNA_CO_TRY(RemoteList list, co_await list_remote(engine, *connection));
  if (engine.kept && list.complete) engine.kept->list = list;
  co_return list;
}

coro::Task<Result<maildir::Discovery>> walk_and_list(Engine& engine) {
  STERNA_CO_TRY(maildir::Discovery found, co_await walk_directories(engine));
  co_await list_early(engine, found);
  co_return found;
}

// A list from memory that something here speaks against.
coro::Task<Status> discover_all(Engine& engine, Pool& pool) {
  engine.news = nullptr;
  return discover(engine, pool);
}

// A mailbox that is not in a list from memory was made since, or excluded until now.
bool lists_all(const Engine& engine, const RemoteList& list, const std::vector<MailboxRow>& rows) {
  std::set<std::string_view> listed;
  for (const RemoteListing& one : list.mailboxes) listed.insert(one.mailbox.wire.octets);
  return std::ranges::all_of(rows, [&](const MailboxRow& row) {
    return !row.has_remote || listed.contains(row.wire.octets) ||
           !engine.settings.includes(row.name, row.role);
  });
}

coro::Task<Result<maildir::Discovery>> look_here(Engine& engine, FirstLook& first) {
  if (first.here) co_return std::move(*first.here);
  co_return co_await walk_and_list(engine);
}

FirstLook take_first_look(Engine& engine) {
  const auto kept = std::exchange(engine.first_look, nullptr);
  if (!kept) return {};
  if (engine.services.clock.monotonic() - kept->here_at > kWalkHolds) kept->here.reset();
  return std::move(*kept);
}

}  // namespace

coro::Task<Status> look_first_here(Engine& engine, FirstLook& look) {
  STERNA_CO_CHECK(finish_removals(engine));
  look.here = co_await walk_and_list(engine);
  look.here_at = engine.services.clock.monotonic();
  co_return Status{};
}

coro::Task<Status> discover(Engine& engine, Pool& pool) {
  FirstLook first = take_first_look(engine);
  if (!first.here) STERNA_CO_CHECK(finish_removals(engine));
  auto [listed, found] =
      co_await coro::both(log_in_and_list(engine, pool, first), look_here(engine, first));
  STERNA_CO_CHECK(listed);
  STERNA_CO_CHECK(found);
  const RemoteList& remote = *listed;
  STERNA_CO_TRY(std::vector<MailboxRow> rows, engine.store->mailboxes());
  STERNA_CO_CHECK(mark_all(engine, rows));
  std::set<std::string> on_server;
  for (const RemoteListing& one : remote.mailboxes) {
    if (one.mailbox.selectable) on_server.insert(one.mailbox.name.text());
  }
  STERNA_CO_TRY(LocalWalk local, describe_walk(engine, *found, rows, on_server));
  STERNA_CO_CHECK(mark_restored(engine, rows, local));
  engine.walked = paths_of(*found);
  if (engine.news && !lists_all(engine, remote, rows))
    co_return co_await discover_all(engine, pool);
  STERNA_CO_TRY(Connection * connection, co_await pool.primary());
  STERNA_CO_TRY(const std::set<MailboxId> unlisted,
                co_await ask_for_unlisted(engine, *connection, rows, remote));
  STERNA_CO_TRY(sync::MailboxesInput input, mailboxes_input(engine, rows, remote, unlisted, local));
  if (engine.news && !sync::plan_mailboxes(input).empty()) {
    co_return co_await discover_all(engine, pool);
  }
  if (!engine.request_checked) STERNA_CO_CHECK(check_request(engine, input));
  engine.request_checked = true;  // what a pass renames is not asked for in the next one
  STERNA_CO_CHECK(save_absences(engine, rows, input));
  STERNA_CO_CHECK(co_await prove_renames(engine, *connection, input));
  const std::vector<sync::MailboxAction> actions = sync::plan_mailboxes(input);
  engine.held_mailboxes.clear();
  engine.emptied_here.clear();
  engine.emptied_there.clear();
  STERNA_CO_TRY(const MailboxesOutcome outcome,
                co_await execute_mailboxes(engine, *connection, input, actions));
  if (!actions.empty()) engine.listed_early.clear();
  if (!actions.empty() && engine.kept) engine.kept->list.reset();
  if (!actions.empty() && !engine.dry_run()) {
    STERNA_CO_TRY(rows, engine.store->mailboxes());
    STERNA_CO_TRY(*found, co_await walk_directories(engine));
    STERNA_CO_TRY(local, describe_walk(engine, *found, rows, on_server));
    STERNA_CO_CHECK(mark_restored(engine, rows, local));
    // Not what others made since the first walk: nothing was planned for it.
    for (const MailboxRow& row : rows) {
      if (row.has_local) engine.walked.insert(row.path);
    }
  }
  ListedByWire listed_by_wire;
  for (const RemoteListing& one : remote.mailboxes) {
    listed_by_wire.emplace(one.mailbox.wire.octets, &one);
  }
  engine.mailboxes.clear();
  for (const MailboxRow& row : rows) {
    if (!row.has_local || !row.has_remote) continue;
    if (!engine.settings.includes(row.name, row.role)) continue;
    // What is not here holds back nothing else; but the Trash is still where deletions go.
    if (outcome.absent_here.contains(row.id) && row.role != Role::trash) continue;
    STERNA_CO_TRY(std::unique_ptr<MailboxWork> work,
                  work_of(engine, row, listed_by_wire, local, outcome));
    work->input.deletes_at_once = connection->quirks.deletes_at_once;
    // What is frozen may be a mere place in the server's tree by now.
    const bool frozen = outcome.frozen.contains(row.id);
    if (work->selectable || frozen) engine.mailboxes.push_back(std::move(work));
  }
  if (engine.kept) engine.kept->directories = directories_to_watch(*found);
  STERNA_CO_CHECK(find_places_aside(engine, {remote, *found, local, rows, actions}));
  engine.trash_there = unsynced_trash(engine, remote);
  const auto inbox = std::ranges::find_if(
      engine.mailboxes, [](const auto& work) { return work->row.name.is_inbox(); });
  if (inbox != engine.mailboxes.end()) std::rotate(engine.mailboxes.begin(), inbox, inbox + 1);
  co_return Status{};
}

}  // namespace sterna::account
