// SPDX-License-Identifier: Apache-2.0
// Files that leave the Maildir: deletions in, and wrecks whose messages are fetched again. The row
// says so first; then the files go in one batch, the directories are flushed, and one transaction
// records it (rule 3). A file that is not what was seen stays (rule 21).
#include <fmt/format.h>

#include "execute.h"
#include "failures.h"
#include "look_closer.h"
#include "removal_count.h"
#include "row_changes.h"
#include "sterna/base/step.h"
#include "sterna/maildir/change.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {

Status check_unchanged(maildir::MailboxDirs& dirs, const maildir::SeenFile& seen,
                       const FileStamp& stamp) {
  if (stamp.size == 0 && stamp.mtime_ns == 0) return {};
  const auto now = dirs.message_dir(seen.in_new).stat_at(seen.name);
  if (!now || (now->size == stamp.size && now->mtime_ns == stamp.mtime_ns)) return {};
  return fail(ErrorCode::changed, fmt::format("{} was written to since it was seen", seen.name));
}

namespace {

struct Removal {
  MailboxWork* work = nullptr;   // of the row
  MailboxWork* place = nullptr;  // where the file is
  RowState meanwhile = RowState::dropping;
  RowState into = RowState::tombstone;
  std::optional<FileStamp> wreck;  // what is taken away is not the row's file any more
  FileStamp stamp;                 // the file as it was seen; without a size or a time: not known
  MessageRow row;
  bool rowless = false;  // it is only written down for the time being
  maildir::SeenFile seen;
  std::string undo_name;
  std::int64_t undo_id = 0;  // of its entry; none: the file is not kept
  std::string reason;
  std::optional<Error> error;
  bool written_to = false;  // in place, since it was seen
};

Removal removal_of(Engine& engine, MessageRow row, MailboxId place,
                   const std::optional<LocalFile>& file) {
  Removal removal;
  removal.work = engine.find(row.key.mailbox);
  removal.place = place ? engine.find(place) : removal.work;
  removal.row = std::move(row);
  removal.seen =
      file ? to_seen(*file)
           : maildir::SeenFile{removal.row.in_new, full_name(removal.row), removal.row.file.ino};
  removal.stamp = file ? file->file : removal.row.file;
  removal.undo_name = engine.services.random.hex(16);
  if (Result<maildir::MailboxDirs*> dirs = engine.open_dirs(*removal.place); !dirs) {
    removal.error = dirs.error();
  }
  return removal;
}

Result<std::vector<Removal>> deletions_of(Engine& engine, const sync::Plan& plan) {
  std::vector<Removal> removals;
  for (const sync::Action& action : plan.actions) {
    const auto* what = std::get_if<sync::DeleteIn>(&action.what);
    if (!what) continue;
    STERNA_TRY(std::optional<MessageRow> row,
               engine.store->message({what->where.mailbox, what->uid}));
    if (!row) continue;
    Removal removal = removal_of(engine, std::move(*row), what->file_mailbox, what->file);
    removal.into = what->into;
    removal.reason = fmt::format("{} ({})", action.reason, what->proof);
    removals.push_back(std::move(removal));
  }
  return removals;
}

Result<std::vector<Removal>> repairs_of(Engine& engine, const sync::Plan& plan) {
  std::vector<Removal> removals;
  for (const sync::Action& action : plan.actions) {
    const auto* what = std::get_if<sync::Repair>(&action.what);
    if (!what) continue;
    const MessageKey key{what->where.mailbox, what->uid};
    STERNA_TRY(std::optional<MessageRow> row, engine.store->message(key));
    const bool rowless = !row;
    if (rowless) {
      row.emplace().key = key;
      row->base_name = what->file.base;
    }
    Removal removal = removal_of(engine, std::move(*row), what->file_mailbox, what->file);
    removal.rowless = rowless;
    removal.meanwhile = removal.into = RowState::wanted;
    removal.wreck = what->file.file;
    removal.reason = action.reason;
    removals.push_back(std::move(removal));
  }
  return removals;
}

// As its name has them, which may be newer than what was agreed on; of keywords without a letter
// only the row knows.
FlagSet flags_of(const Removal& removal) {
  const maildir::FileName name = maildir::parse_file_name(removal.seen.name);
  if (!name.tells_flags()) return removal.row.flags;
  FlagSet unnamed;
  for (const std::string& keyword : removal.place->keywords.missing(removal.row.flags)) {
    unnamed.add_keyword(keyword);
  }
  return removal.place->keywords.flags_of(name.mask, name.keywords).united(unnamed);
}

// With the entry of the undo area, so that a sync that dies leaves no file there of which nobody
// knows where it was.
Status write_down(Engine& engine, std::vector<Removal>& removals, bool keeps) {
  return engine.write([&]() -> Status {
    for (Removal& removal : removals) {
      if (keeps && !removal.error) {
        STERNA_TRY(
            removal.undo_id,
            engine.store->add_undo({0, removal.undo_name, removal.work->name(),
                                    removal.row.base_name, flags_of(removal), removal.row.file.size,
                                    removal.row.identity, engine.now_ms(), removal.reason}));
      }
      if (!removal.wreck) {
        STERNA_CHECK(engine.store->set_state(removal.row.key, removal.meanwhile));
        continue;
      }
      MessageRow row = removal.row;
      row.state = removal.meanwhile;
      row.file = *removal.wreck;
      STERNA_CHECK(engine.store->put_message(row));
    }
    return {};
  });
}

Status remove_files(std::vector<Removal>& removals, io::Directory* undo, bool fsync) {
  maildir::TouchedDirectories touched;
  for (Removal& removal : removals) {
    if (removal.error) continue;
    maildir::MailboxDirs& dirs = *removal.place->dirs;
    if (Status same = check_unchanged(dirs, removal.seen, removal.stamp); !same) {
      removal.written_to = true;
      removal.error = std::move(same).error();
      continue;
    }
    Status removed = undo
                         ? maildir::remove_to(dirs, removal.seen, *undo, removal.undo_name, touched)
                         : maildir::remove_file(dirs, removal.seen, touched);
    if (!removed) removal.error = removed.error();
  }
  return fsync ? touched.sync() : Status{};
}

// Not what was seen: the row is as before, and is looked at again.
Status take_back(Engine& engine, const Removal& removal) {
  removal.work->look_again();
  removal.place->look_again();
  if (removal.written_to) STERNA_CHECK(doubt_files(engine, *removal.place));
  engine.again = engine.again || removal.error->is(ErrorCode::changed);
  const MessageKey& key = removal.row.key;
  if (removal.wreck) engine.outcomes.undone.insert({key.mailbox, key.uid, {}, "repair"});
  if (removal.undo_id != 0) STERNA_CHECK(engine.store->remove_undo(removal.undo_id));
  return removal.rowless ? engine.store->remove_message(key)
                         : engine.store->put_message(removal.row);
}

// After the transaction that took them back.
void park_failed(Engine& engine, const std::vector<Removal>& removals) {
  for (const Removal& removal : removals) {
    if (!removal.error || removal.error->is(ErrorCode::changed)) continue;
    const std::string action = removal.wreck ? "repair" : "delete_in";
    engine.outcomes.unfinished.insert({removal.work->row.id, removal.row.key.uid, {}, action});
    park(engine, *removal.work, removal.row.key.uid, {}, action, *removal.error);
  }
}

Status record(Engine& engine, const Removal& removal) {
  removal.place->changed_by_us = true;
  if (removal.into == RowState::tombstone) {
    return bury(engine, *removal.work, removal.row, "local", "deleted", removal.reason);
  }
  STERNA_CHECK(engine.add_history(*removal.work, removal.row.key.uid, removal.seen.name,
                                  removal.wreck ? "repaired" : "let be", "local",
                                  std::string(to_string(removal.into)), removal.reason));
  MessageRow row = removal.row;
  row.state = removal.into;
  row.base_name.clear();
  row.info.clear();
  row.file = {};
  return engine.store->put_message(row);
}

// Intent, effect, flush; what remains is to record it.
coro::Task<Status> remove_all(Engine& engine, std::vector<Removal>& removals, io::Directory* undo) {
  STERNA_CO_CHECK(write_down(engine, removals, undo != nullptr));
  at_step("delete_in.intended");
  const bool fsync = engine.settings.fsync;
  auto job = [&removals, undo, fsync] { return remove_files(removals, undo, fsync); };
  STERNA_CO_CHECK(co_await on_worker(engine.services, job));
  at_step("delete_in.flushed");
  co_return Status{};
}

Status record_deletions(Engine& engine, const std::vector<Removal>& removals) {
  STERNA_TRY(auto transaction, engine.store->begin(store::Durability::full));
  STERNA_TRY(RemovalCount count, RemovalCount::begin(engine));
  for (const Removal& removal : removals) {
    if (removal.error) {
      STERNA_CHECK(take_back(engine, removal));
      continue;
    }
    count.add(*removal.work, removal.row.key.uid);
    engine.tell(FileChange::Kind::removed, {removal.place, removal.seen.in_new, removal.seen.name});
    STERNA_CHECK(record(engine, removal));
    STERNA_CHECK(engine.store->remove_approval(removal.row.key));
    ++engine.report.counts.deleted_in;
  }
  STERNA_CHECK(count.save("local"));
  STERNA_CHECK(transaction.commit());
  at_step("delete_in.recorded");
  park_failed(engine, removals);
  return {};
}

}  // namespace

coro::Task<Status> repair_wrecks(Engine& engine, const sync::Plan& plan, RemoteWork& remote) {
  STERNA_CO_TRY(std::vector<Removal> removals, repairs_of(engine, plan));
  if (removals.empty()) co_return Status{};
  STERNA_CO_TRY(io::Directory * undo, engine.open_undo());
  STERNA_CO_CHECK(co_await remove_all(engine, removals, undo));
  STERNA_CO_TRY(auto transaction, engine.store->begin(store::Durability::full));
  for (const Removal& removal : removals) {
    if (removal.error) {
      STERNA_CO_CHECK(take_back(engine, removal));
      continue;
    }
    STERNA_CO_CHECK(record(engine, removal));
    // A repair that was begun before: the plan has a download of its own.
    if (removal.row.state == RowState::wanted) continue;
    remote.downloads.push_back(
        {removal.row.key.mailbox, UidSet::single(removal.row.key.uid), removal.reason});
  }
  STERNA_CO_CHECK(transaction.commit());
  at_step("repair.recorded");
  park_failed(engine, removals);
  co_return Status{};
}

coro::Task<Status> execute_local_removals(Engine& engine, const sync::Plan& plan) {
  STERNA_CO_TRY(std::vector<Removal> removals, deletions_of(engine, plan));
  if (removals.empty()) co_return Status{};
  STERNA_CO_CHECK(engine.bump_epoch());
  io::Directory* undo = nullptr;
  if (engine.settings.undo.count() > 0) {
    STERNA_CO_TRY(undo, engine.open_undo());
  }
  STERNA_CO_CHECK(co_await remove_all(engine, removals, undo));
  co_return record_deletions(engine, removals);
}

}  // namespace sterna::account
