// SPDX-License-Identifier: Apache-2.0
// Names and inodes nominate, content decides (rule 9): every tier but the one for stubs, which
// carry their origin in themselves, and the last one compares header and size.
#include <algorithm>
#include <string>
#include <tuple>

#include "match.h"
#include "pair.h"

namespace sterna::sync {
namespace {

// Rows whose file went.
bool lost_its_file(const RowView& view) {
  return !view.file && view.has_file_here() && view.local == Local::gone;
}

// Also those in state deleting, which lost theirs before the removal was begun: the same name or
// inode says that the file is back, equal content alone does not.
bool misses_its_file(const RowView& view) {
  const bool deleting = view.has_state(RowState::deleting) && view.local == Local::same;
  return lost_its_file(view) || (!view.file && deleting);
}

// A file about which an upload is open was there before: it is no newcomer.
bool is_free(const FileView& file) {
  return !file.from && !file.awaits_drop && !file.upload && file.is_clear();
}

bool join(RowView& row, FileView& file) {
  row.file = &file;
  file.from = &row;
  return true;
}

bool has_other_content(const RowView& row, const FileView& file) {
  return row.identity && file.arrival->identity && !is_content_of(*file.arrival, *row.identity);
}

// A wanted row knows a file only while that one, a damaged one, is being taken away.
bool is_being_removed(const RowView& row, const FileView& file) {
  if (row.has_state(RowState::dropping)) return !has_other_content(row, file);
  const FileStamp& wreck = row.row->file;
  return row.has_state(RowState::wanted) && wreck.ino != 0 && wreck == file.arrival->file.file;
}

// We took the row's file there after its message, or were about to.
bool follows(const Intent& intent, const RowView& row, const MailboxView& place) {
  return intent.kind == IntentKind::move_in && row.mailbox &&
         row.key() == MessageKey{intent.mailbox, intent.uid} &&
         row.mailbox->in->base_uidvalidity == intent.uidvalidity && place.in->id == intent.target;
}

bool is_followed(const World& world, const RowView& row, const MailboxView& place) {
  return std::ranges::any_of(world.input().intents,
                             [&](const Intent& intent) { return follows(intent, row, place); });
}

// An own removal that was cut between its intent and its effect: the file is in no listing of rows.
void find_unfinished_drops(World& world) {
  for (FileView& file : world.files()) {
    for (RowView* row : world.rows_named(file.stem)) {
      const bool same_name = row->row->base_name == file.arrival->file.base;
      if (!same_name || row->file || !is_being_removed(*row, file)) continue;
      if (row->mailbox != file.mailbox && !is_followed(world, *row, *file.mailbox)) continue;
      file.awaits_drop = true;
      row->file = &file;
    }
  }
}

void match_stubs(World& world) {
  using Key = std::pair<MessageKey, UidValidity>;
  match(
      world.rows(), world.files(),
      [](const RowView& row) -> std::optional<Key> {
        if (!lost_its_file(row) || !row.has_state(RowState::stub)) return std::nullopt;
        return Key{row.key(), row.mailbox->in->base_uidvalidity};
      },
      [](const FileView& file) -> std::optional<Key> {
        const auto& origin = file.arrival->origin;
        if (!is_free(file) || !file.arrival->is_stub || !origin || !origin->ours)
          return std::nullopt;
        return Key{{origin->mailbox, origin->uid}, origin->uidvalidity};
      },
      join);
}

// A tier whose key is content and something more.
template <class RowPart, class FilePart>
void match_content(World& world, Compared compared, bool (*seeks)(const RowView&), RowPart row_part,
                   FilePart file_part) {
  using Key = std::pair<ContentKey, decltype(row_part(world.rows().front()))>;
  match(
      world.rows(), world.files(),
      [&](const RowView& row) -> std::optional<Key> {
        if (!seeks(row) || !row.identity) return std::nullopt;
        return Key{*content_key(row.identity), row_part(row)};
      },
      [&](const FileView& file) -> std::optional<Key> {
        if (!is_free(file) || file.arrival->is_stub) return std::nullopt;
        const bool plain = compared == Compared::plain;
        const auto content = content_key(plain ? file.arrival->plain : file.arrival->identity);
        return content ? std::optional(Key{*content, file_part(file)}) : std::nullopt;
      },
      [compared](RowView& row, FileView& file) {
        const bool plain = compared == Compared::plain;
        const auto& content = plain ? file.arrival->plain : file.arrival->identity;
        if (row.identity->differs_in_body(*content)) return false;
        file.plain = plain;
        return join(row, file);
      });
}

// The same name, or the same inode.
void match_same_files(World& world, Compared compared) {
  match_content(
      world, compared, misses_its_file,
      [](const RowView& row) { return std::string(stem_of(row.row->base_name)); },
      [](const FileView& file) { return file.stem; });
  using Inode = std::tuple<std::uint64_t, std::uint64_t, std::int64_t>;
  match_content(
      world, compared, misses_its_file,
      [](const RowView& row) {
        return Inode{row.row->file.dev, row.row->file.ino, row.row->file.mtime_ns};
      },
      [](const FileView& file) {
        const FileStamp& stamp = file.arrival->file.file;
        return Inode{stamp.dev, stamp.ino, stamp.mtime_ns};
      });
}

// Saved by a mail program to another mailbox. What it writes anew in the mailbox where the message
// was may be an edit of it, which header and size do not tell.
void match_saved(World& world) {
  match(
      world.rows(), world.files(),
      [](const RowView& row) {
        return lost_its_file(row) ? content_key(row.identity) : std::nullopt;
      },
      [](const FileView& file) {
        const bool takes_part = is_free(file) && !file.arrival->is_stub;
        return takes_part ? content_key(file.arrival->plain) : std::nullopt;
      },
      [](RowView& row, FileView& file) {
        if (row.mailbox == file.mailbox) return false;
        if (row.identity->differs_in_body(*file.arrival->plain)) return false;
        file.plain = true;
        return join(row, file);
      });
}

// Without a known identity: the name, the inode, the size and mtime, and nothing less.
void match_unidentified(World& world) {
  using Key = std::tuple<std::string, std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t>;
  const auto key_of = [](std::string_view stem, const FileStamp& file) {
    return Key{stem, file.dev, file.ino, file.size, file.mtime_ns};
  };
  match(
      world.rows(), world.files(),
      [&](const RowView& row) -> std::optional<Key> {
        if (!misses_its_file(row) || row.identity || row.row->file.ino == 0) return std::nullopt;
        return key_of(stem_of(row.row->base_name), row.row->file);
      },
      [&](const FileView& file) -> std::optional<Key> {
        if (!is_free(file)) return std::nullopt;
        return key_of(file.stem, file.arrival->file.file);
      },
      [](RowView& row, FileView& file) {
        const std::int64_t was = row.row->file.btime_ns;
        const std::int64_t now = file.arrival->file.file.btime_ns;
        return (was == 0 || now == 0 || was == now) && join(row, file);
      });
}

}  // namespace

void pair_local_moves(World& world) {
  find_unfinished_drops(world);
  match_stubs(world);
  match_same_files(world, Compared::whole);
  match_content(
      world, Compared::whole, lost_its_file, [](const RowView& row) { return row.key().mailbox; },
      [](const FileView& file) { return file.mailbox->in->id; });
  match_content(
      world, Compared::whole, lost_its_file, [](const RowView&) { return 0; },
      [](const FileView&) { return 0; });
  match_same_files(world, Compared::plain);
  match_saved(world);
  match_unidentified(world);
}

void find_followed(World& world) {
  for (const Intent& intent : world.input().intents) {
    RowView* row = world.row({intent.mailbox, intent.uid});
    if (row && row->file && follows(intent, *row, *row->file->mailbox)) row->followed = true;
  }
}

}  // namespace sterna::sync
