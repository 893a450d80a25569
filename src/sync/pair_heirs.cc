// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "flags.h"
#include "match.h"
#include "pair.h"

namespace sterna::sync {
namespace {

// Where a message that was moved on the server was fetched anew.
struct Heir {
  MessageKey key;
  FlagDelta* inherited = nullptr;
};

bool moved_away(const RowView& row) {
  return row.file && row.file->mailbox != row.mailbox && !row.file->message;
}

bool lost_its_message(const RowView& row) {
  const bool changed = row.local == Local::changed && !row.file;
  return row.mailbox && row.has_file_here() && row.remote == Remote::gone && !row.message &&
         row.identity && (changed || moved_away(row));
}

// The file of such a row whose removal was begun, and cut before it: where it was moved to.
FileView* left_over(World& world, const RowView& row) {
  const bool begun = row.has_state(RowState::dropping) && row.remote == Remote::gone &&
                     row.local == Local::same && !row.file && row.identity;
  if (!begun) return nullptr;
  const FileStamp& was = row.row->file;
  for (FileView& file : world.files()) {
    const bool same_file = is_one_file(was, file.arrival->file.file);
    const bool named = same_file || file.stem == stem_of(row.row->base_name);
    const bool free = !file.is_paired() && !file.upload && !file.awaits_drop && file.is_clear();
    if (!named || !free || file.mailbox == row.mailbox) continue;
    if (is_content_of(*file.arrival, *row.identity)) return &file;
  }
  return nullptr;
}

class Heirs {
 public:
  explicit Heirs(World& world) : world_(world) {}

  // Each is that of one row.
  std::optional<Heir> take(const RowView& row) {
    std::optional<Heir> heir = delivered(row);
    if (!heir) heir = youngest(row);
    if (heir) taken_.insert(heir->key);
    return heir;
  }

 private:
  bool is_just_now(Generation since) const {
    const Input& input = world_.input();
    const bool half_seen = input.half_seen_since && since >= *input.half_seen_since;
    return half_seen || since.value + 1 >= input.generation.value;
  }

  // Under another UID of its own mailbox only what came there just now, or what its file was moved
  // away from.
  bool may_hold(const RowView& heir, const RowView& row) const {
    return heir.mailbox != row.mailbox || row.file || is_just_now(heir.row->remote_since);
  }

  // Its message stands there, or was moved on by now.
  static bool is_known(const RowView& heir) {
    return heir.remote == Remote::same || (heir.remote == Remote::gone && heir.message);
  }

  // Younger than the row: what stood there before is a message of its own.
  bool may_inherit(const RowView& heir, const RowView& row) const {
    return heir.mailbox && may_hold(heir, row) && heir.has_file_here() && is_known(heir) &&
           heir.local != Local::gone && heir.row->remote_since > row.row->remote_since &&
           heir.identity && heir.identity->same_as(*row.identity) && !taken_.contains(heir.key()) &&
           replaces(*heir.mailbox, heir.row->remote_since, row);
  }

  // A file that was moved goes where its message is there, too, or was moved elsewhere just now. An
  // older message elsewhere may be a copy that the user made; the Trash loses; and where the server
  // stores none twice, it has others on purpose.
  bool replaces(const MailboxView& place, Generation since, const RowView& row) const {
    if (!row.file || row.file->mailbox == &place) return true;
    return (is_just_now(since) || row.has_state(RowState::dropping)) &&
           !place.has_role(Role::trash) && !world_.input().append_deduplicates;
  }

  std::optional<Heir> youngest(const RowView& row) {
    RowView* youngest = nullptr;
    for (RowView& other : world_.rows()) {
      if (!may_inherit(other, row)) continue;
      if (!youngest || other.row->remote_since > youngest->row->remote_since) youngest = &other;
    }
    if (!youngest) return std::nullopt;
    return Heir{youngest->key(), &youngest->inherited};
  }

  // Fetched and never written down: it has no row yet.
  std::optional<Heir> delivered(const RowView& row) {
    for (FileView& file : world_.files()) {
      if (!file.message || file.from) continue;
      const MessageKey key{file.mailbox->in->id, file.message->uid};
      const bool ours = file.arrival->origin && file.arrival->origin->ours;
      if (!ours || !file.identity()->same_as(*row.identity) || taken_.contains(key)) continue;
      if (replaces(*file.mailbox, world_.input().generation, row)) {
        return Heir{key, &file.inherited};
      }
    }
    return std::nullopt;
  }

  World& world_;
  std::set<MessageKey> taken_;
};

// Both sides were seen without it, and neither look counts.
bool may_be_left(const RowView& row) {
  return row.mailbox && row.mailbox->remote_known && row.mailbox->local_known &&
         row.has_file_here() && row.remote == Remote::unknown && row.local == Local::unknown &&
         row.identity;
}

// Its message went elsewhere, where a sync that came to no end fetched it.
bool may_be_fetched_elsewhere(const RowView& row) {
  return row.mailbox && row.has_file_here() && row.remote == Remote::gone && !row.message &&
         row.identity;
}

using RowsByContent = std::map<ContentKey, const RowView*>;  // nullptr: more than one

RowsByContent rows_by_content(World& world, bool (*is_wanted)(const RowView&)) {
  RowsByContent rows;
  for (const RowView& row : world.rows()) {
    if (!is_wanted(row)) continue;
    const auto [place, first] = rows.emplace(*content_key(row.identity), &row);
    if (!first) place->second = nullptr;
  }
  return rows;
}

}  // namespace

void find_left_rows(World& world) {
  const RowsByContent left = rows_by_content(world, may_be_left);
  const RowsByContent fetched = rows_by_content(world, may_be_fetched_elsewhere);
  if (left.empty() && fetched.empty()) return;
  for (FileView& file : world.files()) {
    if (file.from || !(file.message || file.elsewhere) || !file.identity()) continue;
    const RowsByContent& rows = file.is_delivered() ? fetched : left;
    const auto found = rows.find(*content_key(file.identity()));
    if (found != rows.end()) file.left = found->second;
  }
}

void find_heirs(World& world) {
  Heirs heirs(world);
  for (RowView& row : world.rows()) {
    FileView* const rest = left_over(world, row);
    if (rest) row.file = rest;
    if (!rest && !lost_its_message(row)) continue;
    const FlagDelta said = flag_delta(row.row->flags, local_flags(row));
    if (said.empty() && !row.file) continue;
    const std::optional<Heir> heir = heirs.take(row);
    if (heir) {
      *heir->inherited = said;
      row.heir = heir->key;
    }
    if (rest && heir) rest->from = &row;
    if (rest && !heir) row.file = nullptr;
  }
}

}  // namespace sterna::sync
