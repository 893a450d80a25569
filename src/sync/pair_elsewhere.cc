// SPDX-License-Identifier: Apache-2.0
// What stands here and on the server in different mailboxes, with no row that says where it
// belongs.
#include <algorithm>
#include <string>
#include <utility>

#include "match.h"
#include "pair.h"

namespace sterna::sync {
namespace {

bool is_free(const MessageView& message) {
  return !message.from && !message.file && !message.row && message.identity();
}

bool is_free(const FileView& file) {
  return !file.is_paired() && !file.awaits_drop && file.is_clear() && !file.arrival->is_stub;
}

bool same_content(const World& world, const MessageView& message, const FileView& file) {
  return message.identity()->same_as(*file.arrival->identity, world.sizes_count(message));
}

void join(MessageView& message, FileView& file, bool moved_here) {
  message.file = &file;
  file.elsewhere = &message;
  file.moved_here = moved_here;
}

// Its content tells; in its own mailbox the name does where the content was not noted.
bool is_upload_of(const Intent& intent, const FileView& file) {
  if (!file.is_clear() || file.upload) return false;
  if (intent.identity) return intent.identity->same_as(*file.arrival->identity);
  return intent.mailbox == file.mailbox->in->id && stem_of(intent.base_name) == file.stem;
}

// Which file an open upload was about: it may have been renamed or moved since.
void find_upload(World& world, const Intent& intent) {
  for (RowView* row : world.rows_named(std::string(stem_of(intent.base_name)))) {
    if (row->key().mailbox == intent.mailbox && row->has_file_here() && row->change) {
      row->upload = &intent;
      return;
    }
  }
  FileView* best = nullptr;
  const auto rank = [&](const FileView& file) {
    return std::pair(file.mailbox->in->id != intent.mailbox,
                     file.stem != stem_of(intent.base_name));
  };
  for (FileView& file : world.files()) {
    if (is_upload_of(intent, file) && (!best || rank(file) < rank(*best))) best = &file;
  }
  if (best) best->upload = &intent;
}

// Sent or fetched, and moved by the user before it was written down: the server has it in the old
// place.
void find_unrecorded_move(World& world, FileView& file) {
  const auto& origin = file.arrival->origin;
  const Intent* upload = file.upload;
  const bool ours = origin && origin->ours;
  if (!ours && !upload) return;
  MailboxView* source = world.mailbox(upload ? upload->mailbox : origin->mailbox);
  if (!source || source == file.mailbox || !source->remote_known) return;
  if (!upload && origin->uidvalidity != source->in->remote.uidvalidity) return;
  for (MessageView* message : source->messages) {
    if (!is_free(*message) || !same_content(world, *message, file)) continue;
    if (upload ? message->uid < upload->target_uid_next : message->uid != origin->uid) continue;
    return join(*message, file, !source->in->adopting);
  }
}

// A name that was once on a server, and of which no row is left: the server's place wins. Ours was
// fetched and never written down; another synchronizer's means something only while adopting.
void match_marks(World& world) {
  match(
      world.messages(), world.files(),
      [&](const MessageView& message) -> std::optional<ContentKey> {
        if (!is_free(message) || !world.sizes_count(message)) return std::nullopt;
        return content_key(message.identity());
      },
      [&](const FileView& file) -> std::optional<ContentKey> {
        const auto& origin = file.arrival->origin;
        if (!is_free(file) || !origin || !world.rows_named(file.stem).empty()) return std::nullopt;
        if (!origin->ours && !file.mailbox->in->adopting) return std::nullopt;
        return content_key(file.arrival->identity);
      },
      [](MessageView& message, FileView& file) {
        if (message.mailbox == file.mailbox) return false;
        join(message, file, false);
        return true;
      });
}

}  // namespace

void pair_elsewhere(World& world) {
  std::vector<const Intent*> uploads;
  for (const Intent& intent : world.input().intents) {
    if (intent.kind == IntentKind::upload) uploads.push_back(&intent);
  }
  std::ranges::sort(uploads, {}, [](const Intent* intent) { return intent->id; });
  for (const Intent* intent : uploads) find_upload(world, *intent);
  for (FileView& file : world.files()) {
    if (is_free(file)) find_unrecorded_move(world, file);
  }
  match_marks(world);
}

}  // namespace sterna::sync
