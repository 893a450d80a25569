// SPDX-License-Identifier: Apache-2.0
// Proof is the content. A name that says where the file came from (ours, or another synchronizer's
// UID) only decides which of several equal messages is taken.
#include <algorithm>
#include <string>
#include <tuple>
#include <unordered_map>

#include "match.h"
#include "pair.h"

namespace sterna::sync {
namespace {

bool may_pair(const MessageView& message) {
  return !message.from && !message.file && message.mailbox->local_known;
}

// A file that moved here from a row is still to be paired where that row's message is not, or may
// not be, in its old place any more.
bool may_share(World& world, const FileView& file) {
  if (!file.from) return true;
  if (file.from->message) return false;
  if (file.from->remote != Remote::same) return true;
  return open_move_to(world, *file.from, file.mailbox->in->id) != nullptr;
}

bool may_pair(World& world, const FileView& file) {
  return !file.message && !file.awaits_drop && file.is_clear() && !file.arrival->is_stub &&
         file.mailbox->remote_known && may_share(world, file);
}

bool join(MessageView& message, FileView& file) {
  message.file = &file;
  file.message = &message;
  return true;
}

// Files that no row explains and that have names of ours; or all that say where they are from.
enum class Origins : bool { delivered, any };

void match_origins(World& world, Origins origins) {
  using Key = std::pair<MailboxId, Uid>;
  match(
      world.messages(), world.files(),
      [](const MessageView& message) -> std::optional<Key> {
        if (!may_pair(message)) return std::nullopt;
        return Key{message.mailbox->in->id, message.uid};
      },
      [&, origins](const FileView& file) -> std::optional<Key> {
        const auto& origin = file.arrival->origin;
        const MailboxInput& in = *file.mailbox->in;
        if (!may_pair(world, file) || !origin) return std::nullopt;
        if (origins == Origins::delivered && (file.from || !origin->ours)) return std::nullopt;
        const bool from_here =
            origin->mailbox == in.id && origin->uidvalidity == in.remote.uidvalidity;
        if (origin->ours && !from_here) return std::nullopt;
        return Key{in.id, origin->uid};
      },
      [&](MessageView& message, FileView& file) {
        return world.has_content(message, file.identity()) && join(message, file);
      });
}

void match_contents(World& world, Compared compared, bool sizes_count) {
  using Key = std::pair<MailboxId, ContentKey>;
  const auto key_of = [&](MailboxId id, const Identity& identity) {
    return Key{id, {identity.header, sizes_count ? identity.size : 0}};
  };
  match(
      world.messages(), world.files(),
      [&](const MessageView& message) -> std::optional<Key> {
        if (!may_pair(message) || !message.identity()) return std::nullopt;
        if (world.sizes_count(message) != sizes_count) return std::nullopt;
        return key_of(message.mailbox->in->id, *message.identity());
      },
      [&](const FileView& file) -> std::optional<Key> {
        if (!may_pair(world, file)) return std::nullopt;
        if (compared == Compared::whole) return key_of(file.mailbox->in->id, *file.identity());
        if (file.from || !file.arrival->plain) return std::nullopt;
        return key_of(file.mailbox->in->id, *file.arrival->plain);
      },
      [&](MessageView& message, FileView& file) {
        const bool plain = compared == Compared::plain;
        const Identity& content = plain ? *file.arrival->plain : *file.identity();
        if (message.identity()->differs_in_body(content)) return false;
        if (plain) file.plain = true;
        return join(message, file);
      });
}

// The mail program's own copy of what it sent, and the server's: the bytes differ, the message is
// one (41). Only where each side has exactly one of that Message-ID.
void match_sent(World& world, MailboxView& mailbox) {
  struct Both {
    std::vector<MessageView*> messages;
    std::vector<FileView*> files;
  };
  std::unordered_map<std::string, Both> by_id;
  for (MessageView* message : mailbox.messages) {
    if (!may_pair(*message) || !message->identity()) continue;
    by_id[message->identity()->message_id].messages.push_back(message);
  }
  for (FileView* file : mailbox.files) {
    if (!may_pair(world, *file)) continue;
    by_id[file->arrival->identity->message_id].files.push_back(file);
  }
  for (auto& [id, both] : by_id) {
    if (id.empty() || both.messages.size() != 1 || both.files.size() != 1) continue;
    join(*both.messages.front(), *both.files.front());
  }
}

// Where a mailbox is on another disk, a file is copied there after its message, and then removed. A
// sync that died in between left both: the copy is the message's file, and the other goes.
void match_half_copied(World& world) {
  for (const Intent& intent : world.input().intents) {
    const MailboxView* there = world.mailbox(intent.target);
    const bool same = there && there->where().uidvalidity == intent.target_uidvalidity;
    if (!same) continue;
    const auto message = std::ranges::find_if(there->messages, [&](const MessageView* one) {
      return one->uid == intent.target_uid_next && may_pair(*one);
    });
    const auto file = std::ranges::find_if(there->files, [&](const FileView* one) {
      return is_half_copied(world, *one, intent) && !one->from && may_pair(world, *one);
    });
    if (message == there->messages.end() || file == there->files.end()) continue;
    if (!world.has_content(**message, (*file)->identity())) continue;
    join(**message, **file);
    world.row({intent.mailbox, intent.uid})->copied = true;
  }
}

}  // namespace

bool is_half_copied(World& world, const FileView& file, const Intent& intent) {
  const bool named = intent.kind == IntentKind::move_in && file.mailbox->in->id == intent.target &&
                     file.arrival->file.base == intent.base_name;
  const RowView* row = named ? world.row({intent.mailbox, intent.uid}) : nullptr;
  return row && (row->local == Local::same || row->local == Local::changed) && row->identity &&
         is_content_of(*file.arrival, *row->identity);
}

void pair_delivered(World& world) {
  match_origins(world, Origins::delivered);
  match_half_copied(world);
}

void pair_same_mailbox(World& world) {
  match_origins(world, Origins::any);
  for (const Compared compared : {Compared::whole, Compared::plain}) {
    match_contents(world, compared, true);
    match_contents(world, compared, false);
  }
  for (MailboxView& mailbox : world.mailboxes()) {
    if (mailbox.has_role(Role::sent)) match_sent(world, mailbox);
  }
}

}  // namespace sterna::sync
