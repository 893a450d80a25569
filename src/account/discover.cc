// SPDX-License-Identifier: Apache-2.0
#include "discover.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "list_remote.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/layout.h"

namespace sterna::account {
namespace {

struct LocalWalk {
  std::vector<sync::LocalMailbox> mailboxes;
  std::map<std::string, maildir::MailboxStamp> stamps;  // by path
  bool complete = true;
};

std::uint64_t count_messages(io::Directory& root, const maildir::MailboxPath& path) {
  Result<maildir::MailboxDirs> dirs = maildir::open_mailbox(root, path);
  if (!dirs) return 0;
  Result<maildir::Listing> listing = maildir::list_mailbox(*dirs->home);
  return listing ? listing->entries().size() : 0;
}

// What is only here is counted: whether anything is in it decides what may happen to it.
coro::Task<Result<LocalWalk>> walk_local(Engine& engine, const std::vector<MailboxRow>& rows,
                                         const std::set<std::string>& on_server) {
  const maildir::Layout layout(engine.settings.layout, engine.settings.inbox);
  io::Directory& root = *engine.root;
  auto job = [&] { return maildir::discover(root, layout); };
  STERNA_CO_TRY(maildir::Discovery found, co_await on_worker(engine.services, job));
  LocalWalk walk;
  walk.complete = found.unreadable.empty();
  for (const std::string& text : found.unusable) {
    engine.log.warn("not synced: {}", text);
  }
  std::map<std::string, const MailboxRow*> by_path;
  for (const MailboxRow& row : rows) by_path[row.path] = &row;
  for (const maildir::LocalMailbox& one : found.mailboxes) {
    sync::LocalMailbox local;
    local.path = maildir::to_string(one.path);
    const auto known = by_path.find(local.path);
    if (known != by_path.end()) {
      local.name = known->second->name;
    } else {
      if (one.shortened) continue;
      Result<MailboxName> name = engine.settings.to_remote(one.name);
      if (!name) {
        engine.note(std::move(name).error());
        continue;
      }
      local.name = std::move(*name);
    }
    local.cur_dev = one.stamp.cur.dev;
    local.cur_ino = one.stamp.cur.ino;
    local.suspect = !one.complete;
    // Another directory under a known name: a mount, a restored tree. Believed only if it is not
    // empty where the base knows messages (rule 15).
    if (known != by_path.end() && known->second->has_local && known->second->cur_ino != 0 &&
        (known->second->cur_ino != local.cur_ino || known->second->cur_dev != local.cur_dev)) {
      STERNA_CO_TRY(store::Store::Counts counts, engine.store->counts(known->second->id));
      const std::uint64_t here = count_messages(root, one.path);
      if (here * 2 < counts.present) local.suspect = true;
    }
    if (known == by_path.end() || !on_server.contains(local.name.text())) {
      local.messages = count_messages(root, one.path);
    }
    local.policy = policy_of(engine, local.name, Role::none);
    walk.stamps[local.path] = one.stamp;
    walk.mailboxes.push_back(std::move(local));
  }
  for (const maildir::MailboxPath& path : found.bare) {
    const auto known = by_path.find(maildir::to_string(path));
    if (known == by_path.end() || !known->second->has_local) continue;
    sync::LocalMailbox local;
    local.name = known->second->name;
    local.path = known->first;
    local.suspect = true;
    walk.mailboxes.push_back(std::move(local));
  }
  co_return walk;
}

// Carries out what plan_mailboxes() decided; each in the order intent, effect, row.
class MailboxExecution {
 public:
  MailboxExecution(Engine& engine, Connection& connection)
      : engine_(engine), connection_(connection) {}

  coro::Task<Status> run(const std::vector<sync::MailboxAction>& actions) {
    for (const sync::MailboxAction& action : actions) {
      if (engine_.dry_run()) {
        plan_line(action);
        continue;
      }
      Status done = co_await carry_out(action);
      if (done) continue;
      if (done.error().scope() == ErrorScope::account || !connection_.usable()) co_return done;
      engine_.note(std::move(done).error().with_context(std::string(kind_of(action))));
    }
    co_return Status{};
  }

  // Mailboxes of which nothing may be touched in this pass.
  std::set<std::int64_t> frozen;
  std::set<std::int64_t> removed;
  bool held = false;

 private:
  void plan_line(const sync::MailboxAction& action) {
    engine_.report.plan.push_back(
        {name_of(action), std::string(sync::kind_of(action)), 1, action.reason});
    std::visit([&](const auto& what) { freeze_if(what); }, action.what);
  }

  template <class What>
  void freeze_if(const What& what) {
    if constexpr (std::is_same_v<What, sync::Freeze> || std::is_same_v<What, sync::WaitMailbox> ||
                  std::is_same_v<What, sync::HoldMailbox>) {
      frozen.insert(what.id.value);
    }
    if constexpr (std::is_same_v<What, sync::HoldMailbox>) held = true;
  }

  std::string name_of(const sync::MailboxAction& action) const {
    return std::visit(
        [](const auto& what) -> std::string {
          if constexpr (requires { what.remote.name; })
            return what.remote.name.text();
          else if constexpr (requires { what.local.name; })
            return what.local.name.text();
          else if constexpr (requires { what.name; })
            return what.name.text();
          else if constexpr (requires { what.to.name; })
            return what.to.name.text();
          else if constexpr (requires { what.path; })
            return what.path;
          else
            return {};
        },
        action.what);
  }

  coro::Task<Status> carry_out(const sync::MailboxAction& action) {
    engine_.log.info("mailbox {}: {}: {}", name_of(action), sync::kind_of(action), action.reason);
    reason_ = action.reason;
    if (const auto* what = std::get_if<sync::CreateLocal>(&action.what)) {
      co_return create_local(*what);
    }
    if (const auto* what = std::get_if<sync::CreateRemote>(&action.what)) {
      co_return co_await create_remote(*what);
    }
    if (const auto* what = std::get_if<sync::AdoptBoth>(&action.what)) {
      co_return adopt(*what);
    }
    if (const auto* what = std::get_if<sync::RenameLocal>(&action.what)) {
      co_return rename_local(*what);
    }
    if (const auto* what = std::get_if<sync::RenameRemote>(&action.what)) {
      co_return co_await rename_remote(*what);
    }
    if (const auto* what = std::get_if<sync::RenameRow>(&action.what)) {
      co_return rename_row(*what);
    }
    if (const auto* what = std::get_if<sync::RemoveLocal>(&action.what)) {
      co_return remove_local(*what);
    }
    if (const auto* what = std::get_if<sync::RemoveRemote>(&action.what)) {
      co_return co_await remove_remote(*what);
    }
    if (const auto* what = std::get_if<sync::ForgetMailbox>(&action.what)) {
      removed.insert(what->id.value);
      co_return forget(what->id);
    }
    std::visit([&](const auto& what) { freeze_if(what); }, action.what);
    if (std::holds_alternative<sync::Freeze>(action.what)) {
      co_return fail(Error(ErrorCode::marker, action.reason)
                         .with_scope(ErrorScope::mailbox)
                         .with_hint("nothing of it is touched until its directory is back"));
    }
    if (const auto* what = std::get_if<sync::HoldMailbox>(&action.what)) {
      engine_.log.warn("mailbox {} is held: {}", what->name.text(), action.reason);
    }
    co_return Status{};
  }

  Result<MailboxRow> row_of(MailboxId id) {
    STERNA_TRY(std::vector<MailboxRow> rows, engine_.store->mailboxes());
    for (MailboxRow& row : rows) {
      if (row.id == id) return std::move(row);
    }
    return MailboxRow{};
  }

  Status save(MailboxRow& row) {
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    if (row.id) {
      STERNA_CHECK(engine_.store->update_mailbox(row));
    } else {
      row.listed_since = engine_.generation;
      STERNA_TRY(row.id, engine_.store->add_mailbox(row));
    }
    return transaction.commit();
  }

  static void take(MailboxRow& row, const sync::RemoteMailbox& remote) {
    row.name = remote.name;
    row.wire = remote.wire;
    row.delimiter = remote.delimiter;
    row.mailbox_id = remote.mailbox_id;
    row.role = remote.role;
    row.has_remote = true;
    row.remote_absences = 0;
  }
  static void take(MailboxRow& row, const sync::LocalMailbox& local) {
    row.path = local.path;
    row.cur_dev = local.cur_dev;
    row.cur_ino = local.cur_ino;
    row.has_local = true;
  }

  Result<maildir::MailboxPath> path_for(const MailboxName& remote) {
    STERNA_TRY(const MailboxName local, engine_.settings.to_local(remote));
    const maildir::Layout layout(engine_.settings.layout, engine_.settings.inbox);
    STERNA_TRY(std::vector<MailboxRow> rows, engine_.store->mailboxes());
    std::map<MailboxName, maildir::MailboxPath> known;
    for (const MailboxRow& row : rows) {
      if (!row.has_local) continue;
      if (Result<MailboxName> name = engine_.settings.to_local(row.name)) {
        known[*name] = maildir::parse_mailbox_path(row.path);
      }
    }
    auto paths = layout.assign_paths({local}, known, false);
    return paths[local];
  }

  Status create_local(const sync::CreateLocal& what) {
    STERNA_TRY(MailboxRow row, row_of(what.id));
    STERNA_TRY(const maildir::MailboxPath path, path_for(what.remote.name));
    STERNA_TRY(maildir::MailboxDirs dirs,
               maildir::create_mailbox(*engine_.root, engine_.settings.layout, path));
    STERNA_TRY(const io::FileStat cur, dirs.cur->stat());
    take(row, what.remote);
    row.path = maildir::to_string(path);
    row.cur_dev = cur.dev;
    row.cur_ino = cur.ino;
    row.has_local = true;
    row.stamp.clear();
    ++engine_.report.counts.mailboxes_in;
    STERNA_CHECK(save(row));
    return history(row, "mailbox created", "local", reason_);
  }

  coro::Task<Status> create_remote(const sync::CreateRemote& what) {
    imap::NameRules rules = connection_.names;
    STERNA_CO_TRY(WireName wire, imap::encode_mailbox(what.local.name, rules));
    STERNA_CO_TRY(MailboxRow row, row_of(what.id));
    STERNA_CO_TRY(imap::Done done, co_await connection_.run(imap::create(wire)));
    if (!done.ok() && !done.code.is(imap::Code::already_exists)) {
      co_return fail(imap::error_from(done).with_context(
          fmt::format("mailbox {}: create it on the server", what.local.name.text())));
    }
    // What subscribers see: a mailbox that was made here is wanted everywhere.
    STERNA_CO_TRY(imap::Done subscribed, co_await connection_.run(imap::subscribe(wire)));
    row.name = what.local.name;
    row.wire = wire;
    row.delimiter = rules.delimiter;
    row.has_remote = true;
    take(row, what.local);
    ++engine_.report.counts.mailboxes_out;
    STERNA_CO_CHECK(save(row));
    co_return history(row, "mailbox created", "remote", reason_);
  }

  Status adopt(const sync::AdoptBoth& what) {
    STERNA_TRY(MailboxRow row, row_of(what.id));
    take(row, what.remote);
    take(row, what.local);
    return save(row);
  }

  Status rename_local(const sync::RenameLocal& what) {
    STERNA_TRY(MailboxRow row, row_of(what.id));
    STERNA_TRY(const MailboxName local, engine_.settings.to_local(what.to.name));
    const maildir::Layout layout(engine_.settings.layout, engine_.settings.inbox);
    const maildir::MailboxPath to = layout.path_of(local);
    Status renamed =
        maildir::rename_mailbox(*engine_.root, maildir::parse_mailbox_path(what.from_path), to);
    const bool carried = what.with_parent && !renamed && renamed.error().is(ErrorCode::not_found);
    if (!renamed && !carried) return renamed;
    take(row, what.to);
    row.path = maildir::to_string(to);
    row.stamp.clear();
    ++engine_.report.counts.mailboxes_in;
    STERNA_CHECK(save(row));
    return history(row, "mailbox renamed", "local", fmt::format("from {}", what.from.text()));
  }

  coro::Task<Status> rename_remote(const sync::RenameRemote& what) {
    STERNA_CO_TRY(MailboxRow row, row_of(what.id));
    STERNA_CO_TRY(WireName to, imap::encode_mailbox(what.to.name, connection_.names));
    STERNA_CO_TRY(imap::Done done, co_await connection_.run(imap::rename(what.from, to)));
    // Carried along by its parent: the old name is gone and the new one exists.
    const bool carried = what.with_parent && done.status == imap::StatusKind::no;
    if (!done.ok() && !carried) {
      co_return fail(imap::error_from(done).with_context(fmt::format(
          "mailbox {}: rename it on the server to {}", row.name.text(), what.to.name.text())));
    }
    const std::string from = row.name.text();
    row.name = what.to.name;
    row.wire = to;
    take(row, what.to);
    row.stamp.clear();
    ++engine_.report.counts.mailboxes_out;
    STERNA_CO_CHECK(save(row));
    co_return history(row, "mailbox renamed", "remote", fmt::format("from {}", from));
  }

  Status rename_row(const sync::RenameRow& what) {
    STERNA_TRY(MailboxRow row, row_of(what.id));
    take(row, what.remote);
    take(row, what.local);
    return save(row);
  }

  Status remove_local(const sync::RemoveLocal& what) {
    STERNA_TRY(MailboxRow row, row_of(what.id));
    STERNA_CHECK(engine_.bump_epoch());
    STERNA_CHECK(
        maildir::remove_empty_mailbox(*engine_.root, maildir::parse_mailbox_path(what.path)));
    removed.insert(what.id.value);
    ++engine_.report.counts.mailboxes_in;
    STERNA_CHECK(history(row, "mailbox removed", "local", what.proof));
    return forget(what.id);
  }

  coro::Task<Status> remove_remote(const sync::RemoveRemote& what) {
    STERNA_CO_TRY(MailboxRow row, row_of(what.id));
    ListSink sink;
    STERNA_CO_CHECK(
        co_await connection_.run_ok(imap::status(what.wire, {imap::StatusItem::messages}), &sink));
    const auto it = sink.statuses.find(what.wire.octets);
    if (it == sink.statuses.end() || !it->second.messages || *it->second.messages != 0) {
      frozen.insert(what.id.value);
      held = true;
      co_return Status{};
    }
    STERNA_CO_CHECK(engine_.bump_epoch());
    STERNA_CO_CHECK(co_await connection_.run_ok(imap::delete_mailbox(what.wire)));
    removed.insert(what.id.value);
    ++engine_.report.counts.mailboxes_out;
    STERNA_CO_CHECK(history(row, "mailbox removed", "remote", what.proof));
    co_return forget(what.id);
  }

  Status forget(MailboxId id) {
    STERNA_TRY(auto transaction, engine_.store->begin(store::Durability::full));
    STERNA_CHECK(engine_.store->remove_mailbox(id));
    return transaction.commit();
  }

  Status history(const MailboxRow& row, std::string event, std::string side, std::string detail) {
    return engine_.write([&] {
      return engine_.store->add_history({engine_.now_ms(), row.name.text(), Uid{}, row.path,
                                         std::move(event), std::move(side), std::move(detail),
                                         reason_});
    });
  }

  Engine& engine_;
  Connection& connection_;
  std::string reason_;
};

Result<sync::MailboxesInput> mailboxes_input(Engine& engine, const std::vector<MailboxRow>& rows,
                                             const RemoteList& remote, const LocalWalk& local) {
  sync::MailboxesInput input;
  input.remote_complete = remote.complete;
  input.local_complete = local.complete;
  for (const RemoteListing& one : remote.mailboxes) input.remote.push_back(one.mailbox);
  input.local = local.mailboxes;
  std::set<std::string> listed;
  for (const RemoteListing& one : remote.mailboxes) listed.insert(one.mailbox.name.text());
  for (const MailboxRow& row : rows) {
    sync::KnownMailbox known;
    known.row = row;
    if (remote.complete && row.has_remote) {
      known.row.remote_absences = listed.contains(row.name.text()) ? 0 : row.remote_absences + 1;
    }
    known.policy = policy_of(engine, row.name, row.role);
    // Counting costs a scan, and is of use only where a side lacks the mailbox.
    const bool missing = !listed.contains(row.name.text()) || !local.stamps.contains(row.path);
    if (missing) {
      STERNA_TRY(store::Store::Counts counts, engine.store->counts(row.id));
      known.on_server = counts.on_server;
      known.files = counts.present;
    }
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

Result<std::unique_ptr<MailboxWork>> work_of(Engine& engine, const MailboxRow& row,
                                             const RemoteList& remote, const LocalWalk& local,
                                             bool frozen) {
  auto work = std::make_unique<MailboxWork>();
  work->row = row;
  work->policy = engine.settings.policy_for(row.name);
  work->path = maildir::parse_mailbox_path(row.path);
  const auto requested = [&](const MailboxName& name) {
    return row.name == name || row.name.is_below(name);
  };
  work->requested =
      engine.request.mailboxes.empty() || std::ranges::any_of(engine.request.mailboxes, requested);
  if (const auto stamp = local.stamps.find(row.path); stamp != local.stamps.end()) {
    work->stamp_now = stamp->second;
  }
  for (const RemoteListing& one : remote.mailboxes) {
    if (one.mailbox.wire != row.wire) continue;
    work->status = one.status;
    work->selectable = one.mailbox.selectable;
    work->row.role = one.mailbox.role;
  }
  if (frozen) {
    work->input.local.suspect = true;
    work->requested = false;
    work->cursor_settled = work->stamp_settled = false;
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
  return work;
}

}  // namespace

coro::Task<Status> discover(Engine& engine, Connection& connection) {
  STERNA_CO_TRY(const RemoteList remote, co_await list_remote(engine, connection));
  STERNA_CO_TRY(std::vector<MailboxRow> rows, engine.store->mailboxes());
  std::set<std::string> on_server;
  for (const RemoteListing& one : remote.mailboxes) on_server.insert(one.mailbox.name.text());
  STERNA_CO_TRY(LocalWalk local, co_await walk_local(engine, rows, on_server));
  STERNA_CO_TRY(sync::MailboxesInput input, mailboxes_input(engine, rows, remote, local));
  STERNA_CO_CHECK(save_absences(engine, rows, input));
  const std::vector<sync::MailboxAction> actions = sync::plan_mailboxes(input);
  MailboxExecution execution(engine, connection);
  STERNA_CO_CHECK(co_await execution.run(actions));
  engine.held_mailboxes = execution.held ? 1 : 0;
  if (!actions.empty() && !engine.dry_run()) {
    STERNA_CO_TRY(rows, engine.store->mailboxes());
    STERNA_CO_TRY(local, co_await walk_local(engine, rows, on_server));
  }
  engine.mailboxes.clear();
  for (const MailboxRow& row : rows) {
    if (!row.has_local || !row.has_remote) continue;
    if (!engine.settings.includes(row.name, row.role)) continue;
    STERNA_CO_TRY(std::unique_ptr<MailboxWork> work,
                  work_of(engine, row, remote, local, execution.frozen.contains(row.id.value)));
    if (work->selectable) engine.mailboxes.push_back(std::move(work));
  }
  const auto inbox = std::ranges::find_if(
      engine.mailboxes, [](const auto& work) { return work->row.name.is_inbox(); });
  if (inbox != engine.mailboxes.end()) std::rotate(engine.mailboxes.begin(), inbox, inbox + 1);
  co_return Status{};
}

}  // namespace sterna::account
