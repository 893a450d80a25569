// SPDX-License-Identifier: Apache-2.0
// What the parts of one account's sync share: the world, the settings, the open state, and the
// mailboxes of this pass. Everything here lives on the loop's thread; batches of file work run on
// the worker while nobody else touches what they use.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connection.h"
#include "day_octets.h"
#include "sterna/account/settings.h"
#include "sterna/account/sync.h"
#include "sterna/maildir/identity.h"
#include "sterna/maildir/keywords.h"
#include "sterna/maildir/layout.h"
#include "sterna/maildir/listing.h"
#include "sterna/maildir/mailbox_dirs.h"
#include "sterna/maildir/marker.h"
#include "sterna/maildir/stamp.h"
#include "sterna/store/store.h"
#include "sterna/sync/plan.h"

namespace sterna::account {

struct ListedMailbox {
  std::optional<maildir::Listing> listing;
  std::optional<Error> error;
  std::optional<std::int64_t> fs_now_ns;  // none if tmp cannot be written
};

// One mailbox in one pass.
struct MailboxWork {
  MailboxRow row;
  MailboxPolicy policy;
  maildir::MailboxPath path;
  bool requested = true;  // among what the user asked to sync
  bool selectable = true;

  // Found in this pass.
  std::optional<imap::MailboxStatus> status;
  std::optional<maildir::MailboxStamp> stamp_now;
  std::optional<maildir::DirectoryStamp> walked;  // its `cur`, when rule 15 was asked
  std::optional<maildir::MailboxDirs> dirs;
  maildir::KeywordTable keywords;
  std::optional<maildir::Listing> listing;
  std::vector<Uid> linked;  // rows of which a new file is one more name
  bool network_fs = false;
  std::int64_t quiet_in_ns = 0;       // until `input.local.quiet`, if nothing changes meanwhile
  bool removal_begun = false;         // of files, or of messages whose files went, before this pass
  std::set<std::string> told_denied;  // bases of files that cannot be read
  bool missed_unflushed = false;      // files that may have gone with the power (unflushed.h)
  std::optional<Generation> unflushed_since;  // from this pass on they may have
  bool written_to = false;                    // one of its files perhaps, in place (look_closer.h)
  bool audited = false;  // its turn to be looked at more closely (look_closer.h)

  sync::MailboxInput input;  // what the planner sees
  RemoteCursor next_cursor;  // of the selection in which the observation was made
  bool cursor_known = false;
  // Everything up to the cursor, or the stamp, is in the base: it may be saved.
  bool cursor_settled = true;
  bool stamp_settled = true;
  UidSet flags_unsaid;          // of what this pass has to say to the server, parked or not
  bool changed_by_us = false;   // locally: the stamp of the listing no longer describes it
  bool letters_denied = false;  // dovecot-keywords could not be changed: locked by somebody else
  bool told_wrong = false;      // of what vanished: all UIDs are listed
  bool broken_off = false;      // not all that was planned for it was carried out

  const std::string& name() const { return row.name.text(); }
  // The plan says all that is to be done in it.
  bool is_seen() const {
    return requested && input.remote.coverage != Coverage::unknown &&
           input.local.coverage != Coverage::unknown && !input.local.suspect;
  }
  // Something of it was not carried out: the next pass has to see it again.
  void look_again() { cursor_settled = stamp_settled = false; }
  // Another directory than the walk saw, and believed in (rule 15): a mount that went shows what is
  // below it. The next pass asks whose it is.
  bool is_exchanged(const maildir::DirectoryStamp& cur) const;
  // What of `flags` its files show. A keyword that was denied a letter is not in the base, so
  // that it is fetched again; one that can never have a letter lives in the base alone.
  FlagSet shown(const FlagSet& flags);
};

// A folder of this Maildir that the server does not get in this pass (look_aside.h).
struct PlaceAside {
  maildir::MailboxPath path;
  std::string shown;                                        // the path, to be printed
  std::string obstacle;                                     // why; "": another pass goes on with it
  bool known_there = false;                                 // a mailbox of the base
  std::map<std::string, std::uint64_t, std::less<>> known;  // its own files: base name, inode
  bool half = false;  // why: it lacked a part, as while a program makes it
};

// What became of a pass's actions, beyond what the base tells (attempts.h).
struct Outcomes {
  // Messages of which something damaged is here that could not be taken away, now or a while ago:
  // it is in the way of what would be fetched.
  bool is_unrepaired(MessageKey message) const;
  UidSet unrepaired_in(MailboxId mailbox) const;

  std::map<ActionKey, std::string> answers;  // to what the server took, and seems not to have done
  std::set<ActionKey> undone;                // left for the next pass to plan anew
  std::set<ActionKey> unfinished;            // done here: what failed, or waits for its next try
  bool removals_left = false;                // something before them failed
  // Why not all was fetched: noted when the rest is done.
  std::optional<Error> no_room;
  std::optional<Error> day_limit;
};

// What of the day's allowance is used up (allowance.h).
struct Allowance {
  bool is_read = false;
  DayOctets fetched;
  DayOctets sent;
  Traffic counted;  // of the pool's, up to here
};

struct Kept;
struct News;
struct FirstLook;
class LateFlush;
class Pool;

// Of a file: where its mailbox has it, its name, and what it is, where that is known. No mailbox:
// no file.
struct FilePlace {
  const MailboxWork* mailbox = nullptr;
  bool in_new = false;
  std::string_view name{};
  FileStamp stamp{};
};

struct Engine {
  Engine(Services world, const Settings& account, SyncRequest asked, Progress& watcher, Log logger,
         AccountReport& result)
      : services(world),
        settings(account),
        request(std::move(asked)),
        progress(watcher),
        log(std::move(logger)),
        report(result) {}

  Services services;
  const Settings& settings;
  SyncRequest request;
  Progress& progress;
  Log log;
  AccountReport& report;

  std::unique_ptr<store::Store> store;
  std::unique_ptr<io::Directory> root;
  std::unique_ptr<io::Directory> undo_area;  // opened when first needed
  TreeId tree;
  Generation generation;
  // Since then no pass saw everything, and left nothing that had come (half_looks.h).
  std::optional<Generation> half_seen_since;
  std::string machine_id;
  std::string boot_id;
  bool clean_boot = true;                     // same boot as in the last sync that came to its end
  std::set<MailboxId> before_restart;         // not seen since an earlier boot (restart.h)
  std::set<MailboxId> waits_since_restart;    // seen, and not all of it decided (restart.h)
  std::set<MailboxId> unsettled_after_stop;   // as the last plan has them, these
  std::set<MailboxId> doubtful;               // and these
  bool unflushed = false;                     // files were recorded and never flushed
  std::optional<Generation> unflushed_since;  // those of an earlier boot: from this pass on
  std::map<MailboxId, std::string> unflushed_apart;
  std::int64_t sure_from_ms = 0;      // sure_ms() when this sync began,
  std::chrono::nanoseconds began{0};  // since the machine was started,
  std::int64_t began_wall_ns = 0;     // and by its clock
  bool clock_was_set = false;         // since the last sync, or the machine was restarted
  bool clock_was_set_lately = false;  // within an hour
  bool epoch_bumped = false;
  bool request_checked = false;
  bool impossible_told = false;                  // which mailboxes have names that cannot be
  std::set<maildir::MailboxPath> told_unusable;  // folders that can be no mailbox
  std::set<std::string> walked;                  // places of mailboxes here that this pass knows of
  std::vector<PlaceAside> places_aside;          // of this pass
  bool all_seen_here = false;  // in this pass: every mailbox of the Maildir was looked at
  bool union_mode = false;     // a restored backup: every mailbox is to be marked so
  // Local effects, or new remote messages, that another pass in this sync should look at.
  bool again = false;
  LateFlush* late_flush = nullptr;  // of this pass
  bool flushes_singly = false;      // since one of these failed
  bool may_look_again = false;      // this pass is the first of its sync
  Outcomes outcomes;                // of this pass
  Allowance allowance;
  std::vector<MailboxWork*> resting;        // not looked at in this pass (allowance.h),
  std::optional<Error> why_resting;         // and why
  std::chrono::nanoseconds settled_for{0};  // how long this sync waited for directories to rest
  std::optional<std::chrono::nanoseconds> ripe_at;  // monotonic: what waits could be done by then
  std::optional<std::chrono::nanoseconds> settled_at;  // or files, if nobody writes on to them
  std::optional<Error> told_to_wait;                   // by the server, for the whole account
  Pool* pool = nullptr;
  Kept* kept = nullptr;        // of an account that lives on
  const News* news = nullptr;  // all that the server is asked about; none: everything
  // Flagged \Deleted and expunged by this sync: what is there again was never gone.
  std::set<MessageKey> expunged;
  std::vector<store::HeldEntry> held_mailboxes;  // as a whole: what this pass found of them
  // Held before, and to be emptied at the end of this pass, as the user said.
  std::vector<MailboxId> emptied_here;
  std::vector<MailboxId> emptied_there;
  // Rows whose file holds something else, though nobody wrote to it (audit.h), and that file: not
  // yet planned for.
  std::map<MessageKey, FileStamp> damaged;
  std::set<MessageKey> flags_lost;  // of this plan: pushed because a name lost its info part
  // Of a dry run before the first sync; removed at its end.
  std::string scratch_state;
  std::string scratch_maildir;

  std::shared_ptr<FirstLook> first_look;                // before the first pass (discover.h)
  std::map<std::string, ListedMailbox> listed_early;    // by path (list_early.h)
  std::vector<std::unique_ptr<MailboxWork>> mailboxes;  // INBOX first
  // Which removal each copy in the Trash counts for (trash_copies.h).
  std::map<Uid, MessageKey> trash_copies;
  // The server's Trash where it is not synced: a place for what is deleted, without a row.
  std::unique_ptr<MailboxWork> trash_there;

  MailboxWork* find(MailboxId id);
  MailboxWork* find(const MailboxName& name);
  MailboxWork* with_role(Role role);
  MailboxWork* trash();  // synced or not

  // For a file that cannot keep the name it has.
  std::string new_base_name() const;
  // A clock that only moves on, by what surely passed (passed_time.h). It began with the wall
  // clock's time.
  std::int64_t sure_ms() const {
    const auto passed = services.clock.since_boot() - began;
    return sure_from_ms + std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
  }
  // When that surely was over which a file or directory tells: where the clock was set, what looks
  // older than this sync may be as young as that.
  std::int64_t surely_changed_ns(std::int64_t changed_ns) const {
    if (!clock_was_set) return changed_ns;
    const bool before = changed_ns < began_wall_ns || changed_ns > services.clock.wall_ns();
    return before ? began_wall_ns : changed_ns;
  }
  std::int64_t now_ms() const { return services.clock.wall_ns() / 1'000'000; }
  bool dry_run() const { return request.dry_run; }
  const std::string& state_directory() const {
    return scratch_state.empty() ? settings.state_dir : scratch_state;
  }

  // The mailbox's directories, opened once a pass.
  Result<maildir::MailboxDirs*> open_dirs(MailboxWork& work);
  // As its directories are now; none that were not open stay open: of many mailboxes it is all that
  // is asked.
  Result<maildir::MailboxStamp> stamp_of(const MailboxWork& work) const;
  Result<io::Directory*> open_undo();
  // Something waits for so long, and for nothing else.
  void ripens_in(std::int64_t ns) { bring_forward(ripe_at, ns); }
  // A file to which something was written just now; it may go on.
  void settles_in(std::int64_t ns) { bring_forward(settled_at, ns); }
  // What this sync did in the Maildir, and the base says: for who watches it, and for the report,
  // where it is asked for.
  void tell(FileChange::Kind kind, const FilePlace& file, const FilePlace& before = {});
  // What it leaves at an absolute path, for who watches; none: nothing.
  void leave_own(const std::string& path, const std::optional<FileStamp>& file);
  // Notes a failure in the report; `work` gives the context. Cancellation is noted once.
  void note(Error error, const MailboxWork* work = nullptr);
  // `message_id`: of what nothing else tells of from now on.
  Status add_history(const MailboxWork& work, Uid uid, std::string_view file, std::string event,
                     std::string side, std::string detail, std::string reason,
                     std::string message_id = {});
  // A change of the base by itself: begin, `change`, commit.
  template <class F>
  Status write(F change, store::Durability durability = store::Durability::full) {
    STERNA_TRY(auto transaction, store->begin(durability));
    STERNA_CHECK(change());
    return transaction.commit();
  }
  // Rule 14: the epoch moves once before destructive work, base first, then marker. What the marker
  // is to say stands beside it before the base says so: without it the tree is a backup. `intents`
  // goes into the base with it, in one transaction.
  template <class F>
  Status begin_destruction(F intents) {
    STERNA_TRY(auto transaction, store->begin(store::Durability::full));
    STERNA_TRY(const std::optional<maildir::Marker> marker, announce_epoch());
    STERNA_CHECK(intents());
    STERNA_CHECK(transaction.commit());
    return marker ? move_epoch(*marker) : Status{};
  }
  Status bump_epoch();
  // The server has no message where a row says so: that it tells of nothing new proves nothing, and
  // the next pass asks.
  Status doubt_cursor(MailboxWork& work);
  // The same for what only adds, so that a backup which lacks it is known by its marker: said in
  // the base, inside a transaction that precedes the rows, and carried to the marker at the end of
  // the sync (settle_epoch).
  Status announce_change();
  bool has_announced() const;
  std::optional<maildir::Marker> epoch_announced;
  std::uint64_t epoch_left = 0;  // announced by a sync that died before it told the marker
  // What is in the Maildir, as far as this sync knows.
  std::optional<maildir::Marker> marker_here;
  std::uint64_t flushes_before_announcement = 0;
  Status record_epoch(const maildir::Marker& marker);
  std::optional<maildir::Marker> marker_prepared;  // what prepare_epoch() wrote
  Status put_marker(const maildir::Marker& next);

 private:
  void bring_forward(std::optional<std::chrono::nanoseconds>& earliest, std::int64_t ns) const {
    const auto at = services.clock.monotonic() + std::chrono::nanoseconds(ns);
    earliest = std::min(earliest.value_or(at), at);
  }
  // The marker to be written, and written beside it, unless the epoch has moved.
  Result<std::optional<maildir::Marker>> announce_epoch();
  Status move_epoch(const maildir::Marker& marker);
};

// Relative to the root, "" for the root itself.
std::string row_path(const MailboxWork& work);
// Identity of a file as the base stores it.
Identity to_identity(const maildir::ContentIdentity& content);
std::optional<Identity> to_plain_identity(const maildir::ContentIdentity& content);
// Whether that is what the file holds, with or without the fields that programs keep in it.
bool is_content_of(const maildir::ContentIdentity& content, const Identity& identity);
// "" where it is not known.
std::string message_id_of(const std::optional<Identity>& identity);
FileStamp to_stamp(const io::FileStat& stat);
maildir::SeenFile to_seen(const LocalFile& file);

// Runs a batch of blocking file work on the worker and gives back what it returned.
template <class F>
auto on_worker(Services services, F job) -> coro::Task<decltype(job())> {
  std::optional<decltype(job())> result;
  std::function<void()> wrapped = [&result, &job] { result.emplace(job()); };
  co_await services.worker.run(std::move(wrapped));
  co_return std::move(*result);
}

}  // namespace sterna::account
