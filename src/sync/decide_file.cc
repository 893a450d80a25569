// SPDX-License-Identifier: Apache-2.0
// New files: what is proven to be a message on the server is paired with it; what was on a server
// once and is not now is held (rule 17); the rest is the user's, and goes out behind the barrier
// (rule 8).
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "decide.h"
#include "match.h"

namespace sterna::sync {
namespace {

// What the rows of that name tell about a file.
struct Namesakes {
  const RowView* original = nullptr;  // the message of which it is a proven copy
  const RowView* unseen = nullptr;    // its original, or its old self: a side of it is not known
  bool kept_by_policy = false;        // detached: never sent
  bool released = false;              // the name was given up: the user's file by now
  bool claimed = false;               // the name of a message that has no file yet
};

void ask(const RowView& row, const FileView& file, Namesakes& names) {
  const bool proven = row.identity && is_content_of(*file.arrival, *row.identity);
  switch (row.row->state) {
    case RowState::detached:
      names.kept_by_policy |= !row.identity || proven;
      return;
    case RowState::wanted:
    case RowState::quarantined:
    case RowState::dropping:
      names.claimed = true;
      return;
    case RowState::tombstone:
    case RowState::deleting:
      names.released = true;
      return;
    case RowState::present:
    case RowState::stub:
    case RowState::dropped:
      break;
  }
  names.released = true;
  if (!proven) return;
  if (row.remote == Remote::unknown || row.local == Local::unknown) {
    names.unseen = &row;
  } else if (row.remote == Remote::same || row.message) {
    if (!names.original) names.original = &row;
  }
}

Namesakes namesakes_of(World& world, const FileView& file) {
  Namesakes names;
  for (const RowView* row : world.rows_named(file.stem)) ask(*row, file, names);
  return names;
}

// Where the original stands when uploads are carried out; nullopt if it is on its way.
std::optional<MessageKey> place_of(const RowView& original) {
  if (original.message) return MessageKey{original.message->mailbox->in->id, original.message->uid};
  if (original.file && original.file->mailbox != original.mailbox) return std::nullopt;
  if (content_of(original) != Content::same) return std::nullopt;
  return original.key();
}

// What the mailboxes hold already, by content.
class Holdings {
 public:
  explicit Holdings(World& world) : one_of_each_(world.input().append_deduplicates) {
    for (const RowView& row : world.rows()) {
      if (!row.has_file_here() || !row.identity) continue;
      if (!row.mailbox || row.mailbox->in->local.suspect) unseen_.add(row.identity);
      if (!row.mailbox) continue;
      if (row.local == Local::unknown && row.doubted) missing_.add(row.identity);
      if (is_to_follow(row)) to_follow_.insert(inode_of(row.row->file));
      if (is_seen(row)) seen_.emplace(inode_of(row.row->file), &row);
      rows_[{row.mailbox, *content_key(row.identity)}].push_back(&row);
    }
    for (const MessageView& message : world.messages()) {
      if (!message.file || message.file->mailbox != message.mailbox) continue;
      if (const auto key = content_key(message.file->identity())) {
        paired_.emplace(message.mailbox, *key);
      }
    }
  }

  // A second name for a message that is here: a hard link, or a copy where the server keeps only
  // one.
  bool is_alias(const FileView& file) const {
    const auto plain = plain_key_of(file);
    return names_again(file, key_of(file), one_of_each_) ||
           (plain && names_again(file, *plain, false));
  }

  // Maybe the file of a message that is not where it was, which is not believed or seen yet.
  bool may_be_missed(const FileView& file) const {
    if (file.mailbox->in->adopting && may_be_unseen(file)) return true;
    return missing_.may_include(file.arrival->identity) ||
           missing_.may_include(file.arrival->plain) ||
           to_follow_.contains(inode_of(file.arrival->file.file));
  }

  // Maybe the file of a message whose mailbox cannot be seen here.
  bool may_be_unseen(const FileView& file) const {
    return unseen_.may_include(file.arrival->identity);
  }

  // The file of a message of another mailbox, which was seen there: a hard link, or moved since,
  // and under another name.
  bool may_have_moved(const FileView& file) const {
    const auto found = seen_.find(inode_of(file.arrival->file.file));
    return found != seen_.end() && found->second->mailbox != file.mailbox &&
           is_content_of(*file.arrival, *found->second->identity);
  }

  // One more file of a message that has its file.
  bool is_surplus(const FileView& file) const {
    const auto plain = plain_key_of(file);
    return has(key_of(file)) || (plain && has(*plain));
  }

 private:
  // Moved on the server, and its file was not seen to move: it may have been moved after its
  // mailbox was looked at.
  static bool is_to_follow(const RowView& row) {
    return row.row->file.ino != 0 && row.message && row.message->mailbox != row.mailbox &&
           !row.file && row.local == Local::same && row.message->mailbox->may_pull();
  }

  static bool is_seen(const RowView& row) {
    const bool here = row.local == Local::same || row.local == Local::changed;
    return here && !row.file && row.row->file.ino != 0;
  }

  using Key = std::pair<const MailboxView*, ContentKey>;
  static Key key_of(const FileView& file) {
    return {file.mailbox, *content_key(file.arrival->identity)};
  }
  static std::optional<Key> plain_key_of(const FileView& file) {
    const auto content = content_key(file.arrival->plain);
    return content ? std::optional(Key{file.mailbox, *content}) : std::nullopt;
  }

  bool has(const Key& key) const { return rows_.contains(key) || paired_.contains(key); }

  bool names_again(const FileView& file, const Key& key, bool under_any_inode) const {
    const auto found = rows_.find(key);
    if (found == rows_.end()) return false;
    const FileStamp& stamp = file.arrival->file.file;
    return std::ranges::any_of(found->second, [&](const RowView* row) {
      if (row->local == Local::gone || row->remote != Remote::same) return false;
      if (row->identity->differs_in_body(*file.arrival->identity)) return false;
      return under_any_inode || is_one_file(file_of(*row).file, stamp);
    });
  }

  bool one_of_each_;
  std::map<Key, std::vector<const RowView*>> rows_;
  std::set<Key> paired_;
  ContentSet missing_;
  ContentSet unseen_;  // in mailboxes that a restored backup lacks, say
  std::set<Inode> to_follow_;
  std::map<Inode, const RowView*> seen_;
};

// As maildir/identity.h has it of a message that ends within its header: of no octets.
constexpr std::uint64_t kNoBody = 0x71d8'6221'4c7e'0e0a;

// Its name was on the disk before its octets were: it has the beginning of them, or anything in
// their place.
bool is_part_of(const World& world, const FileView& file, const MessageView& message) {
  const Identity& here = *file.arrival->identity;
  if (file.arrival->headless && here.size == 0) return true;
  const auto whole = message.identity();
  if (!whole || !world.sizes_count(message)) return false;
  if (file.arrival->headless) return here.size <= whole->size;
  return here.size < whole->size && (here.body == kNoBody || here.header == whole->header);
}

// The message of which a fetch that went with the power left a part here.
const MessageView* cut_short(World& world, const FileView& file) {
  const auto& origin = file.arrival->origin;
  if (!file.arrival->after_restart || !origin || !origin->ours) return nullptr;
  const MailboxView* there = world.mailbox(origin->mailbox);
  const bool open = there && there->remote_known && there->local_known && there->may_pull() &&
                    there->where().uidvalidity == origin->uidvalidity;
  if (!open) return nullptr;
  for (const MessageView* message : there->messages) {
    if (message->uid != origin->uid || message->file || message->from || message->taken) continue;
    return is_part_of(world, file, *message) ? message : nullptr;
  }
  return nullptr;
}

// A name that says that the message was on a server once. Whether it is there still must be
// certain: everywhere while adopting, else where the name says.
void decide_marked(Draft& draft, FileView& file) {
  const auto& origin = file.arrival->origin;
  const MailboxView* there = origin ? draft.world.mailbox(origin->mailbox) : nullptr;
  const bool certain = file.mailbox->in->adopting ? draft.world.every_remote_side_examined()
                                                  : !there || there->examined;
  if (!certain) return draft.wait(file, "was on a server once; not all there is known yet");
  draft.hold(HeldKind::orphan, file, "was on a server once, and is on it no more");
}

constexpr const char* kNotKnown = "a copy or a move of a message that is not known now";
const char* unclear(const FileView& file) {
  return file.arrival->stable ? "cannot be read" : "still being written";
}

// A backup may lack the mailbox that its message was moved to: the file would be a second one.
void decide_resurrected(Draft& draft, FileView& file, const Holdings& holdings) {
  const char* doubt = nullptr;
  if (!file.is_clear()) {
    doubt = unclear(file);
  } else if (namesakes_of(draft.world, file).unseen || holdings.may_be_unseen(file)) {
    doubt = kNotKnown;
  }
  if (doubt) {
    draft.plan.unsettled_after_stop.insert(file.mailbox->in->id);
    return draft.wait(file, doubt);
  }
  draft.hold(HeldKind::resurrected, file, "deleted before, and back after an unclean stop");
}

constexpr const char* kPlaceholder = "stands for a message that is on the server only";

void decide_unnamed(Draft& draft, FileView& file, const Namesakes& names,
                    const Holdings& holdings) {
  if (file.arrival->is_placeholder) return draft.hold(HeldKind::orphan, file, kPlaceholder);
  const auto& origin = file.arrival->origin;
  const bool adopting = file.mailbox->in->adopting;
  const bool ours = origin && origin->ours && !names.released;
  if (ours || names.claimed || (origin && !origin->ours && adopting)) {
    return decide_marked(draft, file);
  }
  if (adopting && holdings.is_surplus(file)) {
    return draft.hold(HeldKind::orphan, file, "one more file of a message that has its file");
  }
  if (file.arrival->settling) {
    return draft.wait(file, "sent a moment ago; the server may store a copy of its own");
  }
  upload(draft, file, {}, names.released && origin && origin->ours ? "restored here" : "new here");
}

void decide_new_file(Draft& draft, FileView& file, const Holdings& holdings) {
  const LocalArrival& arrival = *file.arrival;
  if (arrival.consumed) return;
  if (arrival.resurrected) return decide_resurrected(draft, file, holdings);
  if (!file.is_clear()) return draft.wait(file, unclear(file));
  if (arrival.held) {
    return draft.hold(
        HeldKind::orphan, file,
        arrival.is_placeholder ? kPlaceholder : "was on a server once, and is on it no more");
  }
  if (const MessageView* message = cut_short(draft.world, file)) {
    const MailboxView& there = *message->mailbox;
    return draft.act(Repair{there.where(), message->uid, arrival.file,
                            file.mailbox == &there ? MailboxId() : file.mailbox->in->id},
                     "a lost power left a part of it; the server has it whole");
  }
  const auto consume = [&](std::string reason) {
    draft.plan.consumed.push_back({file.mailbox->in->id, arrival.file, std::move(reason)});
  };
  if (!file.mailbox->may_push()) return consume("new here; the direction is pull");
  if (arrival.namesake && holdings.is_surplus(file)) {
    return draft.hold(HeldKind::orphan, file, "had the name of a message that has its file");
  }
  const Namesakes names = namesakes_of(draft.world, file);
  if (names.kept_by_policy) return consume("gone from the server before; kept here by the policy");
  if (names.unseen || holdings.may_be_missed(file)) {
    return draft.wait(file, kNotKnown);
  }
  if (holdings.is_alias(file)) return consume("another name of a message that is here");
  if (auto reason = barrier(*file.mailbox)) return draft.wait(file, *reason);
  const auto left_it = [&](const Intent& intent) {
    return is_half_copied(draft.world, file, intent);
  };
  if (std::ranges::any_of(draft.world.input().intents, left_it)) {
    return draft.hold(HeldKind::orphan, file,
                      "copied here after its message, which is here no more");
  }
  if (draft.world.input().may_look_again && holdings.may_have_moved(file)) {
    draft.plan.look_again = true;
    return draft.wait(file, "the file of a message elsewhere; it may have moved amid this look");
  }
  if (!names.original) return decide_unnamed(draft, file, names, holdings);
  upload(draft, file, {.copy_of = place_of(*names.original), .forgets = {}}, "copied here");
}

void decide_elsewhere(Draft& draft, FileView& file) {
  const MessageView& message = *file.elsewhere;
  const MailboxView& there = *message.mailbox;
  const LocalFile& seen = file.arrival->file;
  const Intent* marked_by = mark_of_move(draft.world, message, seen.flags);
  if (marked_by) draft.kept_intents.insert(marked_by->id);  // until the mark is away
  if (file.moved_here) {
    const bool open =
        file.mailbox->remote_known && file.mailbox->takes_changes() && there.takes_changes();
    if (!open) {
      return draft.wait(file, "moved here since; the move cannot be sent");
    }
    FlagMerge merge = merge_new(file, message, *file.mailbox);
    if (marked_by) leave_out_mark(merge);
    MoveOut move;
    move.marked = marked_by != nullptr;
    move.from = there.where();
    move.uid = message.uid;
    move.to = file.mailbox->where();
    move.file = seen;
    move.flags = std::move(merge.result);
    move.to_remote = std::move(merge.to_remote);
    move.identity = *file.arrival->identity;
    return draft.act(std::move(move), "moved here before it was recorded where it was");
  }
  if (!there.local_known || !there.may_pull()) {
    return draft.wait(file, "stands elsewhere on the server, and cannot be moved there now");
  }
  FlagMerge merge = merge_new(file, message, there);
  if (marked_by) take_back_mark(merge, there);
  MoveIn move;
  move.from = file.mailbox->where();
  move.to = there.where();
  move.new_uid = message.uid;
  move.file = seen;
  move.file_mailbox = file.mailbox->in->id;
  move.flags = std::move(merge.result);
  move.to_remote = std::move(merge.to_remote);
  move.internal_date = message.detail->internal_date;
  move.email_id = message.detail->email_id;
  move.identity = file.arrival->identity;
  draft.act(std::move(move), "stands there on the server: takes its place");
}

}  // namespace

std::optional<std::string> barrier(const MailboxView& mailbox) {
  if (!mailbox.remote_known) return "new here; the mailbox on the server was not seen";
  if (mailbox.read_only()) return "new here; read-only on the server";
  if (mailbox.in->remote.hides_some) return "new here; the server counts more than it lists";
  if (!mailbox.examined) return "new here; what is new on the server is not told apart yet";
  return std::nullopt;
}

void upload(Draft& draft, FileView& file, UploadAs as, std::string reason) {
  const LocalArrival& arrival = *file.arrival;
  if (arrival.is_stub) {
    return draft.hold(HeldKind::orphan, file, "holds headers only, and is never sent");
  }
  if (!arrival.identity) return draft.wait(file, "cannot be read");
  if (auto why = barrier(*file.mailbox)) return draft.wait(file, *why);
  if (!file.mailbox->may_push()) return draft.wait(file, "moved here; the direction is pull");
  if (file.upload && file.upload->looks < kLooksBeforeSendingAgain) {
    return draft.wait(file, "sent before, in doubt whether it arrived");
  }
  if (file.upload && file.upload->stored && !arrival.restored) {
    return draft.hold(HeldKind::orphan, file, "stored on the server before, and on it no more");
  }
  file.uploads = true;
  Upload upload;
  upload.where = file.mailbox->where();
  upload.file = arrival.file;
  upload.flags = storable(arrival.file.flags, *file.mailbox);
  upload.identity = *arrival.identity;
  upload.copy_of = as.copy_of;
  upload.forgets = as.forgets;
  if (file.upload) {
    upload.in_doubt = true;
    upload.intent = file.upload->id;
  }
  draft.act(std::move(upload), std::move(reason));
}

void decide_files(Draft& draft) {
  const Holdings holdings(draft.world);
  for (FileView& file : draft.world.files()) {
    if (file.awaits_drop) continue;
    if (file.message) {
      const bool with_row = file.from && file.from->message == file.message;
      if (with_row) continue;
      pair(draft, file, *file.message,
           file.sent_before ? "sent before, and edited since" : "the same on both sides");
    } else if (file.elsewhere) {
      decide_elsewhere(draft, file);
    } else if (!file.from) {
      decide_new_file(draft, file, holdings);
    }
  }
}

}  // namespace sterna::sync
