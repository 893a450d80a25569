// SPDX-License-Identifier: Apache-2.0
#include "look_elsewhere.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>

#include "decisions.h"
#include "inspect_parts.h"
#include "look_aside.h"
#include "look_at_file.h"
#include "match_listing.h"
#include "sterna/base/bytes.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {
namespace {

using Births = std::vector<sync::BirthElsewhere>;

// What a mail program keeps for itself in the header of a file (maildir::PlainContent) is a few
// short lines.
constexpr std::uint64_t kOwnFieldsOctetsMax = 1024;
// A file that its account did not send within that time is a matter for the user.
constexpr std::chrono::nanoseconds kSoon = std::chrono::days(1);

constexpr const char* kKept = "its settings keep the file here";

// What the other state knows of one mailbox, and what is in it now.
struct Folder {
  const maildir::LocalMailbox& found;
  const MailboxRow* row;  // nullptr: none
  std::set<std::string> consumed;
  maildir::MailboxDirs dirs;
  maildir::Listing listing;
};

class Look {
 public:
  Look(const ElsewhereSearch& search, const Neighbour& neighbour)
      : search_(search),
        neighbour_(neighbour),
        layout_(neighbour.layout, neighbour.inbox),
        machine_(search.files.machine_id()) {}

  // ErrorCode::changed: it did not come to rest.
  Result<Births> run() {
    STERNA_CHECK(open());
    if (!root_) return Births();
    for (int attempt = 0; attempt < kLooksMax; ++attempt) {
      births_.clear();
      STERNA_TRY(const maildir::Discovery before, maildir::discover(*root_, layout_));
      STERNA_CHECK(read_base());
      STERNA_CHECK(check_whole(before));
      const Status looked = look_into_all(before);
      if (!looked && !looked.error().is(ErrorCode::changed)) return fail(looked.error());
      // A file that moved from a mailbox not seen yet into one that was is met in neither.
      STERNA_TRY(const maildir::Discovery after, maildir::discover(*root_, layout_));
      if (looked && is_same(before, after)) return std::move(births_);
    }
    return fail(ErrorCode::changed, "its Maildir does not come to rest");
  }

 private:
  // Leaves root_ empty where there is nothing to look at.
  Status open() {
    Result<std::unique_ptr<store::Store>> base = store::Store::open(neighbour_.state_dir, true);
    if (!base && !base.error().is(ErrorCode::not_found)) return fail(std::move(base).error());
    if (base) base_ = std::move(*base);
    std::uint64_t state = 0;
    if (base_) {
      STERNA_TRY(state, stored_id(*base_, "state"));
      STERNA_TRY(tree_, stored_id(*base_, "tree"));
    }
    Result<std::unique_ptr<io::Directory>> root =
        search_.files.open_root(neighbour_.maildir, false);
    if (!root) {
      const bool absent = root.error().is(ErrorCode::not_found);
      const bool blocked = root.error().is(ErrorCode::exists);
      if (state == 0 && (absent || blocked)) return {};  // never synced, and nothing to be sent yet
      if (absent) return fail(ErrorCode::marker, "its Maildir is not there");
      return fail(std::move(root).error());
    }
    STERNA_TRY(const io::FileStat stat, (*root)->stat());
    if (search_.own.contains({stat.dev, stat.ino})) return {};
    if (base_) STERNA_CHECK(judge_marker(**root, neighbour_.name, machine_, base_.get()));
    root_ = std::move(*root);
    return {};
  }

  Status read_base() {
    if (!base_) return {};
    STERNA_TRY(std::vector<MailboxRow> mailboxes, base_->mailboxes());
    STERNA_TRY(const std::vector<store::HeldEntry> held, base_->held());
    STERNA_TRY(const std::vector<store::Failure> failures, base_->failures());
    mailboxes_.clear();
    for (MailboxRow& row : mailboxes) {
      if (row.has_local || !row.path.empty()) mailboxes_.emplace(row.path, std::move(row));
    }
    stopped_.clear();
    for (const store::HeldEntry& entry : held) {
      if (!entry.uid && !entry.base_name.empty()) {
        stopped_.try_emplace({entry.mailbox, entry.base_name}, "it is held there");
      }
    }
    for (const store::Failure& failure : failures) {
      if (failure.uid || failure.action != "upload") continue;
      stopped_.try_emplace(
          {failure.mailbox, failure.base_name},
          fmt::format("it could not be sent: {}", printable(failure.reason, kReasonShownMax)));
    }
    return {};
  }

  // Places that cannot be seen may hold anything.
  Status check_whole(const maildir::Discovery& found) const {
    if (!found.unreadable.empty()) {
      return fail(ErrorCode::permission,
                  fmt::format("{} cannot be read", shown(found.unreadable[0])));
    }
    for (const maildir::MailboxPath& path : found.bare) {
      const MailboxRow* row = row_at(path);
      if (!row || !row->has_local) continue;
      return fail(ErrorCode::marker, fmt::format("{} is no mailbox any more", shown(path)));
    }
    return {};
  }

  Status look_into_all(const maildir::Discovery& found) {
    for (const maildir::LocalMailbox& one : found.mailboxes) {
      const Place cur{one.stamp.cur.dev, one.stamp.cur.ino};
      if (!search_.own.contains(cur)) STERNA_CHECK(look_into(one));
    }
    return {};
  }

  Status look_into(const maildir::LocalMailbox& found) {
    const MailboxRow* row = row_at(found.path);
    STERNA_TRY(std::set<std::string> consumed, consumed_in(row));
    // All of it is in the other base, but for what the settings keep.
    const bool settled = row && maildir::MailboxStamp::decode(row->stamp) == found.stamp;
    if (settled && consumed.empty()) return {};
    STERNA_TRY(maildir::MailboxDirs dirs, open_mailbox(found));
    STERNA_TRY(maildir::Listing listing, list(*dirs.home));
    const Folder folder{found, row, std::move(consumed), std::move(dirs), std::move(listing)};
    // The rows after the listing: what is sent meanwhile counts.
    STERNA_TRY(const auto known, entries_of_rows(folder));
    for (const maildir::Entry& entry : folder.listing.entries()) {
      const bool message =
          entry.kind == maildir::EntryKind::message || entry.kind == maildir::EntryKind::duplicate;
      if (!message || known.contains(&entry)) continue;
      if (settled && !folder.consumed.contains(std::string(folder.listing.base(entry)))) continue;
      STERNA_CHECK(consider(folder, entry));
    }
    return {};
  }

  // Files that are as their rows say. One that took the place of another is new.
  Result<std::unordered_set<const maildir::Entry*>> entries_of_rows(const Folder& folder) {
    std::unordered_set<const maildir::Entry*> known;
    if (!folder.row) return known;
    Matching matching(folder.listing);
    STERNA_CHECK(base_->for_each_local(folder.row->id, [&](const store::LocalRow& row) {
      const maildir::Entry* entry = matching.take(row);
      if (entry && entry->ino == row.ino) known.insert(entry);
    }));
    return known;
  }

  Status consider(const Folder& folder, const maildir::Entry& entry) {
    const std::string name(folder.listing.name(entry));
    const std::string base(folder.listing.base(entry));
    io::Directory& directory = folder.dirs.message_dir(entry.in_new);
    const Result<io::FileStat> stat = directory.stat_at(name);
    if (!stat && stat.error().is(ErrorCode::not_found)) {
      return fail(ErrorCode::changed, "a file was renamed meanwhile");
    }
    if (!stat) return fail(stat.error());
    if (stat->type != io::FileType::file) return {};
    const bool fresh = is_fresh(*stat) && !is_download(base);
    if (!fresh && !search_.leaving.may_include(base, stat->size)) return {};
    STERNA_TRY(const std::vector<MessageRow> rows, rows_named(base));
    const auto is_known = [&](const MessageRow& row) { return is_file_of(row, *stat); };
    if (std::ranges::any_of(rows, is_known)) return {};
    sync::BirthElsewhere birth;
    birth.base_name = base;
    birth.size = stat->size;
    birth.unclear = fresh || !read_content(directory, name, birth);
    const auto is_content = [&](const MessageRow& row) { return has_content_of(row, birth); };
    if (std::ranges::any_of(rows, is_content)) return {};
    birth.what =
        fmt::format("account {} has {}, {}", neighbour_.name, path_of(folder, entry),
                    birth.unclear ? "which may not be whole yet" : "which its server has not got");
    if (!fresh) birth.obstacle = obstacle(folder, base, *stat);
    births_.push_back(std::move(birth));
    return {};
  }

  // False where it cannot be told what the file is going to be. One that may not be read has no
  // identity, and is what it is.
  static bool read_content(io::Directory& directory, std::string_view name,
                           sync::BirthElsewhere& birth) {
    const Looked looked = look_at(directory, name, birth.base_name);
    if (looked.identity) birth.identity = to_identity(*looked.identity);
    if (looked.identity) birth.plain = to_plain_identity(*looked.identity);
    return looked.identity || looked.denied;
  }

  // Why it is not sent, or not soon; "": it is.
  std::string obstacle(const Folder& folder, const std::string& base, const io::FileStat& stat) {
    if (!neighbour_.enabled) return "that account is disabled";
    if (folder.consumed.contains(base) || !is_sent_from(folder)) return kKept;
    if (folder.row) {
      const auto stopped = stopped_.find({folder.row->id, base});
      if (stopped != stopped_.end()) return stopped->second;
    }
    const bool late = stat.ctime_ns < search_.now_ns - kSoon.count();
    return late ? "it was not sent for more than a day" : "";
  }

  bool is_sent_from(const Folder& folder) const {
    if (folder.row) return neighbour_.sends(folder.row->name, folder.row->role);
    if (folder.found.shortened) return false;  // whatever its name was
    const Result<MailboxName> name = neighbour_.to_remote(folder.found.name);
    return name && neighbour_.sends(*name, Role::none);
  }

  bool is_fresh(const io::FileStat& stat) const {
    const std::int64_t settles_ns = std::chrono::nanoseconds(search_.settles).count();
    return stat.ctime_ns > search_.now_ns - settles_ns &&
           stat.ctime_ns <= search_.now_ns + settles_ns;
  }

  // Placed there whole, by a sync of that account: it is not in its row yet, or not any more.
  bool is_download(std::string_view base) const {
    const auto origin = maildir::parse_origin(base);
    return origin && tree_ != 0 && origin->tree == TreeId{tree_};
  }

  // The file of a row, wherever the user moved it to since.
  static bool is_file_of(const MessageRow& row, const io::FileStat& stat) {
    return row.state == RowState::present && row.file.ino != 0 && row.file.ino == stat.ino &&
           row.file.dev == stat.dev && row.file.size == stat.size;
  }

  // Another file of that name with the same octets: a restored backup, a copy.
  static bool has_content_of(const MessageRow& row, const sync::BirthElsewhere& birth) {
    const auto is_content = [&](const std::optional<Identity>& identity) {
      return identity && identity->same_as(*row.identity);
    };
    return row.state == RowState::present && row.identity &&
           (is_content(birth.identity) || is_content(birth.plain));
  }

  Result<std::vector<MessageRow>> rows_named(const std::string& base) {
    if (!base_) return std::vector<MessageRow>();
    return base_->messages_by_base_name(base);
  }

  Result<std::set<std::string>> consumed_in(const MailboxRow* row) {
    std::set<std::string> names;
    if (!row) return names;
    const std::string prefix = consumed_key(row->id, {});
    STERNA_TRY(const std::vector<std::string> keys, base_->keys_with_prefix(prefix));
    for (const std::string& key : keys) names.insert(key.substr(prefix.size()));
    return names;
  }

  // A mailbox that was whole when it was found, and is not, is going or coming.
  Result<maildir::MailboxDirs> open_mailbox(const maildir::LocalMailbox& found) {
    Result<maildir::MailboxDirs> dirs = maildir::open_mailbox(*root_, found.path);
    if (dirs || !dirs.error().is(ErrorCode::not_found)) return dirs;
    if (found.complete) return fail(ErrorCode::changed, "a mailbox went meanwhile");
    return fail(ErrorCode::marker, fmt::format("{} is not complete", shown(found.path)));
  }

  static Result<maildir::Listing> list(io::Directory& home) {
    STERNA_TRY(maildir::Listing listing, maildir::list_mailbox(home));
    if (!listing.complete()) return fail(ErrorCode::changed, "a mailbox does not come to rest");
    return listing;
  }

  static bool is_same(const maildir::Discovery& a, const maildir::Discovery& b) {
    const auto stands_still = [](const auto& one, const auto& other) {
      return one.path == other.path && one.stamp == other.stamp;
    };
    return a.unreadable == b.unreadable && a.bare == b.bare &&
           std::ranges::equal(a.mailboxes, b.mailboxes, stands_still);
  }

  const MailboxRow* row_at(const maildir::MailboxPath& path) const {
    const auto found = mailboxes_.find(maildir::to_string(path));
    return found == mailboxes_.end() ? nullptr : &found->second;
  }

  std::string path_of(const Folder& folder, const maildir::Entry& entry) const {
    maildir::MailboxPath path = folder.found.path;
    path.emplace_back(entry.in_new ? "new" : "cur");
    path.emplace_back(folder.listing.name(entry));
    return shown(path);
  }
  std::string shown(const maildir::MailboxPath& path) const {
    std::string text = neighbour_.maildir;
    if (!path.empty()) text.append("/").append(maildir::to_string(path));
    return printable(text, kPathShownMax);
  }

  const ElsewhereSearch& search_;
  const Neighbour& neighbour_;
  maildir::Layout layout_;
  std::string machine_;
  std::unique_ptr<store::Store> base_;  // null: it has none
  std::unique_ptr<io::Directory> root_;
  std::uint64_t tree_ = 0;
  std::map<std::string, MailboxRow> mailboxes_;  // by path
  // What that account tried with a file, or waits with for the user.
  std::map<std::pair<MailboxId, std::string>, std::string> stopped_;
  Births births_;
};

// Messages that a plan takes from the server without keeping their file, but for those of `asked`,
// where they are noted.
Leaving leaving_of(const sync::Plan& plan, const sync::Input& input, std::set<MessageKey>& asked) {
  std::map<MessageKey, std::uint64_t> removals;
  for (const sync::Action& action : plan.actions) {
    const auto* out = std::get_if<sync::DeleteOut>(&action.what);
    if (!out || out->file_remains || out->without_row) continue;
    removals.emplace(MessageKey{out->where.mailbox, out->uid}, out->identity.size);
  }
  Leaving leaving;
  for (const MessageRow& row : input.rows) {
    const auto removal = removals.find(row.key);
    if (removal == removals.end() || is_replaced(row)) continue;
    if (asked.insert(row.key).second) leaving.add(row, removal->second);
  }
  return leaving;
}

Result<std::set<Place>> own_places(const Engine& engine) {
  STERNA_TRY(const io::FileStat root, engine.root->stat());
  std::set<Place> own{{root.dev, root.ino}};
  for (const auto& work : engine.mailboxes) {
    if (work->row.cur_ino != 0) own.emplace(work->row.cur_dev, work->row.cur_ino);
    if (work->stamp_now) own.emplace(work->stamp_now->cur.dev, work->stamp_now->cur.ino);
  }
  return own;
}

Births look_everywhere(const ElsewhereSearch& search, Engine& engine) {
  Births births;
  if (const Neighbours& accounts = engine.settings.neighbours) {
    for (const Neighbour& neighbour : *accounts) {
      if (neighbour.name == engine.settings.name) continue;
      std::ranges::move(look_elsewhere(search, neighbour), std::back_inserter(births));
    }
  }
  if (engine.places_aside.empty()) return births;
  std::ranges::move(look_aside(search, *engine.root, engine.places_aside),
                    std::back_inserter(births));
  return births;
}

// What the folders beside the mailboxes lack may have gone to a mailbox that was listed before.
void doubt_what_moved(Engine& engine, Births& births) {
  if (engine.places_aside.empty() || !has_moved_since_listed(engine)) return;
  sync::BirthElsewhere& moved = births.emplace_back();
  moved.unclear = true;
  moved.what = "the Maildir changed while it was looked through";
}

}  // namespace

void Leaving::add(const MessageRow& row, std::uint64_t wire_size) {
  stems_.emplace(sync::stem_of(row.base_name));
  file_sizes_.insert(row.file.size);
  for (const std::uint64_t size : {wire_size, row.remote_size}) {
    if (size != 0) wire_sizes_.insert(size);
  }
}

bool Leaving::may_include(std::string_view base_name, std::uint64_t file_size) const {
  if (stems_.contains(sync::stem_of(base_name)) || file_sizes_.contains(file_size)) return true;
  // On the wire each line end has two octets: a file has at least half of them, and no more than
  // all and the fields that a mail program added.
  const std::uint64_t least = file_size - std::min(file_size, kOwnFieldsOctetsMax);
  const auto size = wire_sizes_.lower_bound(least);
  return size != wire_sizes_.end() && *size <= 2 * file_size;
}

std::vector<sync::BirthElsewhere> look_elsewhere(const ElsewhereSearch& search,
                                                 const Neighbour& neighbour) {
  Result<Births> found = Look(search, neighbour).run();
  if (found) return std::move(*found);
  const Error& error = found.error();
  const bool passes = error.is(ErrorCode::changed) || error.is(ErrorCode::locked);
  // One that is switched off, and whose disk or state is away, would be in the way for ever.
  if (!neighbour.enabled && !passes) return {};
  sync::BirthElsewhere unclear;
  unclear.unclear = true;
  unclear.what = fmt::format("what is new in account {} is not known", neighbour.name);
  if (passes) {
    unclear.what += fmt::format(" now: {}", printable(error.describe(), kReasonShownMax));
  } else {
    unclear.obstacle = printable(error.describe(), kReasonShownMax);
  }
  return {std::move(unclear)};
}

coro::Task<Result<sync::Plan>> plan_beside_neighbours(Engine& engine, sync::Input& input) {
  sync::Plan plan = sync::plan(input);
  const Neighbours& accounts = engine.settings.neighbours;
  const bool has_neighbours = accounts && std::ranges::any_of(*accounts, [&](const Neighbour& one) {
                                return one.name != engine.settings.name;
                              });
  const bool alone = !has_neighbours && engine.places_aside.empty();
  std::set<MessageKey> asked;
  // What has to stay may let another removal pass the brake: that one is looked for next.
  while (!alone) {
    ElsewhereSearch search{engine.services.files,
                           leaving_of(plan, input, asked),
                           {},
                           engine.services.clock.wall_ns(),
                           engine.settings.settles};
    if (search.leaving.empty()) break;
    STERNA_CO_TRY(search.own, own_places(engine));
    auto job = [&] { return look_everywhere(search, engine); };
    Births births = co_await on_worker(engine.services, job);
    doubt_what_moved(engine, births);
    if (births.empty()) break;
    for (const sync::BirthElsewhere& birth : births) engine.log.debug("{}", birth.what);
    std::ranges::move(births, std::back_inserter(input.births_elsewhere));
    plan = sync::plan(input);
  }
  co_return plan;
}

}  // namespace sterna::account
