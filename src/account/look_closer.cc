// SPDX-License-Identifier: Apache-2.0
#include "look_closer.h"

#include <fmt/format.h>

#include <algorithm>

#include "decisions.h"
#include "sterna/base/bytes.h"
#include "time_units.h"

namespace sterna::account {
namespace {

// So many stats are no matter beside a listing.
constexpr std::size_t kFewFiles = 500;
// When, in lived time, the last mailbox was looked at, and which.
constexpr std::string_view kAuditedKey = "audited";

struct Doubted {
  Uid uid;
  maildir::SeenFile seen;
  FileStamp stamp;
  bool unflushed = false;
};

bool is_unflushed(const MailboxWork& work, const store::StampedRow& row) {
  return work.unflushed_since && row.local_since >= *work.unflushed_since;
}

std::string doubted_key(MailboxId mailbox) {
  return fmt::format("doubted:{}", mailbox.value);
}

bool has_reason(const MailboxWork& work) {
  return work.audited || work.written_to || work.listing->entries().size() <= kFewFiles;
}

bool can_be_looked_at(const MailboxWork& work) {
  return work.requested && work.row.has_local && !work.input.local.suspect && !work.input.adopting;
}

// `all`, or those alone that an earlier boot may not have flushed.
Result<std::vector<Doubted>> files_to_look_at(Engine& engine, const MailboxWork& work, bool all) {
  std::vector<Doubted> files;
  STERNA_CHECK(engine.store->for_each_stamp(work.row.id, [&](const store::StampedRow& row) {
    const bool stamped = row.file.size != 0 || row.file.mtime_ns != 0;
    const bool unflushed = is_unflushed(work, row);
    if (row.state != RowState::present || !stamped || (!all && !unflushed)) return;
    const maildir::Entry* entry = work.listing->find(row.base_name);
    if (!entry || entry->kind == maildir::EntryKind::strange || entry->ino != row.file.ino) return;
    files.push_back({row.uid, work.listing->seen(*entry), row.file, unflushed});
  }));
  return files;
}

std::vector<ChangedInPlace> compare_stats(maildir::MailboxDirs& dirs,
                                          const std::vector<Doubted>& files) {
  std::vector<ChangedInPlace> changed;
  for (const Doubted& file : files) {
    const Result<io::FileStat> now = dirs.message_dir(file.seen.in_new).stat_at(file.seen.name);
    if (!now || now->ino != file.stamp.ino) continue;
    if (now->size != file.stamp.size) {
      changed.push_back({file.uid, file.unflushed});
    } else if (now->mtime_ns != file.stamp.mtime_ns) {
      changed.push_back({file.uid});
    }
  }
  return changed;
}

}  // namespace

Status choose_audit(Engine& engine) {
  STERNA_TRY(const std::optional<std::string> text, engine.store->get(kAuditedKey));
  const std::string_view last = text ? std::string_view(*text) : "0 0";
  const std::size_t space = std::min(last.find(' '), last.size());
  const auto at_ms =
      static_cast<std::int64_t>(parse_number(last.substr(0, space), INT64_MAX).value_or(0));
  const auto count = std::ranges::count_if(
      engine.mailboxes, [](const auto& work) { return can_be_looked_at(*work); });
  if (count == 0 || engine.store->lived_ms() - at_ms < kDayMs / count) return {};
  const auto before =
      static_cast<std::int64_t>(parse_number(trim(last.substr(space)), INT64_MAX).value_or(0));
  // The next one by id, and after the last the first again.
  const auto turn = [before](const MailboxWork& work) {
    return std::pair(work.row.id.value <= before, work.row.id.value);
  };
  MailboxWork* next = nullptr;
  for (const auto& work : engine.mailboxes) {
    if (!can_be_looked_at(*work)) continue;
    if (!next || turn(*work) < turn(*next)) next = work.get();
  }
  next->audited = true;
  return {};
}

Status note_audit(Engine& engine, const MailboxWork& work) {
  return engine.store->set(kAuditedKey,
                           fmt::format("{} {}", engine.store->lived_ms(), work.row.id.value));
}

Status doubt_files(Engine& engine, const MailboxWork& work) {
  return engine.store->set(doubted_key(work.row.id), kDecided);
}

bool needs_closer_look(const Engine& engine, const MailboxWork& work) {
  const bool damaged = std::ranges::any_of(
      engine.damaged, [&](const auto& one) { return one.first.mailbox == work.row.id; });
  const bool doubted = work.unflushed_since || work.audited || work.written_to || damaged;
  return doubted && work.row.has_local && !work.input.local.suspect;
}

namespace {

// Each once: what becomes of it is the plan's.
void add_damaged(Engine& engine, const MailboxWork& work, std::vector<ChangedInPlace>& changed) {
  std::erase_if(engine.damaged, [&](const auto& one) {
    const auto& [key, stamp] = one;
    if (key.mailbox != work.row.id) return false;
    const auto known = std::ranges::find(changed, key.uid, &ChangedInPlace::uid);
    if (known == changed.end()) changed.push_back({.uid = key.uid, .damaged = stamp});
    return true;
  });
  std::ranges::sort(changed, {}, &ChangedInPlace::uid);
}

}  // namespace

coro::Task<Result<std::vector<ChangedInPlace>>> look_closer(Engine& engine, MailboxWork& work) {
  const std::string key = doubted_key(work.row.id);
  STERNA_CO_TRY(const auto doubted, engine.store->get(key));
  const bool all = doubted || has_reason(work);
  std::vector<ChangedInPlace> changed;
  if (!work.unflushed_since && !all) {
    add_damaged(engine, work, changed);
    co_return changed;
  }
  STERNA_CO_TRY(const std::vector<Doubted> files, files_to_look_at(engine, work, all));
  STERNA_CO_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(work));
  auto job = [dirs, &files] { return compare_stats(*dirs, files); };
  changed = co_await on_worker(engine.services, job);
  add_damaged(engine, work, changed);
  if (doubted && !engine.dry_run()) {
    STERNA_CO_CHECK(engine.write([&] { return engine.store->unset(key); }));
  }
  co_return changed;
}

}  // namespace sterna::account
