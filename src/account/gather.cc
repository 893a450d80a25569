// SPDX-License-Identifier: Apache-2.0
#include "gather.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "decisions.h"
#include "execute.h"
#include "expire_decisions.h"
#include "failures.h"
#include "removal_count.h"

namespace sterna::account {
namespace {

UidSet uids_told(const RemoteDelta& remote) {
  UidSet uids;
  for (const RemoteFlags& flags : remote.flags) uids.add(flags.uid);
  return uids;
}

class RowCollector {
 public:
  explicit RowCollector(Engine& engine) : engine_(engine) {}

  Status add(MessageKey key) {
    if (rows_.contains(key)) return {};
    STERNA_TRY(std::optional<MessageRow> row, engine_.store->message(key));
    if (row) rows_.emplace(key, std::move(*row));
    return {};
  }
  void add_row(MessageRow row) { rows_.emplace(row.key, std::move(row)); }
  Status add(MailboxId mailbox, const UidSet& uids) {
    if (uids.empty()) return {};
    return take_in(engine_.store->messages(mailbox, uids));
  }
  Status add_by_name(const std::string& base) {
    return take_in(engine_.store->messages_by_base_name(base));
  }
  Status add_in_state(RowState state) { return take_in(engine_.store->messages_in_state(state)); }
  Status add_with_headers(const std::set<Digest>& headers) {
    return take_in(engine_.store->messages_with_headers(headers));
  }
  const MessageRow* find(MessageKey key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }
  const std::map<MessageKey, MessageRow>& all() const { return rows_; }
  std::vector<MessageRow> take() {
    std::vector<MessageRow> rows;
    for (auto& [key, row] : rows_) rows.push_back(std::move(row));
    return rows;
  }

 private:
  Status take_in(Result<std::vector<MessageRow>> found) {
    STERNA_TRY(std::vector<MessageRow> rows, std::move(found));
    for (MessageRow& row : rows) add_row(std::move(row));
    return {};
  }

  Engine& engine_;
  std::map<MessageKey, MessageRow> rows_;
};

Status collect(RowCollector& rows, const MailboxWork& work) {
  const RemoteDelta& remote = work.input.remote;
  const LocalDelta& local = work.input.local;
  STERNA_CHECK(rows.add(work.row.id, uids_told(remote)));
  STERNA_CHECK(rows.add(work.row.id, remote.gone));
  UidSet uids;
  for (const LocalChange& change : local.changed) uids.add(change.uid);
  for (const Uid uid : local.gone) uids.add(uid);
  for (const Uid uid : work.linked) uids.add(uid);
  for (const RemoteArrival& detail : remote.details) uids.add(detail.uid);
  STERNA_CHECK(rows.add(work.row.id, uids));
  for (const LocalArrival& arrival : local.arrived) {
    STERNA_CHECK(rows.add_by_name(arrival.file.base));
    const auto& origin = arrival.origin;
    if (origin && origin->ours) STERNA_CHECK(rows.add({origin->mailbox, origin->uid}));
  }
  return {};
}

void add_headers(const LocalArrival& arrival, std::set<Digest>& headers) {
  if (arrival.identity) headers.insert(arrival.identity->header);
  if (arrival.plain) headers.insert(arrival.plain->header);
}

// Flags were set here on messages that are gone there, or their files were moved: one that was
// moved there between the looks at its two mailboxes has a second row, which is not among what
// changed. And the message whose name a file shared, or that a file is one more of, where the
// server stores none twice.
Status collect_likely(Engine& engine, RowCollector& rows, bool deduplicates) {
  std::set<Digest> headers;
  std::set<Digest> arrived;
  for (const auto& work : engine.mailboxes) {
    for (const LocalArrival& arrival : work->input.local.arrived) {
      add_headers(arrival, arrived);
      if (arrival.namesake || deduplicates) add_headers(arrival, headers);
    }
  }
  for (const auto& work : engine.mailboxes) {
    const UidSet& gone = work->input.remote.gone;
    if (gone.empty()) continue;
    for (const LocalChange& change : work->input.local.changed) {
      if (!gone.contains(change.uid)) continue;
      const MessageRow* row = rows.find({work->row.id, change.uid});
      if (!row || !row->identity || row->flags == change.file.flags) continue;
      headers.insert(row->identity->header);
    }
  }
  for (const auto& [key, row] : rows.all()) {
    const MailboxWork* work = engine.find(key.mailbox);
    if (!work || !work->input.remote.gone.contains(key.uid) || !row.identity) continue;
    if (arrived.contains(row.identity->header)) headers.insert(row.identity->header);
  }
  return headers.empty() ? Status{} : rows.add_with_headers(headers);
}

// A backup was restored, and mailboxes wait to be paired anew, as those that it lacks: what their
// rows know may be what a file of it is, where the message lay before.
Status collect_awaited(Engine& engine, RowCollector& rows) {
  std::set<Digest> headers;
  for (const auto& work : engine.mailboxes) {
    if (!work->input.adopting) continue;
    for (const LocalArrival& arrival : work->input.local.arrived) add_headers(arrival, headers);
  }
  if (headers.empty()) return {};
  STERNA_TRY(const std::vector<MailboxRow> mailboxes, engine.store->mailboxes());
  std::set<MailboxId> awaited;
  for (const MailboxRow& row : mailboxes) {
    if (row.pair_anew) awaited.insert(row.id);
  }
  if (awaited.empty()) return {};
  STERNA_TRY(std::vector<MessageRow> found, engine.store->messages_with_headers(headers));
  for (MessageRow& row : found) {
    if (awaited.contains(row.key.mailbox)) rows.add_row(std::move(row));
  }
  return {};
}

bool is_here(Engine& engine, MailboxWork& work, const MessageRow& row) {
  const Result<maildir::MailboxDirs*> dirs = engine.open_dirs(work);
  if (!dirs || row.base_name.empty()) return false;
  const auto stat = (*dirs)->message_dir(row.in_new).stat_at(full_name(row));
  return stat && to_stamp(*stat) == row.file;
}

// Messages that came back to where their files were kept. The base is read only where something new
// came to such a mailbox.
Status collect_detached(Engine& engine, RowCollector& rows) {
  std::set<Digest> headers;
  for (const auto& work : engine.mailboxes) {
    const RemoteDelta& remote = work->input.remote;
    if (remote.arrived.empty()) continue;
    STERNA_TRY(work->input.has_detached, engine.store->has_detached(work->row.id));
    if (!work->input.has_detached) continue;
    for (const RemoteArrival& detail : remote.details) {
      const bool is_new = detail.identity && remote.arrived.contains(detail.uid);
      if (is_new) headers.insert(detail.identity->header);
    }
  }
  if (headers.empty()) return {};
  STERNA_TRY(std::vector<MessageRow> found, engine.store->messages_with_headers(headers));
  for (MessageRow& row : found) {
    MailboxWork* work = engine.find(row.key.mailbox);
    const bool may_be = row.state == RowState::detached && work && work->input.has_detached;
    if (may_be && is_here(engine, *work, row)) rows.add_row(std::move(row));
  }
  return {};
}

// What may be the copy that an unfinished removal made.
Status collect_copies(RowCollector& rows, const sync::Input& input) {
  std::optional<Uid> first;
  for (const Intent& intent : input.intents) {
    if (intent.kind != IntentKind::delete_out || !intent.to_trash) continue;
    const Uid since = std::max(Uid(1), intent.target_uid_next);
    first = first ? std::min(*first, since) : since;
  }
  if (!first || !input.trash) return {};
  return rows.add(*input.trash, UidSet::range(*first, Uid(UINT32_MAX)));
}

// Where the user's \Deleted is acted on, everything that carries it is concerned; where nothing
// was seen, what carried it was dealt with before.
Status collect_flagged(Engine& engine, RowCollector& rows, const MailboxWork& work) {
  const RemoteDelta& remote = work.input.remote;
  const bool seen = work.listing || !remote.flags.empty() || !remote.arrived.empty();
  if (!work.input.acts_on_deleted() || !seen) return {};
  UidSet flagged;
  STERNA_CHECK(engine.store->for_each(work.row.id, [&](const MessageRow& row) {
    if (row.flags.has(Flag::deleted)) flagged.add(row.key.uid);
  }));
  return rows.add(work.row.id, flagged);
}

void note_hidden_keywords(Engine& engine, const std::vector<MessageRow>& rows) {
  for (const MessageRow& row : rows) {
    MailboxWork* work = engine.find(row.key.mailbox);
    // Where nothing was opened no name was read, either.
    if (!work || !work->dirs) continue;
    for (const std::string& keyword : work->keywords.missing(row.flags)) {
      // What the name was to show got a letter before, if there was one: what has none here and
      // could have it was taken away, and the server is yet to be told.
      const bool taken_away = is_unsaid(row) && maildir::KeywordTable(work->keywords).add(keyword);
      if (!taken_away) work->input.hidden_keywords.add_keyword(keyword);
    }
  }
}

// The brake's windows cost queries, and matter only where something is to go.
Status open_windows(Engine& engine, sync::Input& input) {
  sync::BrakeWindow& account = input.account_window;
  const MailboxPolicy general = engine.settings.policy_for(MailboxName());
  input.account_brake = general.brake;
  for (const auto& work : engine.mailboxes) {
    // Nothing there is guarded: it neither counts nor makes a share of the account look small.
    if (is_bin(*work)) continue;
    const std::int64_t since =
        engine.sure_ms() -
        std::chrono::duration_cast<std::chrono::milliseconds>(work->policy.brake_within).count();
    sync::BrakeWindow& window = work->input.window;
    STERNA_TRY(auto remote, engine.store->removals_since(work->row.id, "remote", since));
    STERNA_TRY(auto local, engine.store->removals_since(work->row.id, "local", since));
    STERNA_TRY(auto flags, engine.store->removals_since(work->row.id, "flags", since));
    STERNA_TRY(store::Store::Counts counts, engine.store->counts(work->row.id));
    window.removed_remote = remote.count;
    window.removed_local = local.count;
    window.flags_lost = flags.count;
    window.messages_at_start = std::max(
        {remote.messages_before, local.messages_before, flags.messages_before, counts.present});
    account.removed_remote += remote.count;
    account.removed_local += local.count;
    account.flags_lost += flags.count;
    account.messages_at_start += window.messages_at_start;
  }
  return {};
}

bool anything_may_go(const Engine& engine) {
  return std::ranges::any_of(engine.mailboxes, [](const auto& work) {
    return !work->input.local.gone.empty() || !work->input.remote.gone.empty() ||
           work->input.acts_on_deleted() || work->removal_begun ||
           std::ranges::any_of(work->input.local.changed,
                               [](const LocalChange& c) { return !c.file.has_info; });
  });
}

// What earlier passes and the user said of files without a row.
Status recall_decisions(Engine& engine) {
  std::set<std::pair<std::int64_t, std::string>> held;
  const bool any = std::ranges::any_of(
      engine.mailboxes, [](const auto& work) { return !work->input.local.arrived.empty(); });
  if (!any) return {};
  STERNA_TRY(std::vector<store::HeldEntry> entries, engine.store->held());
  for (const store::HeldEntry& entry : entries) {
    if (entry.kind == "orphan" || entry.kind == "resurrected") {
      held.emplace(entry.mailbox.value, entry.base_name);
    }
  }
  for (const auto& work : engine.mailboxes) {
    for (LocalArrival& arrival : work->input.local.arrived) {
      const std::string& base = arrival.file.base;
      arrival.held = held.contains({work->row.id.value, base});
      STERNA_TRY(const auto namesake, engine.store->get(namesake_key(base)));
      arrival.namesake = namesake.has_value();
      STERNA_TRY(const auto restored, engine.store->get(orphan_restore_key(base)));
      arrival.restored = restored.has_value();
      if (restored) {
        arrival.held = false;
        arrival.namesake = false;
        arrival.resurrected = false;
        arrival.is_placeholder = false;
        arrival.origin.reset();
      }
      STERNA_TRY(const auto consumed, engine.store->get(consumed_key(work->row.id, base)));
      arrival.consumed = consumed.has_value();
    }
  }
  return {};
}

// Quarantined messages whose next try is due are wanted again. The row says so only once the
// message has come.
void release_due(Engine& engine, std::vector<MessageRow>& rows) {
  std::map<MailboxId, UidSet> parked;
  for (const auto& work : engine.mailboxes) {
    parked[work->row.id] = parked_uids(engine, *work, "download");
  }
  for (MessageRow& row : rows) {
    if (row.state != RowState::quarantined || !parked.contains(row.key.mailbox)) continue;
    if (!parked[row.key.mailbox].contains(row.key.uid)) row.state = RowState::wanted;
  }
}

// An upload or a move in doubt that was looked for and not found: three looks over a minute before
// it is sent again (rule 12; section 1, 28).
constexpr std::int64_t kLookPauseMs = 20'000;

// Where the message in doubt would be was seen in this pass, or is known no more.
Result<bool> was_looked_at(Engine& engine, const Intent& intent) {
  const bool moves = intent.kind == IntentKind::move_out;
  const MailboxId place = moves ? intent.target : intent.mailbox;
  if (const MailboxWork* work = engine.find(place)) {
    return work->requested && work->input.remote.coverage == Coverage::complete;
  }
  STERNA_TRY(const std::optional<MailboxRow> known, engine.store->mailbox(place));
  return !known;
}

Status count_looks(Engine& engine, const sync::Plan& plan) {
  STERNA_TRY(std::vector<Intent> intents, engine.store->intents());
  std::set<IntentId> resolved;
  for (const sync::Action& action : plan.actions) {
    if (const auto* close = std::get_if<sync::CloseIntent>(&action.what)) {
      resolved.insert(close->intent);
    } else if (const auto* upload = std::get_if<sync::Upload>(&action.what)) {
      resolved.insert(upload->intent);
    }
  }
  const std::int64_t now_ms = engine.sure_ms();
  std::vector<Intent> counted;
  for (Intent& intent : intents) {
    const std::int64_t pauses_ms = kLookPauseMs * (static_cast<std::int64_t>(intent.looks) + 1);
    // Written while the clock was ahead: from now on it is as if it had been written just so long
    // ago that this look counts.
    const bool impossible = intent.at_ms > now_ms;
    if (impossible) intent.at_ms = now_ms - pauses_ms;
    const bool due = now_ms - intent.at_ms >= pauses_ms;
    const bool sought = intent.kind == IntentKind::upload || intent.kind == IntentKind::move_out;
    if (!sought || resolved.contains(intent.id) || !due) continue;
    STERNA_TRY(const bool looked, was_looked_at(engine, intent));
    if (!looked) continue;
    ++intent.looks;
    counted.push_back(intent);
  }
  if (counted.empty()) return {};
  return engine.write([&]() -> Status {
    for (const Intent& intent : counted) STERNA_CHECK(engine.store->update_intent(intent));
    return {};
  });
}

Status collect_all(Engine& engine, RowCollector& rows, bool deduplicates) {
  STERNA_TRY(const auto reading, engine.store->read());
  for (const auto& work : engine.mailboxes) {
    STERNA_CHECK(collect(rows, *work));
    STERNA_CHECK(collect_flagged(engine, rows, *work));
  }
  STERNA_CHECK(collect_awaited(engine, rows));
  STERNA_CHECK(collect_detached(engine, rows));
  return collect_likely(engine, rows, deduplicates);
}

}  // namespace

Status drop_unchanged_flags(Engine& engine, MailboxWork& work) {
  RemoteDelta& remote = work.input.remote;
  if (remote.flags.empty()) return {};
  std::vector<RemoteFlags> changed;
  std::size_t at = 0;
  STERNA_TRY(const auto reading, engine.store->read());
  STERNA_CHECK(engine.store->for_each_flags(
      work.row.id, uids_told(remote), [&](Uid uid, RowState, const FlagSet& flags, ModSeq) {
        while (at < remote.flags.size() && remote.flags[at].uid < uid) ++at;
        if (at == remote.flags.size() || remote.flags[at].uid != uid) return;
        if (!(remote.flags[at].flags == flags)) changed.push_back(remote.flags[at]);
      }));
  remote.flags = std::move(changed);
  return {};
}

Result<sync::Input> gather(Engine& engine, bool sizes_reliable, bool deduplicates) {
  STERNA_CHECK(recall_decisions(engine));
  sync::Input input;
  input.generation = engine.generation;
  input.half_seen_since = engine.half_seen_since;
  input.may_look_again = engine.may_look_again;
  input.server_sizes_reliable = sizes_reliable;
  input.append_deduplicates = deduplicates;
  if (MailboxWork* trash = engine.with_role(Role::trash)) input.trash = trash->row.id;
  input.trash_unsynced = engine.trash_there != nullptr;
  RowCollector rows(engine);
  STERNA_CHECK(collect_all(engine, rows, deduplicates));
  STERNA_TRY(input.intents, engine.store->intents());
  std::erase_if(input.intents, [](const Intent& intent) {
    return intent.kind == IntentKind::mailbox_create || intent.kind == IntentKind::mailbox_rename ||
           intent.kind == IntentKind::mailbox_delete;
  });
  for (const Intent& intent : input.intents) {
    if (intent.uid) STERNA_CHECK(rows.add({intent.mailbox, intent.uid}));
    if (!intent.base_name.empty()) STERNA_CHECK(rows.add_by_name(intent.base_name));
  }
  STERNA_CHECK(collect_copies(rows, input));
  STERNA_TRY(std::vector<store::ApprovalEntry> approvals, engine.store->approvals());
  for (const store::ApprovalEntry& approval : approvals) {
    STERNA_TRY(const auto elsewhere, engine.store->get(elsewhere_apply_key(approval.key)));
    input.approvals.push_back({approval.key, approval.uidvalidity,
                               elsewhere == std::to_string(approval.uidvalidity.value)});
    STERNA_CHECK(rows.add(approval.key));
  }
  for (const RowState state :
       {RowState::wanted, RowState::quarantined, RowState::dropping, RowState::deleting}) {
    STERNA_CHECK(rows.add_in_state(state));
  }
  input.rows = rows.take();
  release_due(engine, input.rows);
  note_hidden_keywords(engine, input.rows);
  if (anything_may_go(engine)) STERNA_CHECK(open_windows(engine, input));
  for (const auto& work : engine.mailboxes) input.mailboxes.push_back(work->input);
  return input;
}

namespace {

// Their files lost the part of the name that holds the flags; counted once the server knows.
void note_lost_flags(Engine& engine, const sync::Plan& plan) {
  engine.flags_lost.clear();
  const auto note = [&](const auto* what, const FlagDelta& delta, const LocalFile& file) {
    const MailboxWork* work = engine.find(what->where.mailbox);
    if (!work || file.has_info || delta.remove.empty()) return;
    engine.flags_lost.insert({what->where.mailbox, what->uid});
  };
  for (const sync::Action& action : plan.actions) {
    if (const auto* push = std::get_if<sync::PushFlags>(&action.what); push && push->file) {
      note(push, push->delta, *push->file);
    } else if (const auto* pull = std::get_if<sync::PullFlags>(&action.what)) {
      note(pull, pull->also_push, pull->file);
    }
  }
}

store::HeldEntry to_entry(const Engine& engine, const sync::Held& held) {
  store::HeldEntry entry;
  entry.kind = std::string(sync::to_string(held.kind));
  entry.mailbox = held.mailbox;
  entry.uid = held.uid;
  entry.uidvalidity = held.uidvalidity;
  entry.base_name = held.file ? held.file->base : std::string();
  entry.reason = held.reason;
  entry.since_ms = engine.now_ms();
  return entry;
}

// What the plan holds, and what was held before in mailboxes of which it says nothing.
std::vector<WaitingLine> lines_of(Engine& engine, const std::vector<sync::Waiting>& waiting) {
  std::map<std::pair<MailboxId, std::string>, std::uint64_t> counts;
  for (const sync::Waiting& one : waiting) {
    if (one.pending) ++counts[{one.mailbox, one.reason}];
  }
  std::vector<WaitingLine> lines;
  for (const auto& [key, count] : counts) {
    const MailboxWork* work = engine.find(key.first);
    lines.push_back({work ? work->name() : "", count, key.second});
  }
  return lines;
}

Result<std::vector<store::HeldEntry>> all_that_is_held(
    Engine& engine, const sync::Plan& plan, const std::vector<store::HeldEntry>& before) {
  std::vector<store::HeldEntry> entries = engine.held_mailboxes;
  for (const sync::Held& held : plan.held) entries.push_back(to_entry(engine, held));
  if (before.empty()) return entries;
  STERNA_TRY(const std::vector<MailboxRow> rows, engine.store->mailboxes());
  std::set<MailboxId> unseen;
  for (const MailboxRow& row : rows) {
    const MailboxWork* work = engine.find(row.id);
    const bool seen = work && work->is_seen();
    if (!seen && engine.settings.includes(row.name, row.role)) unseen.insert(row.id);
  }
  std::ranges::copy_if(before, std::back_inserter(entries), [&](const store::HeldEntry& entry) {
    return !is_held_mailbox(entry) && unseen.contains(entry.mailbox);
  });
  return entries;
}

// Each once: as long as it is held it has its entry.
Status note_newly_held(Engine& engine, const std::vector<store::HeldEntry>& before,
                       const std::vector<store::HeldEntry>& entries) {
  std::set<std::tuple<std::string, MailboxId, Uid, std::string>> known;
  for (const store::HeldEntry& entry : before) {
    known.emplace(entry.kind, entry.mailbox, entry.uid, entry.base_name);
  }
  for (const store::HeldEntry& entry : entries) {
    const MailboxWork* work = engine.find(entry.mailbox);
    const bool is_new = !known.contains({entry.kind, entry.mailbox, entry.uid, entry.base_name});
    if (!work || !is_new || is_held_mailbox(entry)) continue;
    STERNA_TRY(const auto row, engine.store->message({entry.mailbox, entry.uid}));
    STERNA_CHECK(engine.add_history(*work, entry.uid, row ? full_name(*row) : entry.base_name,
                                    "held", leaves_server(entry) ? "remote" : "local", entry.kind,
                                    entry.reason));
  }
  return {};
}

}  // namespace

Status settle_plan(Engine& engine, const sync::Plan& plan) {
  note_lost_flags(engine, plan);
  engine.report.waiting = lines_of(engine, plan.waiting);
  engine.unsettled_after_stop = plan.unsettled_after_stop;
  engine.doubtful = plan.doubtful;
  for (const sync::Waiting& waiting : plan.waiting) {
    if (MailboxWork* work = engine.find(waiting.mailbox)) {
      work->cursor_settled = false;
      work->stamp_settled = false;
      engine.log.debug("mailbox {}: waits: {}", work->name(), waiting.reason);
    }
  }
  for (const sync::Held& held : plan.held) {
    if (MailboxWork* work = engine.find(held.mailbox)) {
      work->cursor_settled = work->cursor_settled && held.kind != sync::HeldKind::delete_local;
      work->stamp_settled = false;
    }
  }
  STERNA_TRY(const std::vector<store::HeldEntry> before, engine.store->held());
  STERNA_TRY(const std::vector<store::HeldEntry> entries, all_that_is_held(engine, plan, before));
  engine.report.held = entries.size();
  if (engine.dry_run()) return {};
  STERNA_CHECK(count_looks(engine, plan));
  STERNA_TRY(const bool decided, has_decisions(engine));
  if (entries.empty() && before.empty() && plan.consumed.empty() && !decided) return {};
  STERNA_TRY(auto transaction, engine.store->begin(store::Durability::full));
  STERNA_CHECK(engine.store->replace_held(entries));
  STERNA_CHECK(note_newly_held(engine, before, entries));
  if (decided) STERNA_CHECK(expire_decisions(engine, plan));
  for (const sync::Consumed& consumed : plan.consumed) {
    STERNA_CHECK(engine.store->set(consumed_key(consumed.mailbox, consumed.file.base), kDecided));
    if (const MailboxWork* work = engine.find(consumed.mailbox)) {
      STERNA_CHECK(engine.add_history(*work, Uid{}, consumed.file.name, "let be", "local",
                                      consumed.file.flags.to_string(), consumed.reason));
    }
  }
  return transaction.commit();
}

}  // namespace sterna::account
