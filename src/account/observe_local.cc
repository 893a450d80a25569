// SPDX-License-Identifier: Apache-2.0
// The local tree as differences to the base.
//
// A mailbox whose stamp is the stored one is not listed. A listing is compared with the rows by
// base name; what it has and no row explains arrived, what a row has and no name explains may be
// gone. Gone is only said of a row when whole listings of every mailbox that moved agree, taken
// after the absence was noticed (rule 4); until then the mailbox's coverage is `changes`.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "execute.h"
#include "failures.h"
#include "flush_here.h"
#include "kept.h"
#include "list_early.h"
#include "look_at_file.h"
#include "look_closer.h"
#include "match_listing.h"
#include "observe.h"
#include "restart.h"
#include "sterna/base/bytes.h"
#include "sterna/base/nanoseconds.h"
#include "sterna/base/step.h"
#include "sterna/coro/scope.h"
#include "sterna/maildir/file_name.h"
#include "walk_local.h"

namespace sterna::account {
namespace {

constexpr int kListingsMax = 4;
constexpr std::chrono::milliseconds kSettlePauseMin{50};

// On a cold disk more of them would keep a worker from all other accounts for too long.
constexpr std::size_t kFilesAJob = 1000;

// The next of them.
void look_at_more(maildir::MailboxDirs& dirs, const std::vector<LocalFile*>& files,
                  std::vector<Looked>& looked) {
  const std::size_t end = std::min(files.size(), looked.size() + kFilesAJob);
  while (looked.size() < end) {
    const LocalFile* file = files[looked.size()];
    looked.push_back(look_at(dirs.message_dir(file->in_new), file->name, file->base));
  }
}

// By then a server that stores what it is given to send has done so.
constexpr std::int64_t kSentSettlesNs = 60 * kNsPerSecond;

std::optional<ClaimedOrigin> origin_of(const Engine& engine, const std::string& base) {
  if (const auto origin = maildir::parse_origin(base)) {
    return ClaimedOrigin{origin->tree == engine.tree, origin->mailbox, origin->uidvalidity,
                         origin->uid};
  }
  if (const auto mark = maildir::foreign_mark(base)) return ClaimedOrigin{false, {}, {}, mark->uid};
  return std::nullopt;
}

// Rule 18. A field that names another tree may be anybody's.
void recognize_stub(const Engine& engine, const maildir::ContentIdentity& content,
                    LocalArrival& arrival) {
  const auto message = maildir::parse_origin(content.stub_of);
  const bool ours = message && message->tree == engine.tree;
  arrival.is_stub = ours;
  if (ours) arrival.origin = origin_of(engine, content.stub_of);
  arrival.is_placeholder = content.is_placeholder || (message && !ours);
}

// Where the folder of that row is gone, as where a backup lacks it, the row alone says it.
Result<FlagSet> meaning_of(Engine& engine, MailboxWork& from, const MessageRow& row,
                           std::uint8_t mask, std::uint32_t brought) {
  const Result<maildir::MailboxDirs*> dirs = engine.open_dirs(from);
  if (!dirs && dirs.error().is(ErrorCode::not_found)) {
    const FlagSet flags = FlagSet::from_mask(mask);
    if (brought == 0) return flags;
    return flags.united(row.flags.minus(FlagSet::from_mask(row.flags.mask())));
  }
  if (!dirs) return fail(dirs.error());
  // Not into its own table: a worker may be reading that.
  STERNA_TRY(const maildir::KeywordTable letters, maildir::read_keywords(*(*dirs)->home));
  return letters.flags_of(mask, brought);
}

// The letters that a file brought along mean what the mailbox says that it came from, until it is
// renamed to those of its new one; those that were added since are of the new one.
Status read_letters(Engine& engine, MailboxWork& work, LocalFile& file) {
  const maildir::FileName name = maildir::parse_file_name(file.name);
  if (name.keywords == 0) return {};
  STERNA_TRY(const std::vector<MessageRow> rows, engine.store->messages_by_base_name(file.base));
  for (const MessageRow& row : rows) {
    MailboxWork* from = engine.find(row.key.mailbox);
    if (!from || from == &work) continue;
    const std::uint32_t brought = name.keywords & maildir::parse_file_name(full_name(row)).keywords;
    STERNA_TRY(const FlagSet meant, meaning_of(engine, *from, row, name.mask, brought));
    file.flags = meant.united(work.keywords.flags_of(0, name.keywords & ~brought));
    return {};
  }
  return {};
}

// Whether a disk that lied brought it back: the name and the inode of what went in an earlier boot
// (rule 16). What was recorded of that may be lost with the power, too, and its row be `deleting`.
Result<bool> is_resurrected(Engine& engine, const MailboxWork& work, const LocalFile& file,
                            const std::optional<store::Tombstone>& tombstone) {
  if (tombstone && tombstone->ino == file.file.ino && tombstone->boot_id != engine.boot_id) {
    return true;
  }
  STERNA_TRY(const std::vector<MessageRow> rows, engine.store->messages_by_base_name(file.base));
  return std::ranges::any_of(rows, [&](const MessageRow& row) {
    return row.key.mailbox == work.row.id && row.state == RowState::deleting &&
           row.file.ino == file.file.ino;
  });
}

// The name of what was deleted here: the user brought it back, and it is new to the server; or a
// disk did, or a backup, and it is what was on the server once. One that was moved did not give its
// name up: its tombstone has no UID.
Status recall_deletion(Engine& engine, const MailboxWork& work, LocalArrival& arrival) {
  const LocalFile& file = arrival.file;
  STERNA_TRY(const auto tombstone, engine.store->tombstone_of(work.row.id, file.base));
  if (arrival.after_restart) {
    STERNA_TRY(arrival.resurrected, is_resurrected(engine, work, file, tombstone));
  }
  if (!tombstone) return {};
  const bool ours = arrival.origin && arrival.origin->ours;
  if (tombstone->of_backup) {
    const ClaimedOrigin buried{true, work.row.id, work.row.cursor.uidvalidity, tombstone->key.uid};
    if (!ours) arrival.origin = buried;
  } else if (ours && tombstone->key.uid && !arrival.resurrected) {
    arrival.origin.reset();
  }
  return {};
}

bool has_content(const Looked& look) {
  return look.identity && look.identity->has_fields && look.identity->size > 0;
}

// Parked, although it costs nothing to try again: so it is named once, and by `status` from then
// on.
void tell_denied(Engine& engine, MailboxWork& work, const LocalFile& file, const Looked& looked) {
  if (!looked.denied || !work.told_denied.insert(file.base).second) return;
  if (is_parked(engine, work, Uid{}, file.base, "read")) return;
  Error error =
      Error(*looked.denied)
          .with_scope(ErrorScope::message)
          .with_hint("make the file readable for this user, or move it out of the Maildir");
  if (engine.dry_run()) return engine.note(std::move(error), &work);
  park(engine, work, Uid{}, file.base, "read", std::move(error));
}

coro::Task<Status> describe_arrivals(Engine& engine, MailboxWork& work, ListingMatch& found,
                                     std::optional<std::int64_t> fs_now_ns) {
  std::vector<LocalFile*> files;
  for (LocalFile& file : found.arrived) files.push_back(&file);
  for (LocalChange& change : found.changed) {
    if (change.content_changed) files.push_back(&change.file);
  }
  if (files.empty()) co_return Status{};
  STERNA_CO_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(work));
  const std::int64_t now = engine.services.clock.wall_ns();
  const bool flushes = engine.settings.fsync && !engine.dry_run();
  const bool restarted = was_restarted(engine, work);
  const bool brought_back = may_have_been_brought_back(engine, work);
  const std::int64_t since_ns = written_before_ns(engine);
  std::vector<Looked> looked;
  looked.reserve(files.size());
  const FlushBegun begun =
      flushes ? begin_flush(engine, work, *dirs, files, since_ns, fs_now_ns) : FlushBegun{};
  bool flushed = true;
  const auto job = [&] {
    look_at_more(*dirs, files, looked);
    if (!flushes || looked.size() < files.size()) return;
    flushed = flush_young(*dirs, files, looked, since_ns, begun, engine.flushes_singly);
  };
  while (looked.size() < files.size()) {
    co_await engine.services.worker.run(job);
    const bool stop = co_await coro::cancelled();
    if (stop && looked.size() < files.size()) co_return fail(Error::cancelled());
  }
  // What was written in vain is told once, and the next flush of all would succeed.
  engine.flushes_singly = engine.flushes_singly || !flushed;
  const std::int64_t settles_ns = std::chrono::nanoseconds(engine.settings.settles).count();
  std::size_t next = 0;
  for (LocalFile& file : found.arrived) {
    const Looked& look = looked[next++];
    LocalArrival arrival;
    if (look.stamp) file.file = *look.stamp;
    STERNA_CO_CHECK(read_letters(engine, work, file));
    arrival.file = file;
    if (look.identity) arrival.identity = to_identity(*look.identity);
    if (look.identity) arrival.plain = to_plain_identity(*look.identity);
    tell_denied(engine, work, file, look);
    arrival.denied = look.denied && look.stamp;
    arrival.vanished = look.vanished;
    const std::int64_t changed_ns = engine.surely_changed_ns(look.changed_ns);
    arrival.stable = changed_ns <= now - settles_ns || changed_ns > now + settles_ns;
    if (!arrival.stable) engine.settles_in(changed_ns + settles_ns - now);
    const std::int64_t age_ns = now - file.file.mtime_ns;
    arrival.settling = work.row.role == Role::sent && age_ns >= 0 && age_ns < kSentSettlesNs;
    if (arrival.settling) engine.ripens_in(kSentSettlesNs - age_ns);
    arrival.origin = origin_of(engine, file.base);
    if (look.identity) recognize_stub(engine, *look.identity, arrival);
    arrival.after_restart = brought_back;
    arrival.headless = look.identity && !has_content(look);
    STERNA_CO_CHECK(recall_deletion(engine, work, arrival));
    work.input.local.arrived.push_back(std::move(arrival));
  }
  for (LocalChange& change : found.changed) {
    if (!change.content_changed) continue;
    const Looked& look = looked[next++];
    tell_denied(engine, work, change.file, look);
    if (look.stamp) change.file.file = *look.stamp;
    if (look.identity) change.identity = to_identity(*look.identity);
    if (look.identity) change.plain = to_plain_identity(*look.identity);
    // Whoever wrote to it since the audit looked made it another file.
    const auto damaged = found.damaged.find(change.uid);
    if (damaged != found.damaged.end() && look.stamp == damaged->second) change.torn = true;
    const bool sound = has_content(look);
    change.surely_edited = sound && !change.torn && !restarted;
    change.maybe_edited = sound && (change.torn || restarted);
  }
  co_return Status{};
}

// Whether one of them never reached the disk.
Result<bool> misses_unflushed(Engine& engine, const MailboxWork& work,
                              const std::vector<Uid>& gone) {
  if (!work.unflushed_since) return false;
  for (const Uid uid : gone) {
    STERNA_TRY(const auto row, engine.store->message({work.row.id, uid}));
    if (row && row->local_since >= *work.unflushed_since) return true;
  }
  return false;
}

// Nothing of it is believed in this pass; the next one walks anew.
void leave_exchanged(Engine& engine, MailboxWork& work) {
  work.input.local.suspect = true;
  work.look_again();
  engine.again = true;
  engine.log.warn("mailbox {}: another folder took its place meanwhile", work.name());
}

coro::Task<Status> list_mailbox(Engine& engine, MailboxWork& work) {
  work.input.local = {};
  work.input.local.began = engine.generation;
  work.input.local.unflushed_since = work.unflushed_since;
  work.missed_unflushed = false;
  work.listing.reset();
  Result<maildir::MailboxDirs*> dirs = engine.open_dirs(work);
  if (!dirs && dirs.error().is(ErrorCode::changed)) {
    leave_exchanged(engine, work);
    co_return Status{};
  }
  if (!dirs) {
    work.input.local.suspect = true;
    engine.note(std::move(dirs).error(), &work);
    co_return Status{};
  }
  maildir::MailboxDirs* opened = *dirs;
  const std::int64_t wall_ns = engine.services.clock.wall_ns();
  std::optional<ListedMailbox> early = take_early(engine, work);
  auto job = [opened] { return list_now(*opened); };
  ListedMailbox listed =
      early ? std::move(*early) : co_await on_worker(engine.services, std::move(job));
  if (listed.error) {
    work.input.local.suspect = true;
    engine.note(std::move(*listed.error), &work);
    co_return Status{};
  }
  if (work.is_exchanged(listed.listing->stamp().cur)) {
    leave_exchanged(engine, work);
    co_return Status{};
  }
  // After the names: a letter is given its meaning before a name gets it.
  STERNA_CO_TRY(work.keywords, maildir::read_keywords(*opened->home));
  work.listing.emplace(std::move(*listed.listing));
  work.stamp_now = work.listing->stamp();
  work.stamp_settled = work.listing->complete() && !work.network_fs && listed.fs_now_ns &&
                       work.stamp_now->trusted(*listed.fs_now_ns);

  STERNA_CO_TRY(ListingMatch found, co_await match_listing(engine, work, *opened));
  co_await flush_renames(engine, work, *opened, found);
  STERNA_CO_CHECK(co_await describe_arrivals(engine, work, found, listed.fs_now_ns));
  work.linked = std::move(found.linked);
  work.input.local.changed = std::move(found.changed);
  for (const MissingFile& missing : found.missing) {
    if (missing.state == RowState::detached) continue;
    work.input.local.gone.push_back(missing.uid);
  }
  STERNA_CO_TRY(const bool missed, misses_unflushed(engine, work, work.input.local.gone));
  work.missed_unflushed = work.missed_unflushed || missed;
  work.input.local.coverage = work.listing->complete() ? Coverage::complete : Coverage::changes;
  // The quiet time goes by the directories' own stamps. In a tick of a second a listing may miss
  // what was renamed meanwhile and show the same stamp before and after: there only a trusted one
  // proves an absence (rule 23).
  const std::int64_t last = engine.surely_changed_ns(
      std::max({work.stamp_now->cur.mtime_ns, work.stamp_now->fresh.mtime_ns,
                work.stamp_now->cur.ctime_ns, work.stamp_now->fresh.ctime_ns}));
  const std::int64_t quiet_ns = std::chrono::nanoseconds(engine.settings.quiet).count();
  const std::int64_t age_ns = work.stamp_now->ticks_in_seconds()
                                  ? std::max(quiet_ns, maildir::kCoarseStampAgeNs + 1)
                                  : quiet_ns;
  const std::int64_t now_ns = listed.fs_now_ns.value_or(wall_ns);
  work.input.local.quiet = last + age_ns <= now_ns || last > now_ns + age_ns;
  work.quiet_in_ns = last + age_ns - now_ns;
  co_return Status{};
}

// What the user flagged \Deleted is acted on like a deletion.
bool flags_may_remove(const MailboxWork& work) {
  if (work.input.expunge_flagged) return work.listing.has_value();
  return work.input.acts_on_deleted() &&
         std::ranges::any_of(work.input.local.changed, [](const LocalChange& change) {
           return change.file.flags.has(Flag::deleted);
         });
}

bool wants_quiet(const MailboxWork& work) {
  const LocalDelta& local = work.input.local;
  if (local.quiet) return false;
  return flags_may_remove(work) || (work.removal_begun && work.listing) || !local.gone.empty();
}

// This sync waits for it, and looks again.
bool is_restless(const Engine& engine, const MailboxWork& work) {
  if (!engine.settings.waits_for_quiet) return false;
  return wants_quiet(work) ||
         std::ranges::any_of(work.input.local.arrived,
                             [](const LocalArrival& arrival) { return !arrival.stable; });
}

enum class Relist {
  moved,     // since it was listed
  restless,  // and what has to come to rest
  doubtful,  // and what a stamp vouches nothing for, young or coarse or of a network (rule 23)
};

// True if anything was listed again.
coro::Task<Result<bool>> relist(Engine& engine, Relist which) {
  bool moved = false;
  for (const auto& work : engine.mailboxes) {
    if (!work->row.has_local || work->input.local.suspect) continue;
    const Result<maildir::MailboxStamp> now = engine.stamp_of(*work);
    const bool same = now && work->stamp_now && *now == *work->stamp_now;
    const bool doubtful = which == Relist::doubtful && work->listing && !work->stamp_settled;
    const bool restless = which == Relist::restless && is_restless(engine, *work);
    if (same && !doubtful && !restless) continue;
    moved = true;
    STERNA_CO_CHECK(co_await list_mailbox(engine, *work));
  }
  co_return moved;
}

// They are still told, by listings that prove nothing: a file elsewhere that may be one of them
// waits, and is not sent as new.
void doubt_absences(Engine& engine) {
  for (const auto& work : engine.mailboxes) {
    if (work->input.local.gone.empty()) continue;
    work->input.local.coverage = Coverage::changes;
    work->stamp_settled = false;
  }
}

// True if its stamp, or that there is nothing to see, tells all about it. A lost power may have
// taken back the times of a directory, and not its names.
bool is_settled_unseen(const Engine& engine, MailboxWork& work) {
  LocalDelta& local = work.input.local;
  if (!work.row.has_local) {
    local.coverage = local.suspect ? Coverage::unknown : Coverage::complete;
    return true;
  }
  if (local.suspect) return true;
  const auto stored = maildir::MailboxStamp::decode(work.row.stamp);
  const bool same = stored && work.stamp_now && *stored == *work.stamp_now;
  const bool vouches = same && !may_have_been_brought_back(engine, work);
  if (!vouches || work.input.adopting || work.removal_begun) return false;
  local.coverage = Coverage::complete;
  return true;
}

// Of whose files nobody knows whether they are here: no row that a listing is compared with speaks
// of them, and a removal that was cut, or that a lost power took back, leaves the stamp as it was.
Status note_removals_begun(Engine& engine) {
  for (const RowState state : {RowState::dropping, RowState::deleting, RowState::wanted}) {
    STERNA_TRY(const std::vector<MessageRow> rows, engine.store->messages_in_state(state));
    for (const MessageRow& row : rows) {
      // Else it is yet to be fetched, and no damaged file of it is being taken away.
      const bool begun = state != RowState::wanted || !row.base_name.empty();
      MailboxWork* work = begun ? engine.find(row.key.mailbox) : nullptr;
      if (work) work->removal_begun = true;
    }
  }
  return {};
}

}  // namespace

// Several mailboxes at a time: while one is compared, the next are read.
coro::Task<Status> observe_local(Engine& engine) {
  STERNA_CO_CHECK(note_removals_begun(engine));
  STERNA_CO_CHECK(choose_audit(engine));
  coro::Scope scope = co_await coro::make_scope();
  Status failure;
  const auto list = [](Engine& of, MailboxWork& work, Status& first) -> coro::Task<void> {
    Status listed = co_await list_mailbox(of, work);
    if (!listed && first) first = std::move(listed);
  };
  for (const auto& work : engine.mailboxes) {
    work->input.local.began = engine.generation;
    work->written_to = engine.kept && engine.kept->written.contains(work->row.path);
    if (is_settled_unseen(engine, *work) && !needs_closer_look(engine, *work)) continue;
    scope.spawn(list(engine, *work, failure));
  }
  co_await scope.join();
  co_return std::move(failure);
}

namespace {

std::set<MessageKey> gone_of(const Engine& engine) {
  std::set<MessageKey> gone;
  for (const auto& work : engine.mailboxes) {
    for (const Uid uid : work->input.local.gone) gone.insert({work->row.id, uid});
  }
  return gone;
}

bool anything_arrived(const Engine& engine) {
  return std::ranges::any_of(engine.mailboxes,
                             [](const auto& work) { return !work->input.local.arrived.empty(); });
}

// All passes of a sync share the limit: where a program never comes to rest, the first of them
// waits for it, and the others take what is at rest by then.
coro::Task<Status> wait_for_quiet(Engine& engine) {
  io::Clock& clock = engine.services.clock;
  const auto pause = std::max(engine.settings.settles / 4, kSettlePauseMin);
  const auto restless = [&](const auto& work) { return is_restless(engine, *work); };
  bool moved = true;
  while (moved && std::ranges::any_of(engine.mailboxes, restless) &&
         engine.settled_for < kSettleLimit) {
    const auto began = clock.monotonic();
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(kSettleLimit - engine.settled_for);
    STERNA_CO_CHECK(co_await clock.sleep(std::min(pause, left)));
    STERNA_CO_TRY(moved, co_await relist(engine, Relist::restless));
    engine.settled_for += clock.monotonic() - began;
  }
  co_return Status{};
}

// Under its new name it may be a message that waits for that.
void look_again_for_vanished(Engine& engine) {
  for (const auto& work : engine.mailboxes) {
    if (std::ranges::none_of(work->input.local.arrived, &LocalArrival::vanished)) continue;
    work->look_again();
    engine.again = true;
  }
}

// What is missing may be in a mailbox that was made since the walk, and that nobody has listed.
coro::Task<Status> look_for_new_places(Engine& engine) {
  if (gone_of(engine).empty()) co_return Status{};
  const Result<maildir::Discovery> now = co_await walk_directories(engine);
  if (!now && !now.error().is(ErrorCode::changed)) co_return fail(now.error());
  if (now && std::ranges::includes(engine.walked, paths_of(*now))) co_return Status{};
  doubt_absences(engine);
  engine.again = true;
  co_return Status{};
}

}  // namespace

coro::Task<Status> settle_local(Engine& engine) {
  for (const auto& work : engine.mailboxes) {
    const bool seen = work->row.has_local && !work->input.local.suspect;
    if (work->input.adopting && seen) STERNA_CO_CHECK(co_await list_mailbox(engine, *work));
  }
  STERNA_CO_CHECK(co_await wait_for_quiet(engine));
  for (const auto& work : engine.mailboxes) {
    if (wants_quiet(*work)) engine.ripens_in(work->quiet_in_ns);
  }
  // Everything that moved since the last absence was noticed is looked at once more; once, where
  // anything came: a file that was moved between two listings is in both, under whatever name.
  // Taken for a copy it would be sent, and its message deleted where it was.
  std::set<MessageKey> before;
  for (int round = 0;; ++round) {
    std::set<MessageKey> gone = gone_of(engine);
    const bool news = !std::ranges::includes(before, gone);
    if (!news && round == 0 && !anything_arrived(engine)) break;
    before = std::move(gone);
    STERNA_CO_TRY(const bool moved,
                  co_await relist(engine, news ? Relist::doubtful : Relist::moved));
    if (!moved && std::ranges::includes(before, gone_of(engine))) break;
    if (round == kListingsMax) {
      doubt_absences(engine);
      break;
    }
  }
  look_again_for_vanished(engine);
  co_return co_await look_for_new_places(engine);
}

}  // namespace sterna::account
