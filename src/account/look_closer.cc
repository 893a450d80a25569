// SPDX-License-Identifier: Apache-2.0
#include "look_closer.h"

namespace sterna::account {
namespace {

struct Doubted {
  Uid uid;
  maildir::SeenFile seen;
  FileStamp stamp;
  bool unflushed = false;
};

bool is_unflushed(const Engine& engine, const MessageRow& row) {
  return engine.unflushed_since && row.local_since >= *engine.unflushed_since;
}

Result<std::vector<Doubted>> files_to_look_at(Engine& engine, const MailboxWork& work) {
  std::vector<Doubted> files;
  STERNA_CHECK(engine.store->for_each(work.row.id, [&](const MessageRow& row) {
    const bool stamped = row.file.size != 0 || row.file.mtime_ns != 0;
    if (row.state != RowState::present || !stamped || !is_unflushed(engine, row)) return;
    const maildir::Entry* entry = work.listing->find(row.base_name);
    if (!entry || entry->kind == maildir::EntryKind::strange || entry->ino != row.file.ino) return;
    files.push_back({row.key.uid, work.listing->seen(*entry), row.file, true});
  }));
  return files;
}

std::vector<ChangedInPlace> compare_stats(maildir::MailboxDirs& dirs,
                                          const std::vector<Doubted>& files) {
  std::vector<ChangedInPlace> changed;
  for (const Doubted& file : files) {
    const Result<io::FileStat> now = dirs.message_dir(file.seen.in_new).stat_at(file.seen.name);
    if (!now || now->ino != file.stamp.ino) continue;
    if (now->size != file.stamp.size) changed.push_back({file.uid, file.unflushed});
  }
  return changed;
}

}  // namespace

bool needs_closer_look(const Engine& engine, const MailboxWork& work) {
  return engine.unflushed_since && work.row.has_local && !work.input.local.suspect;
}

coro::Task<Result<std::vector<ChangedInPlace>>> look_closer(Engine& engine, MailboxWork& work) {
  if (!needs_closer_look(engine, work)) co_return std::vector<ChangedInPlace>();
  STERNA_CO_TRY(const std::vector<Doubted> files, files_to_look_at(engine, work));
  STERNA_CO_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(work));
  auto job = [dirs, &files] { return compare_stats(*dirs, files); };
  co_return co_await on_worker(engine.services, job);
}

}  // namespace sterna::account
