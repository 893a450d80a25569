// SPDX-License-Identifier: Apache-2.0
#include "audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "audit_slice.h"
#include "compare.h"
#include "execute.h"
#include "look_closer.h"
#include "observe.h"
#include "remote_changes.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/commands.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/file_name.h"
#include "time_units.h"
#include "whole_body.h"

namespace sterna::account {
namespace {

// Of an hour: a mailbox of 100,000 takes about as long as a week. Syncs that are further apart than
// an hour make up for some of it.
constexpr std::size_t kRowsAnHour = 500;
constexpr std::uint64_t kOctetsAnHour = 16'000'000;
constexpr std::int64_t kHoursMax = 4;
// Each costs a round trip or two.
constexpr int kMailboxesMax = 4;
// Beyond so many, what is not known is only looked for by the pass that follows.
constexpr std::uint64_t kIdentifiedMax = 100;
// Where it goes on: lived time of the last slice, mailbox, and the first UID.
constexpr std::string_view kAuditKey = "audit";
constexpr std::string_view kWhy = "the audit found that the base was wrong";

struct Place {
  std::int64_t at_ms = 0;
  MailboxId mailbox;
  Uid from{1};
};

Result<Place> read_place(store::Store& base) {
  STERNA_TRY(const std::optional<std::string> text, base.get(kAuditKey));
  Place place;
  if (!text) return place;
  std::array<std::uint64_t, 3> numbers{};
  std::size_t at = 0;
  for (const std::string_view word : split(*text, ' ')) {
    if (at < numbers.size()) numbers[at++] = parse_number(word, INT64_MAX).value_or(0);
  }
  place.at_ms = static_cast<std::int64_t>(numbers[0]);
  place.mailbox = MailboxId{static_cast<std::int64_t>(numbers[1])};
  const std::uint64_t from = std::clamp<std::uint64_t>(numbers[2], 1, kUidMax.value);
  place.from = Uid{static_cast<std::uint32_t>(from)};
  return place;
}

class Auditor {
 public:
  Auditor(Engine& engine, Pool& pool, Place place, std::int64_t hours)
      : engine_(engine),
        pool_(pool),
        place_(place),
        rows_left_(kRowsAnHour * static_cast<std::size_t>(hours)),
        octets_left_(kOctetsAnHour * static_cast<std::uint64_t>(hours)) {}

  coro::Task<Result<bool>> run() {
    STERNA_CO_TRY(excuses_, read_excuses(*engine_.store));
    STERNA_CO_TRY(const std::vector<Intent> intents, engine_.store->intents());
    for (const Intent& intent : intents) open_.insert({intent.mailbox, intent.uid});
    for (MailboxWork* work : in_turn()) {
      if (rows_left_ == 0 || octets_left_ == 0) break;
      const Status done = co_await look_at(*work);
      if (done) continue;
      if (done.error().is_cancelled()) co_return fail(done.error());
      // The next slice is behind it all the same: no other mailbox is to wait for this one.
      engine_.log.warn("mailbox {}: not audited: {}", work->name(), done.error().describe());
      break;
    }
    place_.at_ms = engine_.store->lived_ms();
    STERNA_CO_CHECK(engine_.write([this] {
      return engine_.store->set(kAuditKey, fmt::format("{} {} {}", place_.at_ms,
                                                       place_.mailbox.value, place_.from.value));
    }));
    co_return found_;
  }

 private:
  static bool can_be_looked_at(const MailboxWork& work) {
    const RemoteDelta& remote = work.input.remote;
    return work.requested && work.selectable && work.row.has_local && work.row.has_remote &&
           work.row.cursor.uidvalidity && work.row.cursor.uid_next && work.cursor_known &&
           !work.input.adopting && !work.input.local.suspect && !remote.hides_some &&
           !work.letters_denied;
  }

  // The mailbox that the last slice was of, then those behind it, by id and around.
  std::vector<MailboxWork*> in_turn() const {
    std::vector<MailboxWork*> works;
    for (const auto& work : engine_.mailboxes) {
      if (can_be_looked_at(*work)) works.push_back(work.get());
    }
    const auto turn = [this](const MailboxWork* work) {
      return std::pair(work->row.id < place_.mailbox, work->row.id);
    };
    std::ranges::sort(works, {}, turn);
    if (works.size() > kMailboxesMax) works.resize(kMailboxesMax);
    return works;
  }

  coro::Task<Status> look_at(MailboxWork& work) {
    Slice slice;
    slice.work = &work;
    STERNA_CO_CHECK(choose_rows(slice));
    STERNA_CO_TRY(Connection * connection, co_await pool_.primary());
    Status there = co_await look_there(slice, *connection);
    if (!there && (there.error().is_cancelled() || !connection->usable())) {
      co_return fail(std::move(there).error());
    }
    if (!there) {
      engine_.log.debug("mailbox {}: not audited: {}", work.name(), there.error().describe());
      co_return Status{};
    }
    STERNA_CO_CHECK(co_await look_here(slice));
    // What was found before an error counts.
    Status judged = co_await judge(slice, *connection);
    if (!judged && judged.error().is_cancelled()) co_return judged;
    tell_unclear(slice);
    STERNA_CO_CHECK(record_dates(slice));
    if (slice.found_any()) STERNA_CO_CHECK(record(slice));
    found_ = found_ || slice.found_any();
    co_return judged;
  }

  // Sets where the next slice begins, too. The last file may be larger than what is left: else a
  // large one would never be read.
  Status choose_rows(Slice& slice) {
    const MailboxWork& work = *slice.work;
    const Uid from = work.row.id == place_.mailbox ? place_.from : Uid{1};
    STERNA_TRY(slice.rows, engine_.store->messages_from(work.row.id, from, rows_left_));
    std::size_t count = 0;
    while (count < slice.rows.size() && octets_left_ > 0) {
      octets_left_ -= std::min(octets_left_, slice.rows[count++].file.size);
    }
    const bool all = count == slice.rows.size() && count < rows_left_;
    slice.rows.resize(count);
    rows_left_ -= std::min(rows_left_, std::max<std::size_t>(slice.rows.size(), 1));
    const Uid last =
        all ? std::max(Uid{work.row.cursor.uid_next.value - 1}, from) : slice.rows.back().key.uid;
    slice.uids = UidSet::range(from, last);
    // Behind the last of a mailbox stands the first of the next.
    place_.mailbox = all ? MailboxId{work.row.id.value + 1} : work.row.id;
    place_.from = all || last == kUidMax ? Uid{1} : Uid{last.value + 1};
    return {};
  }

  // What is held, parked, or under way is not as the base says, and everybody knows.
  bool is_excused(const MailboxWork& work, const MessageRow& row) const {
    return excuses_.messages.contains(row.key) || open_.contains(row.key) ||
           work.flags_unsaid.contains(row.key.uid) || is_unsaid(row);
  }
  bool is_audited(const MailboxWork& work, const MessageRow& row) const {
    return row.state == RowState::present && !is_excused(work, row) && !is_replaced(row);
  }

  coro::Task<Status> look_there(Slice& slice, Connection& connection) {
    MailboxWork& work = *slice.work;
    const RemoteCursor& cursor = work.row.cursor;
    STERNA_CO_CHECK(co_await select_mailbox(engine_, connection, work, cursor.uidvalidity));
    imap::FetchRequest request;
    request.uids = slice.uids;
    request.items = {imap::FetchItem::uid, imap::FetchItem::flags, imap::FetchItem::size,
                     imap::FetchItem::internal_date};
    const imap::Selection* selection = connection.client().selection();
    slice.read_only = selection->read_only;
    if (connection.condstore && !selection->no_modseq) {
      request.items.push_back(imap::FetchItem::modseq);
    }
    SliceSink sink(slice.uids, selection->exists);
    if (selection->exists > 0) {
      STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::uid_fetch(request), &sink));
      STERNA_CO_CHECK(whole(done));
    }
    if (sink.unreadable) co_return fail(ErrorCode::protocol, "an answer cannot be read");
    co_return compare_there(slice, connection, sink);
  }

  Status compare_there(Slice& slice, const Connection& connection, const SliceSink& sink) {
    const MailboxWork& work = *slice.work;
    STERNA_TRY(const UidSet known, engine_.store->remote_uids_among(work.row.id, slice.uids));
    for (const auto& [uid, told] : sink.messages) {
      if (!known.contains(uid) && uid < work.row.cursor.uid_next) slice.unknown.add(uid);
    }
    slice.remote_differs = !slice.unknown.empty();
    for (const MessageRow& row : slice.rows) {
      const auto told = sink.messages.find(row.key.uid);
      if (told != sink.messages.end()) {
        if (is_audited(work, row)) compare_row(slice, connection, row, told->second);
      } else if (known.contains(row.key.uid) && !is_excused(work, row) &&
                 !connection.quirks.hides_old_messages) {
        slice.remote_differs = true;
      }
    }
    return {};
  }

  // Where one side's flags are not told to the other, both may differ from what was noted.
  static bool settles_flags(const Slice& slice) {
    return slice.work->policy.direction == sync::Direction::both && !slice.read_only;
  }

  // \Deleted is told to nobody where it is acted on, or would be by the server.
  static bool are_same(const MailboxWork& work, FlagSet one, FlagSet other) {
    if (work.input.acts_on_deleted() || work.input.deletes_at_once) {
      one.set(Flag::deleted, false);
      other.set(Flag::deleted, false);
    }
    return one == other;
  }

  static void compare_row(Slice& slice, const Connection& connection, const MessageRow& row,
                          const SliceSink::Told& told) {
    const RemoteCursor& cursor = slice.work->row.cursor;
    // What changed since is for the next sync, and without a cursor each asks for all flags anyway.
    const bool covered =
        told.modseq && cursor.highest_modseq && told.modseq <= cursor.highest_modseq;
    if (settles_flags(slice) && told.flags && covered) {
      const FlagSet expected = flags_there(row, cursor.storable, *told.flags);
      if (!are_same(*slice.work, *told.flags, expected)) slice.other_flags.push_back(row);
    }
    const bool other_size = !connection.quirks.size_unreliable && row.remote_size != 0 &&
                            told.size && *told.size != row.remote_size;
    const bool other_date = row.internal_date != 0 && told.date && *told.date != row.internal_date;
    if (other_size) slice.doubted[row.key.uid].size = true;
    if (other_date) slice.doubted[row.key.uid].date = true;
  }

  coro::Task<Status> look_here(Slice& slice) {
    MailboxWork& work = *slice.work;
    STERNA_CO_TRY(maildir::MailboxDirs * dirs, engine_.open_dirs(work));
    std::vector<const MessageRow*> rows;
    for (const MessageRow& row : slice.rows) {
      if (is_audited(work, row) && !row.base_name.empty()) rows.push_back(&row);
    }
    auto job = [dirs, &rows, &slice] {
      for (const MessageRow* row : rows) {
        slice.files[row->key.uid] = look_at_row(*dirs, *row);
      }
      return 0;
    };
    static_cast<void>(co_await on_worker(engine_.services, job));
    for (const MessageRow* row : rows) compare_file(slice, *row, slice.files[row->key.uid]);
    co_return Status{};
  }

  static void compare_file(Slice& slice, const MessageRow& row, const FileLook& look) {
    if (look.moved) {
      slice.local_differs = true;
      return;
    }
    if (look.content && !is_content_of(*look.content, *row.identity)) {
      slice.doubted[row.key.uid].content = true;
    }
    const bool same = are_same(*slice.work, flags_here(*slice.work, row), row.flags);
    if (!same && settles_flags(slice)) slice.doubted[row.key.uid].flags = true;
  }

  // As the file's name has them, and the row alone, of those that no name can show.
  static FlagSet flags_here(const MailboxWork& work, const MessageRow& row) {
    const maildir::FileName name = maildir::parse_file_name(full_name(row));
    if (!name.tells_flags() || name.kind == maildir::InfoKind::none) return row.flags;
    FlagSet flags = work.keywords.flags_of(name.mask, name.keywords);
    for (const std::string& keyword : work.keywords.missing(row.flags)) flags.add_keyword(keyword);
    return flags;
  }

  // A row is put right in place, and never forgotten: it is what vouches for an absence, and for a
  // file that is no new one, should the sync die before another pass.
  coro::Task<Status> judge(Slice& slice, Connection& connection) {
    if (slice.doubted.empty()) co_return Status{};
    UidSet uids;
    for (const auto& [uid, why] : slice.doubted) uids.add(uid);
    if (slice.unknown.count() <= kIdentifiedMax) uids.add_all(slice.unknown);
    MailboxWork& work = *slice.work;
    const std::vector<RemoteArrival> before = std::exchange(work.input.remote.details, {});
    Status asked = co_await identify_remote(engine_, connection, work, uids);
    std::vector<RemoteArrival> found = std::exchange(work.input.remote.details, before);
    STERNA_CO_CHECK(asked);
    for (RemoteArrival& arrival : found) slice.there.emplace(arrival.uid, std::move(arrival));
    for (const MessageRow& row : slice.rows) {
      const auto doubted = slice.doubted.find(row.key.uid);
      if (doubted == slice.doubted.end()) continue;
      STERNA_CO_CHECK(co_await judge_row(slice, connection, row, doubted->second));
    }
    co_return pair_strays(slice);
  }

  coro::Task<Status> judge_row(Slice& slice, Connection& connection, const MessageRow& row,
                               const Doubt& doubt) {
    const auto told = slice.there.find(row.key.uid);
    const std::optional<Identity> known = remote_identity(row);
    const FileLook& file = slice.files[row.key.uid];
    const bool all_known =
        told != slice.there.end() && told->second.identity && known && file.content;
    if (!all_known) co_return Status{};
    const RemoteArrival& there = told->second;
    const bool as_there = there.identity->same_as(*known, there.size_reliable);
    const bool as_here = is_content_of(*file.content, *row.identity);
    if (as_there && as_here) {
      if (doubt.flags) {
        correct(slice, row, there, {});
      } else if (doubt.date) {
        note_date(slice, row, there.internal_date);
      }
      co_return Status{};
    }
    if (as_there) {
      // What follows the header tells whether the file is wrong, or the row.
      WholeSink sink(row.key.uid);
      STERNA_CO_CHECK(co_await fetch_whole(connection, sink));
      const std::optional<maildir::ContentIdentity> whole = sink.finish();
      // The server and the row agree to the octet, and nobody wrote to the file since.
      if (whole && row.identity->same_as(to_identity(*whole))) {
        note_damage(slice, row);
        co_return Status{};
      }
      if (whole && is_content_of(*file.content, to_identity(*whole))) {
        correct(slice, row, there, file.content);
      } else {
        note_unclear(slice, row);
      }
    } else if (is_content_of(*file.content, *there.identity)) {
      correct(slice, row, there, file.content);
    } else {
      slice.strays.push_back(&row);
    }
    co_return Status{};
  }

  // Each gets the UID of a message with its content: one in no row, or one whose row moves, too.
  // All at once, so that each file has a row at any time. What fits none keeps its UID.
  Status pair_strays(Slice& slice) {
    std::vector<const MessageRow*>& strays = slice.strays;
    if (strays.empty()) return {};
    UidSet rowless;
    for (const auto& [uid, arrival] : slice.there) {
      if (!slice.unknown.contains(uid)) continue;
      STERNA_TRY(const auto row, engine_.store->message({slice.work->row.id, uid}));
      if (!row) rowless.add(uid);
    }
    for (std::size_t i = kIdentifiedMax; i < strays.size(); ++i) note_unclear(slice, *strays[i]);
    strays.resize(std::min<std::size_t>(strays.size(), kIdentifiedMax));
    std::map<Uid, const RemoteArrival*> found;
    do {
      UidSet free = rowless;
      for (const MessageRow* row : strays) free.add(row->key.uid);
      found.clear();
      for (const MessageRow* row : strays) {
        const RemoteArrival* fit = find_content(slice, free, *slice.files[row->key.uid].content);
        if (!fit) continue;
        free.remove(fit->uid);
        found.emplace(row->key.uid, fit);
      }
    } while (std::erase_if(strays, [&](const MessageRow* row) {
      if (found.contains(row->key.uid)) return false;
      note_unclear(slice, *row);
      slice.renumbered = slice.renumbered || is_another(slice, *row);
      return true;
    }));
    for (const MessageRow* row : strays) {
      correct(slice, *row, *found[row->key.uid], slice.files[row->key.uid].content);
    }
    return {};
  }

  // The file is the row's, and under its UID the server has a message that calls itself otherwise:
  // a server that tells the octets of one anew leaves it its name. So it is after a backup of the
  // server took its place, and what came since has got as far as the UIDs that had been (rule 11).
  static bool is_another(const Slice& slice, const MessageRow& row) {
    const std::string& here = slice.files.at(row.key.uid).content->message_id;
    const std::string& there = slice.there.at(row.key.uid).identity->message_id;
    return !here.empty() && !there.empty() && here != there &&
           is_content_of(*slice.files.at(row.key.uid).content, *row.identity);
  }

  static const RemoteArrival* find_content(const Slice& slice, const UidSet& among,
                                           const maildir::ContentIdentity& content) {
    for (const auto& [uid, arrival] : slice.there) {
      if (!among.contains(uid) || !arrival.identity) continue;
      if (is_content_of(content, *arrival.identity)) return &arrival;
    }
    return nullptr;
  }

  // `content`: of the file, where that of the row was wrong.
  static void correct(Slice& slice, const MessageRow& row, const RemoteArrival& there,
                      const std::optional<maildir::ContentIdentity>& content) {
    Correction made{row.key, row, slice.doubted[row.key.uid].why()};
    made.row.key.uid = there.uid;
    if (content) {
      made.row.identity = to_identity(*content);
      take_remote_identity(made.row, *there.identity);
    }
    if (there.internal_date != 0) made.row.internal_date = there.internal_date;
    if (made.row.key != made.key || !there.email_id.empty()) made.row.email_id = there.email_id;
    if (settles_flags(slice)) unite_flags(*slice.work, made.row, there.flags);
    slice.corrected.emplace(row.key.uid, std::move(made));
  }

  // The row has none that not both have: the next pass gives each side the other's.
  static void unite_flags(const MailboxWork& work, MessageRow& row, const FlagSet& there) {
    const FlagSet here = flags_here(work, row);
    const FlagSet expected = flags_there(row, work.row.cursor.storable, there);
    if (are_same(work, here, row.flags) && are_same(work, there, expected)) return;
    const bool deleted = row.flags.has(Flag::deleted);
    row.flags = here.intersected(there);
    // Nobody is to take it for a deletion that was asked for just now.
    row.flags.set(Flag::deleted, deleted);
    row.modseq = {};
    row.info.clear();  // as if the file had got its name since
  }

  static void note_unclear(Slice& slice, const MessageRow& row) {
    if (slice.unclear.count++ > 0) return;
    slice.unclear.first = row.key.uid;
    slice.unclear.why = slice.doubted[row.key.uid].why();
  }

  void tell_unclear(const Slice& slice) {
    const Unclear& unclear = slice.unclear;
    if (unclear.count == 0) return;
    if (slice.renumbered) {
      return engine_.log.warn(
          "mailbox {}: UID {} is another message on the server, as after a restored backup: the "
          "mailbox is paired anew, and nothing is deleted",
          slice.work->name(), unclear.first.value);
    }
    const std::string more =
        unclear.count > 1 ? fmt::format(" (and {} more)", unclear.count - 1) : std::string();
    engine_.log.warn("mailbox {}: UID {}{}: {}, and nothing tells what is right; see sterna verify",
                     slice.work->name(), unclear.first.value, more, unclear.why);
  }

  void note_damage(Slice& slice, const MessageRow& row) {
    engine_.damaged.insert_or_assign(row.key, row.file);
    slice.local_differs = true;
    engine_.log.warn("mailbox {}: UID {}: the file is damaged; it is fetched again",
                     slice.work->name(), row.key.uid.value);
  }

  // The server's is what a proof compares with (rule 11): a wrong one costs a question each time.
  Status record_dates(const Slice& slice) {
    if (slice.other_dates.empty()) return {};
    return engine_.write([&]() -> Status {
      for (const MessageRow& row : slice.other_dates) {
        STERNA_CHECK(engine_.store->put_message(row));
      }
      return {};
    });
  }

  static void note_date(Slice& slice, const MessageRow& row, std::int64_t date) {
    if (date == 0) return;
    slice.other_dates.push_back(row);
    slice.other_dates.back().internal_date = date;
  }

  // From here on a crash leaves what is looked at anew.
  Status record(Slice& slice) {
    MailboxWork& work = *slice.work;
    if (slice.is_wrong()) {
      engine_.log.info("mailbox {}: the audit found differences; it is looked at anew",
                       work.name());
    }
    return engine_.write([&]() -> Status {
      for (MessageRow row : slice.other_flags) {
        if (slice.corrected.contains(row.key.uid)) continue;
        // What the server says now is not older than what the base has.
        row.modseq = {};
        STERNA_CHECK(engine_.store->put_message(row));
        STERNA_CHECK(note(work, row, "the flags on the server are others"));
      }
      for (const auto& [uid, made] : slice.corrected) {
        STERNA_CHECK(engine_.store->remove_message(made.key));
      }
      for (const auto& [uid, made] : slice.corrected) {
        STERNA_CHECK(engine_.store->put_message(made.row));
        STERNA_CHECK(note(work, made.row, made.why));
      }
      if (slice.local_differs) STERNA_CHECK(doubt_files(engine_, work));
      STERNA_TRY(auto row, engine_.store->mailbox(work.row.id));
      if (!row) return {};
      row->cursor.highest_modseq = {};
      row->stamp.clear();
      row->pair_anew = row->pair_anew || slice.renumbered;
      return engine_.store->update_mailbox(*row);
    });
  }

  Status note(const MailboxWork& work, const MessageRow& row, const std::string& why) {
    return engine_.add_history(work, row.key.uid, full_name(row), "doubted", "base", why,
                               std::string(kWhy));
  }

  Engine& engine_;
  Pool& pool_;
  Place place_;
  std::size_t rows_left_;
  std::uint64_t octets_left_;
  bool found_ = false;
  Excuses excuses_;
  std::set<MessageKey> open_;
};

}  // namespace

coro::Task<Result<bool>> audit(Engine& engine, Pool& pool) {
  if (engine.dry_run()) co_return false;
  STERNA_CO_TRY(const Place place, read_place(*engine.store));
  const std::int64_t hours = (engine.store->lived_ms() - place.at_ms) / kHourMs;
  if (hours < 1) co_return false;
  Auditor auditor(engine, pool, place, std::min(hours, kHoursMax));
  co_return co_await auditor.run();
}

}  // namespace sterna::account
