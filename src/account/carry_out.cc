// SPDX-License-Identifier: Apache-2.0
#include "carry_out.h"

#include <algorithm>

#include "decisions.h"
#include "execute.h"
#include "row_changes.h"
#include "sterna/maildir/change.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {
namespace {

Status remove_orphan(Engine& engine, MailboxWork& work, const LocalArrival& arrival) {
  const std::string reason = "held, and applied by the user";
  STERNA_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(work));
  STERNA_TRY(io::Directory * undo, engine.open_undo());
  STERNA_CHECK(engine.bump_epoch());  // a backup of before has the file still (rule 14)
  maildir::TouchedDirectories touched;
  const std::string name = engine.services.random.hex(16);
  const maildir::SeenFile seen = to_seen(arrival.file);
  STERNA_CHECK(check_unchanged(*dirs, seen, arrival.file.file));
  std::int64_t entry = 0;
  STERNA_CHECK(engine.write([&]() -> Status {
    STERNA_TRY(entry, engine.store->add_undo({0, name, work.name(), arrival.file.base,
                                              arrival.file.flags, arrival.file.file.size,
                                              arrival.identity, engine.now_ms(), reason}));
    return {};
  }));
  if (Status removed = maildir::remove_to(*dirs, seen, *undo, name, touched); !removed) {
    STERNA_CHECK(engine.write([&] { return engine.store->remove_undo(entry); }));
    return removed;
  }
  STERNA_CHECK(touched.sync());
  work.changed_by_us = true;
  ++engine.report.counts.deleted_in;
  engine.tell(FileChange::Kind::removed, {&work, arrival.file.in_new, arrival.file.name});
  return engine.write([&]() -> Status {
    // As of a file that was moved: what the name says of it stands.
    STERNA_CHECK(engine.store->add_tombstone({{work.row.id, Uid{}},
                                              arrival.file.base,
                                              arrival.file.file.ino,
                                              engine.boot_id,
                                              engine.now_ms()}));
    STERNA_CHECK(engine.store->unset(orphan_apply_key(work.row.id, arrival.file.base)));
    STERNA_CHECK(engine.store->unset(namesake_key(arrival.file.base)));
    return engine.add_history(work, Uid{}, arrival.file.name, "deleted", "local",
                              arrival.file.flags.to_string(), reason,
                              message_id_of(arrival.identity));
  });
}

// The answer was about another file.
Status ask_again(Engine& engine, MailboxWork& work, const LocalArrival& arrival) {
  work.look_again();
  engine.again = true;
  return engine.write(
      [&] { return engine.store->unset(orphan_apply_key(work.row.id, arrival.file.base)); });
}

Status remove_orphans(Engine& engine, MailboxWork& work) {
  std::vector<LocalArrival>& arrived = work.input.local.arrived;
  std::vector<LocalArrival> left;
  for (LocalArrival& arrival : arrived) {
    STERNA_TRY(const auto decided,
               engine.store->get(orphan_apply_key(work.row.id, arrival.file.base)));
    if (!decided) {
      left.push_back(std::move(arrival));
      continue;
    }
    if (Status removed = remove_orphan(engine, work, arrival); !removed) {
      if (removed.error().is(ErrorCode::changed)) {
        STERNA_CHECK(ask_again(engine, work, arrival));
      } else {
        engine.note(std::move(removed).error(), &work);
      }
      left.push_back(std::move(arrival));
    }
  }
  arrived = std::move(left);
  return {};
}

Status restore_flags(Engine& engine, MailboxWork& work) {
  UidSet restored;
  for (const LocalChange& change : work.input.local.changed) {
    // What has its flags again says what the user wants.
    if (change.file.has_info) continue;
    const std::string key = flags_restore_key(work.row.id, change.uid);
    STERNA_TRY(const auto decided, engine.store->get(key));
    if (!decided) continue;
    STERNA_TRY(std::optional<MessageRow> row, engine.store->message({work.row.id, change.uid}));
    if (!row) continue;
    STERNA_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(work));
    maildir::TouchedDirectories touched;
    Result<maildir::SeenFile> renamed =
        maildir::rename_flags(*dirs, to_seen(change.file), row->flags.mask(),
                              work.keywords.letters_of(row->flags), touched);
    if (!renamed) {
      engine.note(std::move(renamed).error(), &work);
      continue;
    }
    STERNA_CHECK(touched.sync());
    work.changed_by_us = true;
    engine.again = true;
    row->in_new = renamed->in_new;
    row->info = info_part(renamed->name);
    STERNA_CHECK(engine.write([&]() -> Status {
      STERNA_CHECK(engine.store->put_message(*row));
      return engine.store->unset(key);
    }));
    restored.add(change.uid);
  }
  std::erase_if(work.input.local.changed,
                [&](const LocalChange& change) { return restored.contains(change.uid); });
  return {};
}

}  // namespace

Status carry_out_decisions(Engine& engine) {
  if (engine.dry_run()) return {};
  for (const auto& work : engine.mailboxes) {
    if (!work->input.local.arrived.empty()) STERNA_CHECK(remove_orphans(engine, *work));
    if (!work->input.local.changed.empty()) STERNA_CHECK(restore_flags(engine, *work));
  }
  return {};
}

}  // namespace sterna::account
