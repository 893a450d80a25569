// SPDX-License-Identifier: Apache-2.0
#include "audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "compare.h"
#include "execute.h"
#include "look_at_file.h"
#include "look_closer.h"
#include "message_limit.h"
#include "observe.h"
#include "remote_changes.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/commands.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {
namespace {

constexpr std::int64_t kHourMs = std::chrono::milliseconds(std::chrono::hours(1)).count();
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

// What the server says of the messages of a slice.
class SliceSink final : public Sink {
 public:
  struct Told {
    std::optional<FlagSet> flags;
    std::optional<std::uint64_t> size;
    std::optional<std::int64_t> date;
    ModSeq modseq;
  };

  SliceSink(const UidSet& wanted, std::uint32_t exists) : wanted_(wanted), exists_(exists) {}
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch || !fetch->uid || !wanted_.contains(*fetch->uid)) return;
    Told& told = messages[*fetch->uid];
    if (fetch->flags) {
      keyword_octets_ += octets_of_keywords(*fetch->flags);
      told.flags = fetch->flags;
    }
    if (fetch->size) told.size = fetch->size;
    if (fetch->internal_date) told.date = fetch->internal_date;
    if (fetch->modseq) told.modseq = *fetch->modseq;
  }
  void on_bad_response(const Error& /*error*/) override { unreadable = true; }
  bool full() const override { return tells_too_much(messages.size(), exists_, keyword_octets_); }
  coro::Task<Status> relieve() override { return hang_up(told_too_much()); }

  std::map<Uid, Told> messages;
  bool unreadable = false;

 private:
  const UidSet& wanted_;
  std::uint32_t exists_;
  std::uint64_t keyword_octets_ = 0;
};

// What became of a row's file since it was recorded, as the file itself tells.
struct FileLook {
  bool moved = false;  // not there under its name, or another file: a listing tells more
  std::optional<maildir::ContentIdentity> content;
};

FileLook look_at_row(maildir::MailboxDirs& dirs, const MessageRow& row, std::uint64_t& octets) {
  FileLook look;
  io::Directory& directory = dirs.message_dir(row.in_new);
  const std::string name = row.base_name + row.info;
  const Result<io::FileStat> now = directory.stat_at(name);
  const bool stamped = row.file.size != 0 || row.file.mtime_ns != 0;
  look.moved = !now || (row.file.ino != 0 && now->ino != row.file.ino) ||
               (stamped && (now->size != row.file.size || now->mtime_ns != row.file.mtime_ns));
  if (look.moved || !row.identity || now->size > octets) return look;
  octets -= now->size;
  look.content = look_at(directory, name, row.base_name).identity;
  return look;
}

// What a row says otherwise than the server, or its file.
struct Doubt {
  bool size = false;
  bool date = false;
  bool content = false;
  bool flags = false;

  std::string why() const {
    return size      ? "the size on the server is another"
           : content ? "the file holds something else"
           : flags   ? "the flags in the file's name are others"
                     : "the date on the server is another";
  }
};

// The whole of one message, by its identity.
class WholeSink final : public Sink {
 public:
  explicit WholeSink(Uid uid) : uid_(uid) {}
  void on_body_begin(const imap::BodyBegin& body) override {
    if (!id_ && (!body.uid || *body.uid == uid_)) id_ = body.id;
  }
  bool on_body_chunk(imap::BodyId id, std::string_view octets) override {
    if (id != id_) return false;
    content_.update(octets);
    return true;
  }
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch || fetch->bodies.empty() || fetch->bodies.front().id != id_) return;
    whole = fetch->uid == uid_ && fetch->bodies.front().source != imap::FetchBody::Source::nil;
  }
  maildir::ContentIdentity finish() { return content_.finish(); }

  bool whole = false;

 private:
  Uid uid_;
  imap::BodyId id_;
  maildir::IdentityBuilder content_;
};

// A mailbox's part of it.
struct Slice {
  MailboxWork* work = nullptr;
  UidSet uids;  // all that was looked at, with and without a row
  std::vector<MessageRow> rows;
  std::map<Uid, FileLook> files;
  // Found.
  bool remote_differs = false;
  bool local_differs = false;
  UidSet unknown;                        // on the server, and in no row
  std::map<Uid, Doubt> doubted;          // rows
  std::vector<MessageRow> other_flags;   // than the server's
  std::map<Uid, RemoteArrival> there;    // of what is doubted or unknown
  std::map<Uid, std::string> forgotten;  // rows to be paired anew, and why
  std::vector<MessageRow> other_dates;   // with that of the server

  bool found_any() const {
    return remote_differs || local_differs || !forgotten.empty() || !other_flags.empty();
  }
};

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
    bool found = false;
    for (MailboxWork* work : in_turn()) {
      if (rows_left_ == 0) break;
      STERNA_CO_TRY(const bool here, co_await look_at(*work));
      found = found || here;
    }
    place_.at_ms = engine_.store->lived_ms();
    STERNA_CO_CHECK(engine_.write([this] {
      return engine_.store->set(kAuditKey, fmt::format("{} {} {}", place_.at_ms,
                                                       place_.mailbox.value, place_.from.value));
    }));
    co_return found;
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

  coro::Task<Result<bool>> look_at(MailboxWork& work) {
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
      co_return false;
    }
    STERNA_CO_CHECK(co_await look_here(slice));
    STERNA_CO_CHECK(co_await judge(slice, *connection));
    STERNA_CO_CHECK(record_dates(slice));
    if (!slice.found_any()) co_return false;
    STERNA_CO_CHECK(record(slice));
    co_return true;
  }

  // Sets where the next slice begins, too.
  Status choose_rows(Slice& slice) {
    const MailboxWork& work = *slice.work;
    const Uid from = work.row.id == place_.mailbox ? place_.from : Uid{1};
    STERNA_TRY(slice.rows, engine_.store->messages_from(work.row.id, from, rows_left_));
    const bool all = slice.rows.size() < rows_left_;
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
           work.flags_unsaid.contains(row.key.uid) || row.info == kInfoUnsaid;
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
  static bool settles_flags(const MailboxWork& work) {
    return work.policy.direction == sync::Direction::both;
  }

  // Where \Deleted is acted on, it is told to nobody.
  static bool are_same(const MailboxWork& work, FlagSet one, FlagSet other) {
    if (work.input.acts_on_deleted()) {
      one.set(Flag::deleted, false);
      other.set(Flag::deleted, false);
    }
    return one == other;
  }

  static void compare_row(Slice& slice, const Connection& connection, const MessageRow& row,
                          const SliceSink::Told& told) {
    const RemoteCursor& cursor = slice.work->row.cursor;
    // What changed since is for the next sync.
    const bool news = told.modseq && cursor.highest_modseq && told.modseq > cursor.highest_modseq;
    if (settles_flags(*slice.work) && told.flags && !news) {
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
    auto job = [this, dirs, &rows, &slice] {
      for (const MessageRow* row : rows) {
        slice.files[row->key.uid] = look_at_row(*dirs, *row, octets_left_);
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
    const maildir::FileName name = maildir::parse_file_name(row.base_name + row.info);
    const maildir::KeywordTable& letters = slice.work->keywords;
    FlagSet expected = row.flags;
    for (const std::string& keyword : letters.missing(row.flags)) expected.remove_keyword(keyword);
    const bool same = !name.tells_flags() || name.kind == maildir::InfoKind::none ||
                      are_same(*slice.work, letters.flags_of(name.mask, name.keywords), expected);
    if (!same && settles_flags(*slice.work)) slice.doubted[row.key.uid].flags = true;
  }

  static bool is_content_of(const maildir::ContentIdentity& content, const Identity& identity) {
    const std::optional<Identity> plain = to_plain_identity(content);
    return identity.same_as(to_identity(content)) || (plain && identity.same_as(*plain));
  }

  // A row is forgotten only where its file can be paired again by content with what the server has:
  // it would be held, or fetched a second time, else.
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
    co_return Status{};
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
    if (as_there && as_here && !doubt.flags) {
      if (doubt.date) note_date(slice, row, there.internal_date);
      co_return Status{};
    }
    bool can_be_paired = std::ranges::any_of(slice.there, [&](const auto& one) {
      return one.second.identity && is_content_of(*file.content, *one.second.identity);
    });
    if (as_there && !as_here) {
      STERNA_CO_TRY(const auto whole, co_await fetch_whole(connection, row.key.uid));
      // The server and the row agree to the octet, and nobody wrote to the file since.
      if (whole && row.identity->same_as(to_identity(*whole))) {
        note_damage(slice, row);
        co_return Status{};
      }
      can_be_paired = whole && is_content_of(*file.content, to_identity(*whole));
    }
    if (can_be_paired) {
      slice.forgotten.emplace(row.key.uid, doubt.why());
    } else {
      engine_.log.warn("mailbox {}: UID {}: {}, and nothing tells what is right; see sterna verify",
                       slice.work->name(), row.key.uid.value, doubt.why());
    }
    co_return Status{};
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

  // What follows the header tells whether the file is wrong, or the row.
  static coro::Task<Result<std::optional<maildir::ContentIdentity>>> fetch_whole(
      Connection& connection, Uid uid) {
    imap::FetchRequest request;
    request.uids = UidSet::single(uid);
    request.items = {imap::FetchItem::uid, imap::FetchItem::body};
    WholeSink sink(uid);
    STERNA_CO_CHECK(co_await connection.run_ok(imap::uid_fetch(request), &sink));
    co_return sink.whole ? std::optional(sink.finish()) : std::nullopt;
  }

  // From here on a crash leaves what is looked at anew.
  Status record(Slice& slice) {
    MailboxWork& work = *slice.work;
    engine_.log.info("mailbox {}: the audit found differences; it is looked at anew", work.name());
    return engine_.write([&]() -> Status {
      for (MessageRow row : slice.other_flags) {
        if (slice.forgotten.contains(row.key.uid)) continue;
        // What the server says now is not older than what the base has.
        row.modseq = {};
        STERNA_CHECK(engine_.store->put_message(row));
        STERNA_CHECK(note(work, row, "the flags on the server are others"));
      }
      for (const MessageRow& row : slice.rows) {
        const auto why = slice.forgotten.find(row.key.uid);
        if (why == slice.forgotten.end()) continue;
        STERNA_CHECK(engine_.store->remove_message(row.key));
        STERNA_CHECK(note(work, row, why->second));
      }
      if (slice.local_differs) STERNA_CHECK(doubt_files(engine_, work));
      STERNA_TRY(auto row, engine_.store->mailbox(work.row.id));
      if (!row) return {};
      row->cursor.highest_modseq = {};
      row->stamp.clear();
      return engine_.store->update_mailbox(*row);
    });
  }

  Status note(const MailboxWork& work, const MessageRow& row, const std::string& why) {
    return engine_.add_history(work, row.key.uid, row.base_name + row.info, "doubted", "base", why,
                               std::string(kWhy));
  }

  Engine& engine_;
  Pool& pool_;
  Place place_;
  std::size_t rows_left_;
  std::uint64_t octets_left_;
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
