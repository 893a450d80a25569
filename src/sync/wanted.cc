// SPDX-License-Identifier: Apache-2.0
// identities_wanted(): what has to be looked at more closely before the plan can be trusted.
// Nothing is asked for where nothing local could be the same: the first pull into an empty Maildir
// asks nothing.
#include <algorithm>
#include <map>
#include <set>

#include "pair.h"

namespace sterna::sync {
namespace {

using Wanted = std::map<MailboxId, UidSet>;

// A file about which the new messages of its own mailbox may tell something.
bool asks_here(const FileView& file) {
  if (file.message || file.elsewhere || file.awaits_drop) return false;
  if (file.arrival->is_stub || file.arrival->consumed) return false;
  if (!file.from) return true;
  const bool in_doubt = file.from->intent && file.from->intent->kind == IntentKind::move_out;
  return file.from->remote != Remote::same || in_doubt;
}

// A row whose message went, and may be new in any other mailbox.
bool seeks_message(const RowView& row) {
  if (row.remote != Remote::gone || row.message) return false;
  if (row.has_file_here()) return row.local != Local::gone || row.file;
  return row.has_state(RowState::deleting) && row.file;
}

// A file that may stand in any other mailbox of the server, for what its name says.
bool seeks_place(World& world, const FileView& file) {
  if (file.is_paired() || file.awaits_drop || !file.is_clear()) return false;
  if (file.arrival->consumed || file.arrival->held || !was_on_server(world, file)) return false;
  // Another synchronizer's UID is likely to be that of this mailbox, as long as it is new there.
  const auto& origin = file.arrival->origin;
  return file.upload || file.move_out || origin->ours ||
         !file.mailbox->undetailed.contains(origin->uid);
}

void want_arrivals(const MailboxView& mailbox, Wanted& wanted) {
  if (!mailbox.remote_known) return;
  wanted[mailbox.in->id].add_all(mailbox.undetailed);
  for (const MessageView* message : mailbox.messages) {
    if (!message->detail && !message->identity()) wanted[mailbox.in->id].add(message->uid);
  }
}

void want_for_files(World& world, Wanted& wanted) {
  for (MailboxView& mailbox : world.mailboxes()) {
    const bool edited = std::ranges::any_of(mailbox.rows, [](const RowView* row) {
      return row->change && (row->change->surely_edited || row->change->maybe_edited);
    });
    if (edited ||
        std::ranges::any_of(mailbox.files, [](const FileView* file) { return asks_here(*file); })) {
      want_arrivals(mailbox, wanted);
    }
  }
  for (const FileView& file : world.files()) {
    const auto& origin = file.arrival->origin;
    MailboxView* source = origin && origin->ours ? world.mailbox(origin->mailbox) : nullptr;
    if (!source || file.is_paired()) continue;
    if (source->undetailed.contains(origin->uid)) wanted[source->in->id].add(origin->uid);
  }
}

// The mailboxes in which something that is missed elsewhere may be new: all but the seeker's own,
// unless there are several.
class BodySearch {
 public:
  void begin(const MailboxView* seeker) {
    everywhere_ |= seeker_ && seeker_ != seeker;
    seeker_ = seeker;
  }
  bool covers(const MailboxView& mailbox) const {
    return seeker_ && (everywhere_ || seeker_ != &mailbox);
  }

 private:
  const MailboxView* seeker_ = nullptr;
  bool everywhere_ = false;
};

bool is_empty(const Wanted& wanted) {
  return std::ranges::all_of(wanted, [](const auto& one) { return one.second.empty(); });
}

// Of what is new in a mailbox that is paired anew.
void want_for_lost_moves(World& world, Wanted& wanted) {
  for (const MailboxView& mailbox : world.mailboxes()) {
    if (!mailbox.in->paired_anew || mailbox.is_bin() || !mailbox.is_searched()) continue;
    const bool asks = std::ranges::any_of(world.files(), [&](const FileView& file) {
      return file.mailbox != &mailbox && may_be_lost_move(file);
    });
    if (asks) want_arrivals(mailbox, wanted);
  }
}

void want_elsewhere(World& world, Wanted& wanted) {
  BodySearch search;
  for (const RowView& row : world.rows()) {
    const bool seeks = seeks_message(row) || (row.upload && row.change) || may_be_marked(row);
    if (seeks) search.begin(row.mailbox);
  }
  for (const FileView& file : world.files()) {
    if (seeks_place(world, file)) search.begin(file.mailbox);
  }
  for (const Intent& intent : world.input().intents) {
    const MailboxView* mailbox = world.mailbox(intent.mailbox);
    if (mailbox && has_lost_its_file(world, intent)) search.begin(mailbox);
  }
  for (const MailboxView& mailbox : world.mailboxes()) {
    if (mailbox.is_searched() && search.covers(mailbox)) want_arrivals(mailbox, wanted);
  }
}

// What is new nowhere else may have come back under another UID. Fetched as something new beside a
// file that goes, it would not have what the user does to that file meanwhile.
void want_in_place(World& world, Wanted& wanted) {
  for (const RowView& row : world.rows()) {
    if (seeks_message(row) && row.mailbox->is_searched()) want_arrivals(*row.mailbox, wanted);
  }
}

void want_for_moves(World& world, Wanted& wanted) {
  Wanted moved;
  want_elsewhere(world, moved);
  if (is_empty(moved)) want_in_place(world, moved);
  for (const auto& [mailbox, uids] : moved) wanted[mailbox].add_all(uids);
}

void want_for_doubted(World& world, Wanted& wanted) {
  for (const RowView& row : world.rows()) {
    const bool asks = !row.message && is_doubted_there(row) && row.mailbox->is_searched();
    if (asks) want_arrivals(*row.mailbox, wanted);
  }
}

// A message that comes back where its file was kept is not to stand beside it.
void want_for_detached(World& world, Wanted& wanted) {
  for (const MailboxView& mailbox : world.mailboxes()) {
    const bool fetches = mailbox.in->has_detached && mailbox.may_pull() && mailbox.is_searched();
    if (fetches) want_arrivals(mailbox, wanted);
  }
}

// Whether it got as far as its copy in the Trash.
void want_for_removal(World& world, const Intent& intent, Wanted& wanted) {
  const RowView* row = world.row({intent.mailbox, intent.uid});
  if (!intent.to_trash || !world.input().trash || !row || row->remote != Remote::same) return;
  if (const MailboxView* trash = world.mailbox(*world.input().trash)) want_arrivals(*trash, wanted);
}

void want_for_intents(World& world, Wanted& wanted) {
  for (const Intent& intent : world.input().intents) {
    if (intent.kind == IntentKind::delete_out) want_for_removal(world, intent, wanted);
    if (intent.kind != IntentKind::upload && intent.kind != IntentKind::move_out) continue;
    const MailboxId target = intent.kind == IntentKind::upload ? intent.mailbox : intent.target;
    if (const MailboxView* mailbox = world.mailbox(target)) want_arrivals(*mailbox, wanted);
    // What a move by half left behind.
    const MailboxView* source = world.mailbox(intent.mailbox);
    const bool may_be_left = is_rowless_move(world, intent) && source && source->remote_known;
    if (may_be_left && source->undetailed.contains(intent.uid)) {
      wanted[intent.mailbox].add(intent.uid);
    }
  }
}

// Rows whose content the base does not know, and that a file may be: by its name, or by its size
// where the row misses its file.
void want_for_rows(World& world, Wanted& wanted) {
  std::set<std::uint64_t> sizes;
  for (const FileView& file : world.files()) {
    if (file.is_paired() || !file.is_clear()) continue;
    sizes.insert(file.arrival->file.file.size);
    for (const RowView* row : world.rows_named(file.stem)) {
      const bool asks = row->remote == Remote::same && !row->identity && !row->detail;
      if (asks) wanted[row->key().mailbox].add(row->key().uid);
    }
  }
  for (const RowView& row : world.rows()) {
    const bool asks = row.remote == Remote::same && !row.identity && !row.detail &&
                      row.local == Local::gone && row.has_file_here();
    if (asks && sizes.contains(row.row->file.size)) wanted[row.key().mailbox].add(row.key().uid);
  }
}

}  // namespace

std::vector<IdentityWanted> identities_wanted(const Input& input) {
  World world(input);
  pair_all(world);
  Wanted wanted;
  want_for_files(world, wanted);
  want_for_moves(world, wanted);
  want_for_lost_moves(world, wanted);
  want_for_doubted(world, wanted);
  want_for_detached(world, wanted);
  want_for_intents(world, wanted);
  want_for_rows(world, wanted);
  std::vector<IdentityWanted> answer;
  for (auto& [mailbox, uids] : wanted) {
    if (!uids.empty()) answer.push_back({mailbox, std::move(uids)});
  }
  return answer;
}

}  // namespace sterna::sync
