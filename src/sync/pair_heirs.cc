// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "flags.h"
#include "match.h"
#include "pair.h"

namespace sterna::sync {
namespace {

bool lost_its_message(const RowView& row) {
  return row.mailbox && row.has_file_here() && row.remote == Remote::gone && !row.message &&
         row.local == Local::changed && !row.file && row.identity;
}

// Younger than the row: what stood there before is a message of its own.
bool may_inherit(const RowView& heir, const RowView& row) {
  return heir.mailbox && heir.mailbox != row.mailbox && heir.has_file_here() &&
         heir.remote == Remote::same && heir.local != Local::gone &&
         heir.row->remote_since > row.row->remote_since && heir.identity &&
         heir.identity->same_as(*row.identity);
}

RowView* youngest_heir(World& world, const RowView& row) {
  RowView* youngest = nullptr;
  for (RowView& other : world.rows()) {
    if (!may_inherit(other, row)) continue;
    if (!youngest || other.row->remote_since > youngest->row->remote_since) youngest = &other;
  }
  return youngest;
}

// Fetched and never written down: it has no row yet.
FileView* delivered_heir(World& world, const RowView& row) {
  const auto heir = std::ranges::find_if(world.files(), [&](const FileView& file) {
    return file.message && !file.from && file.mailbox != row.mailbox && file.arrival->origin &&
           file.arrival->origin->ours && file.identity()->same_as(*row.identity);
  });
  return heir == world.files().end() ? nullptr : &*heir;
}

// Both sides were seen without it, and neither look counts.
bool may_be_left(const RowView& row) {
  return row.mailbox && row.mailbox->remote_known && row.mailbox->local_known &&
         row.has_file_here() && row.remote == Remote::unknown && row.local == Local::unknown &&
         row.identity;
}

}  // namespace

void find_left_rows(World& world) {
  std::map<ContentKey, const RowView*> left;  // nullptr: more than one
  for (const RowView& row : world.rows()) {
    if (!may_be_left(row)) continue;
    const auto [place, first] = left.emplace(*content_key(row.identity), &row);
    if (!first) place->second = nullptr;
  }
  if (left.empty()) return;
  for (FileView& file : world.files()) {
    if (file.from || !(file.message || file.elsewhere) || !file.identity()) continue;
    const auto found = left.find(*content_key(file.identity()));
    if (found != left.end()) file.left = found->second;
  }
}

void find_heirs(World& world) {
  for (const RowView& row : world.rows()) {
    if (!lost_its_message(row)) continue;
    const FlagDelta said = flag_delta(row.row->flags, local_flags(row));
    if (said.empty()) continue;
    if (FileView* file = delivered_heir(world, row)) {
      file->inherited = said;
    } else if (RowView* heir = youngest_heir(world, row)) {
      heir->inherited = said;
    }
  }
}

}  // namespace sterna::sync
