// SPDX-License-Identifier: Apache-2.0
// The way back from the undo area. A message gets a name that was never used and that follows from
// the one which it has there: tombstones do not know it, and what is restored twice, since the
// first time died before it was recorded, meets its own file. So it is a new file like any other:
// the next sync pairs it with what the server has, or uploads it behind the barrier (rule 8), and
// no removal of before is about it. What is there already is known by content: a message that could
// not be removed lies in the undo area once for each try.
//
// Files first, then directories, then the record (rule 3).
#include "sterna/account/undo.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine.h"
#include "header_fields.h"
#include "inspect_parts.h"
#include "mailbox_rows.h"
#include "sterna/base/bytes.h"
#include "sterna/maildir/change.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/listing.h"
#include "tree.h"

namespace sterna::account {
namespace {

constexpr std::string_view kWhy = "restored from the undo area";

// --- what it is

using Content = maildir::ContentIdentity;

bool are_same(const Content& one, const Content& other) {
  const std::optional<Identity> plain = to_plain_identity(other);
  return is_content_of(one, to_identity(other)) || (plain && is_content_of(one, *plain));
}

Result<Content> read_content(io::Directory& directory, std::string_view name) {
  STERNA_TRY(const auto reader, directory.open_file(name));
  return maildir::read_identity(*reader);
}

// --- where it goes

// A mailbox that messages are put back into.
struct Target {
  MailboxRow row;  // without an id if the base has none
  maildir::MailboxDirs dirs;
  bool made = false;
  std::string note;
  maildir::Listing listing;         // of before
  std::vector<Content> unrecorded;  // of files that the base does not know
  std::vector<Content> placed;
};

Error in_mailbox(Error error, const MailboxName& name) {
  error.add_context(fmt::format("mailbox {}", printable(name.text())));
  return error;
}

Error not_in_place(const Settings& settings, const MailboxRow& row) {
  return Error(ErrorCode::not_found, "its folder here is not as the last sync left it")
      .with_scope(ErrorScope::mailbox)
      .with_hint(fmt::format("sterna sync {0}, and sterna held list {0}; or name another mailbox: "
                             "--into MAILBOX",
                             settings.name))
      .with_context(fmt::format("mailbox {}", printable(row.name.text())));
}

// Why the server does not get what is put there.
std::string why_not_sent(const Settings& settings, const MailboxRow& row) {
  if (!settings.includes(row.name, row.role)) return "the mailbox is not synced; it stays here";
  if (settings.policy_for(row.name).direction == sync::Direction::pull) {
    return "nothing of the mailbox is sent; it stays here";
  }
  return {};
}

// --- the restore

struct Piece {
  store::UndoEntry entry;
  bool by_number = false;
  Target* target = nullptr;
  std::string base;
  std::optional<io::FileStat> kept;  // in the undo area
  std::optional<Content> content;    // of that
  maildir::SeenFile placed;
  FlagSet flags;
};

// Where a restore that died has put a file.
struct Earlier {
  MailboxName mailbox;
  maildir::MailboxPath path;
  maildir::SeenFile file;
};

class Restorer {
 public:
  Restorer(Engine& engine, const std::optional<MailboxName>& into) : engine_(engine), into_(into) {}

  Result<Restoration> run(const std::vector<UndoPick>& picks) {
    STERNA_CHECK(open());
    STERNA_TRY(std::vector<Piece> pieces, look_at(picks));
    STERNA_CHECK(find_earlier(pieces));
    STERNA_CHECK(find_rows(pieces));
    for (Piece& piece : pieces) {
      if (Status placed = place(piece); !placed) {
        note(piece.entry.id, std::move(placed).error());
      } else {
        pieces_.push_back(std::move(piece));
      }
    }
    STERNA_CHECK(touched_.sync());
    STERNA_CHECK(record());
    for (const Piece& piece : pieces_) {
      result_.restored.push_back({piece.entry.id, piece.target->row.name.text(),
                                  absolute_path(engine_.settings, path_of(piece)),
                                  piece.target->made, piece.target->note});
    }
    return std::move(result_);
  }

 private:
  static Error not_there() {
    return Error(ErrorCode::not_found, "it is not in the undo area")
        .with_scope(ErrorScope::message)
        .with_hint("sterna undo list shows what is");
  }

  Status open() {
    const Settings& settings = engine_.settings;
    STERNA_TRY(engine_.store, store::Store::open(settings.state_dir, false));
    auto root = engine_.services.files.open_root(settings.maildir, false);
    if (!root && root.error().is(ErrorCode::not_found)) return fail(maildir_gone(settings));
    if (!root) return fail(std::move(root).error());
    engine_.root = std::move(*root);
    STERNA_CHECK(lock_maildir(*engine_.root, settings.maildir));
    STERNA_CHECK(judge_marker(*engine_.root, settings.name, engine_.services.files.machine_id(),
                              engine_.store.get()));
    STERNA_TRY(rows_, engine_.store->mailboxes());
    STERNA_TRY(undo_, engine_.open_undo());
    return {};
  }

  void note(std::int64_t id, Error error) {
    result_.errors.push_back(std::move(error).with_context(fmt::format("undo entry {}", id)));
  }

  Result<std::vector<Piece>> look_at(const std::vector<UndoPick>& picks) {
    STERNA_TRY(const std::vector<store::UndoEntry> entries, engine_.store->undo_entries());
    std::vector<Piece> pieces;
    for (const UndoPick& pick : picks) {
      const auto entry = std::ranges::find(entries, pick.id, &store::UndoEntry::id);
      Result<Piece> piece = entry == entries.end() ? fail(not_there()) : look_at(*entry);
      if (!piece) {
        note(pick.id, std::move(piece).error());
        continue;
      }
      piece->by_number = pick.by_number;
      pieces.push_back(std::move(*piece));
    }
    return pieces;
  }

  Result<Piece> look_at(const store::UndoEntry& entry) {
    Piece piece;
    piece.entry = entry;
    const std::int64_t seconds = std::max<std::int64_t>(entry.at_ms / 1000, 0);
    piece.base = maildir::unique_base_name(entry.file, seconds);
    piece.flags = entry.flags;
    piece.flags.set(Flag::deleted, false);
    const auto stat = undo_->stat_at(entry.file);
    if (!stat && !stat.error().is(ErrorCode::not_found)) return fail(stat.error());
    if (stat) {
      piece.kept = *stat;
      STERNA_TRY(piece.content, read_content(*undo_, entry.file));
    }
    return piece;
  }

  // In the whole Maildir: between two disks a file is in both places for a moment, and the one here
  // may have been moved on since. The name was never anybody else's.
  Status find_earlier(const std::vector<Piece>& pieces) {
    std::set<std::string_view> bases;
    for (const Piece& piece : pieces) bases.insert(piece.base);
    if (bases.empty()) return {};
    const maildir::Layout layout(engine_.settings.layout, engine_.settings.inbox);
    STERNA_TRY(const maildir::Discovery here, maildir::discover(*engine_.root, layout));
    for (const maildir::LocalMailbox& mailbox : here.mailboxes) {
      const auto home = maildir::open_path(*engine_.root, mailbox.path);
      if (!home) continue;
      const auto listing = maildir::list_mailbox(**home);
      if (!listing) continue;
      for (const maildir::Entry& entry : listing->entries()) {
        const std::string_view base = listing->base(entry);
        if (entry.kind == maildir::EntryKind::strange || !bases.contains(base)) continue;
        earlier_.emplace(base, Earlier{mailbox.name, mailbox.path, listing->seen(entry)});
      }
    }
    return {};
  }

  Status find_rows(const std::vector<Piece>& pieces) {
    std::set<Digest> headers;
    for (const Piece& piece : pieces) {
      if (!piece.content) continue;
      headers.insert(to_identity(*piece.content).header);
      if (const auto plain = to_plain_identity(*piece.content)) headers.insert(plain->header);
    }
    if (headers.empty()) return {};
    STERNA_TRY(alike_, engine_.store->messages_with_headers(headers));
    return {};
  }

  Status place(Piece& piece) {
    if (const auto found = earlier_.find(piece.base); found != earlier_.end()) {
      return finish(piece, found->second);
    }
    if (!piece.kept) return fail(not_there());
    STERNA_CHECK(refuse_damaged(piece));
    STERNA_TRY(piece.target, target_of(piece.entry));
    Target& target = *piece.target;
    STERNA_CHECK(refuse_twin(*piece.content, target));
    STERNA_TRY(const maildir::FileName name, name_of(piece));
    STERNA_TRY(piece.placed, maildir::restore_from(*undo_, piece.entry.file, piece.kept->ino,
                                                   target.dirs, name.is_plain(), name, touched_));
    target.placed.push_back(*piece.content);
    return {};
  }

  // What a restore that died has begun, where it began it.
  Status finish(Piece& piece, const Earlier& earlier) {
    STERNA_TRY(piece.target, target_at(earlier));
    piece.placed = earlier.file;
    if (piece.kept) STERNA_CHECK(drop_copy(*piece.target, piece.placed, piece.entry.file));
    if (piece.content) piece.target->placed.push_back(*piece.content);
    return {};
  }

  // Only once the other one stays whatever happens.
  Status drop_copy(const Target& target, const maildir::SeenFile& back, const std::string& file) {
    STERNA_CHECK(target.dirs.message_dir(back.in_new).sync());
    touched_.add(*undo_);
    return undo_->unlink_at(file);
  }

  static Result<maildir::FileName> name_of(const Piece& piece) {
    maildir::FileName name;
    name.base = piece.base;
    if (piece.flags.empty()) return name;
    STERNA_TRY(const maildir::KeywordTable letters,
               maildir::add_keywords(piece.target->dirs, piece.flags.keywords()));
    return maildir::with_flags(name, piece.flags.mask(), letters.letters_of(piece.flags));
  }

  // What the disk damaged, or a program wrote half of, would be a message of its own on the server.
  Status refuse_damaged(const Piece& piece) const {
    const std::optional<Identity>& known = piece.entry.identity;
    if (piece.by_number || !known || is_content_of(*piece.content, *known)) return {};
    return fail(Error(ErrorCode::changed,
                      "it is not the message that the last sync knew: damaged, "
                      "or written to")
                    .with_scope(ErrorScope::message)
                    .with_hint(fmt::format("its file is {}/undo/{}; to have it all the same, name "
                                           "it by its number",
                                           engine_.settings.state_dir, piece.entry.file)));
  }

  // Twice in one mailbox is no help to anybody: it may be there again since.
  Status refuse_twin(const Content& content, const Target& target) const {
    const auto is_it = [&](const Content& other) { return are_same(content, other); };
    if (std::ranges::any_of(target.placed, is_it)) {
      return fail(twin("another copy of it was just restored"));
    }
    if (std::ranges::any_of(target.unrecorded, is_it)) {
      return fail(twin("its mailbox has it already"));
    }
    if (!target.row.id) return {};
    for (const MessageRow& row : alike_) {
      if (row.key.mailbox != target.row.id || !row.identity) continue;
      if (!is_content_of(content, *row.identity)) continue;
      if (row.state == RowState::wanted) {
        return fail(twin("the server has it, and the next sync fetches it"));
      }
      if (row.state == RowState::present && target.listing.find(row.base_name)) {
        return fail(twin("its mailbox has it already"));
      }
    }
    return {};
  }
  static Error twin(std::string what) {
    return Error(ErrorCode::exists, std::move(what))
        .with_scope(ErrorScope::message)
        .with_hint(
            "nothing is to be restored; to have it twice, name another mailbox: --into "
            "MAILBOX");
  }

  Result<Target*> target_of(const store::UndoEntry& entry) {
    const MailboxName name = into_ ? *into_ : MailboxName(entry.mailbox);
    if (name.empty()) {
      return fail(Error(ErrorCode::usage, "nobody knows which mailbox it was in")
                      .with_scope(ErrorScope::message)
                      .with_hint("name one: --into MAILBOX"));
    }
    const auto known = targets_.find(name);
    if (known != targets_.end()) return &known->second;
    const auto row = std::ranges::find(rows_, name, &MailboxRow::name);
    Result<Target> target = row == rows_.end() ? make_target(name) : open_target(*row);
    if (!target) return fail(in_mailbox(std::move(target).error(), name));
    return keep(std::move(*target));
  }

  Result<Target*> target_at(const Earlier& earlier) {
    Target target;
    target.row.name = earlier.mailbox;
    target.row.path = maildir::to_string(earlier.path);
    const auto row = std::ranges::find(rows_, target.row.path, &MailboxRow::path);
    if (row != rows_.end()) target.row = *row;
    const auto known = targets_.find(target.row.name);
    if (known != targets_.end()) return &known->second;
    STERNA_TRY(target.dirs, maildir::open_mailbox(*engine_.root, earlier.path));
    return keep(std::move(target));
  }

  Result<Target*> keep(Target target) {
    target.note = why_not_sent(engine_.settings, target.row);
    STERNA_TRY(target.listing, maildir::list_mailbox(*target.dirs.home));
    STERNA_CHECK(read_unrecorded(target));
    const MailboxName name = target.row.name;
    return &targets_.emplace(name, std::move(target)).first->second;
  }

  // As of a restore that no sync has followed yet.
  Status read_unrecorded(Target& target) {
    std::set<std::string, std::less<>> known;
    if (target.row.id) {
      STERNA_CHECK(engine_.store->for_each_local(target.row.id, [&](const store::LocalRow& row) {
        known.emplace(maildir::strip_fields(row.base_name));
      }));
    }
    for (const maildir::Entry& entry : target.listing.entries()) {
      if (entry.kind == maildir::EntryKind::strange) continue;
      if (known.contains(maildir::strip_fields(target.listing.base(entry)))) continue;
      const auto content =
          read_content(target.dirs.message_dir(entry.in_new), target.listing.name(entry));
      if (content) target.unrecorded.push_back(*content);
    }
    return {};
  }

  // Its directory must be the one that the base knows (rule 15): in another one the next sync would
  // find a mailbox that is not to be touched.
  Result<Target> open_target(const MailboxRow& row) {
    Target target;
    target.row = row;
    auto dirs = maildir::open_mailbox(*engine_.root, maildir::parse_mailbox_path(row.path));
    if (!row.has_local || !dirs) {
      const bool missing = !row.has_local || dirs.error().is(ErrorCode::not_found);
      return fail(missing ? not_in_place(engine_.settings, row) : std::move(dirs).error());
    }
    STERNA_TRY(const io::FileStat cur, dirs->cur->stat());
    if (!is_cur_of(row, cur)) return fail(not_in_place(engine_.settings, row));
    target.dirs = std::move(*dirs);
    return target;
  }

  // It was deleted, or renamed, since: it is made anew, where the server may get it.
  Result<Target> make_target(const MailboxName& name) {
    const sync::Create create = engine_.settings.create;
    if (create != sync::Create::both && create != sync::Create::remote) {
      return fail(Error(ErrorCode::not_found,
                        "it is gone, and create does not let it be made on the server")
                      .with_hint("name another mailbox: --into MAILBOX"));
    }
    Target target;
    target.row.name = name;
    target.made = true;
    STERNA_TRY(const maildir::MailboxPath path, place_for(engine_, name));
    target.row.path = maildir::to_string(path);
    STERNA_TRY(target.dirs, maildir::create_mailbox(*engine_.root, engine_.settings.layout, path));
    return target;
  }

  static std::string path_of(const Piece& piece) {
    const std::string& home = piece.target->row.path;
    return fmt::format("{}{}{}/{}", home, home.empty() ? "" : "/",
                       piece.placed.in_new ? "new" : "cur", piece.placed.name);
  }

  Status record() {
    return engine_.write([&]() -> Status {
      std::set<MailboxId> listed_anew;
      for (const Piece& piece : pieces_) {
        STERNA_CHECK(engine_.store->remove_undo(piece.entry.id));
        STERNA_CHECK(engine_.store->add_history(
            {engine_.now_ms(), piece.target->row.name.text(), Uid{}, path_of(piece), "restored",
             "local", piece.flags.to_string(),
             fmt::format("{}; it went as: {}", kWhy, piece.entry.reason),
             message_id_of(piece.entry.identity)}));
        listed_anew.insert(piece.target->row.id);
      }
      for (MailboxRow row : rows_) {
        if (!listed_anew.contains(row.id) || row.stamp.empty()) continue;
        row.stamp.clear();
        STERNA_CHECK(engine_.store->update_mailbox(row));
      }
      return {};
    });
  }

  Engine& engine_;
  const std::optional<MailboxName>& into_;
  io::Directory* undo_ = nullptr;
  std::vector<MailboxRow> rows_;
  std::map<MailboxName, Target> targets_;
  std::map<std::string, Earlier, std::less<>> earlier_;  // by base
  std::vector<MessageRow> alike_;                        // by header, in the account
  std::vector<Piece> pieces_;
  maildir::TouchedDirectories touched_;
  Restoration result_;
};

}  // namespace

Result<std::vector<UndoLine>> read_undo(io::FileSystem& files, const Settings& settings) {
  std::vector<UndoLine> lines;
  STERNA_TRY(const std::unique_ptr<store::Store> base, open_base(settings));
  if (!base) return lines;
  STERNA_TRY(std::vector<store::UndoEntry> entries, base->undo_entries());
  const std::string area = settings.state_dir + "/undo";
  auto undo = files.open_root(area, false);
  if (!undo && undo.error().is(ErrorCode::not_found)) return lines;
  if (!undo) return fail(std::move(undo).error());
  for (store::UndoEntry& entry : entries) {
    const auto stat = (*undo)->stat_at(entry.file);
    if (!stat || stat->type != io::FileType::file) continue;
    HeaderFields fields = read_fields(**undo, entry.file);
    lines.push_back({entry.id, std::move(entry.mailbox), entry.flags.to_string(), stat->size,
                     entry.at_ms, std::move(entry.reason), area + "/" + entry.file,
                     std::move(fields.from), std::move(fields.subject),
                     std::move(fields.message_id)});
  }
  std::ranges::reverse(lines);
  return lines;
}

Result<Restoration> restore_undo(Services& services, const Settings& settings,
                                 const std::vector<UndoPick>& picks,
                                 const std::optional<MailboxName>& into) {
  AccountReport report;
  Progress nobody;
  Engine engine(services, settings, {}, nobody, Log{}, report);
  Restorer restorer(engine, into);
  return restorer.run(picks);
}

}  // namespace sterna::account
