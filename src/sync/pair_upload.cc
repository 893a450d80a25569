// SPDX-License-Identifier: Apache-2.0
// Which file an open upload was about. One that is where it was under its name is known from
// before, and is no newcomer that a row may claim; one that was renamed or moved since is known by
// its content.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "pair.h"
#include "sterna/base/nanoseconds.h"

namespace sterna::sync {
namespace {

std::vector<const Intent*> open_uploads(const World& world) {
  std::vector<const Intent*> uploads;
  for (const Intent& intent : world.input().intents) {
    if (intent.kind == IntentKind::upload) uploads.push_back(&intent);
  }
  std::ranges::sort(uploads, {}, [](const Intent* intent) { return intent->id; });
  return uploads;
}

// The new content of a row's own file.
bool find_edited_row(World& world, const Intent& intent) {
  for (RowView* row : world.rows_named(std::string(stem_of(intent.base_name)))) {
    const bool changed = row->change && row->change->content_changed;
    if (row->key().mailbox != intent.mailbox || !row->has_file_here() || !changed) continue;
    row->upload = &intent;
    return true;
  }
  return false;
}

void find_in_place(World& world, const Intent& intent) {
  const MailboxView* mailbox = world.mailbox(intent.mailbox);
  if (!mailbox || find_edited_row(world, intent)) return;
  for (FileView* file : mailbox->files) {
    if (!file->is_clear() || file->upload || file->stem != stem_of(intent.base_name)) continue;
    if (intent.identity && !same_content(intent, *file)) {
      // What a restored backup has under that name may as well be what it was before.
      if (!mailbox->in->adopting) file->sent_before = &intent;
      continue;
    }
    file->upload = &intent;
    return;
  }
}

// A row whose message was gone when its file was sent from another mailbox, to which the file has
// come back since: what was sent passes for its message, moved. Where there is another message that
// may have been sent, another client may have moved this one.
bool find_sent_row(World& world, const Intent& intent) {
  const MailboxView* mailbox = world.mailbox(intent.mailbox);
  if (!mailbox || !intent.identity || mailbox->where().uidvalidity != intent.uidvalidity)
    return false;
  RowView* found = nullptr;
  for (const MessageView* message : mailbox->messages) {
    if (message->uid < intent.target_uid_next) continue;
    if (!world.has_content(*message, intent.identity)) continue;
    if (message->is_unexplained()) return false;
    RowView* row = message->from;
    if (row && row->mailbox != mailbox && !row->sent && !found) found = row;
  }
  if (found) found->sent = &intent;
  return found != nullptr;
}

// To where the row knows it from, and the move was to take its message after it.
bool has_come_back(const RowView& row, const Intent& move) {
  const bool missed = row.remote == Remote::gone && row.has_file_here() && row.mailbox;
  const bool here = row.local == Local::same || row.local == Local::changed;
  if (!missed || !here || row.key().mailbox != move.target) return false;
  const std::string& base = row.change ? row.change->file.base : row.row->base_name;
  const bool rewritten = row.change && row.change->content_changed;
  const std::optional<Identity>& content = rewritten ? row.change->identity : row.identity;
  const bool same = content && move.identity && content->same_as(*move.identity);
  return same && stem_of(base) == stem_of(move.base_name);
}

// Where what it sends or moves comes to be; nullptr: that is another mailbox by now.
const MailboxView* goal_of(World& world, const Intent& intent) {
  const bool moves = intent.kind == IntentKind::move_out;
  const MailboxView* mailbox = world.mailbox(moves ? intent.target : intent.mailbox);
  if (!mailbox || !intent.identity) return nullptr;
  const UidValidity validity = moves ? intent.target_uidvalidity : intent.uidvalidity;
  return validity == mailbox->where().uidvalidity ? mailbox : nullptr;
}

void find_edited_since_moved(World& world) {
  for (const Intent& intent : world.input().intents) {
    const bool moves = intent.kind == IntentKind::move_out && intent.identity;
    const MailboxView* target = moves ? world.mailbox(intent.target) : nullptr;
    if (!target || target->in->adopting) continue;
    for (FileView* file : target->files) {
      const bool told = file->is_paired() || file->upload || file->sent_before || file->move_out;
      const bool named = file->is_clear() && file->stem == stem_of(intent.base_name);
      if (named && !told && !same_content(intent, *file)) file->sent_before = &intent;
    }
  }
}

}  // namespace

bool same_content(const Intent& intent, const FileView& file) {
  return intent.identity && intent.identity->same_as(*file.arrival->identity);
}

const RowView* recorded_result_of(World& world, const Intent& intent) {
  const MailboxView* mailbox = goal_of(world, intent);
  if (!mailbox) return nullptr;
  const auto& rows = world.rows_named(std::string(stem_of(intent.base_name)));
  const auto found = std::ranges::find_if(rows, [&](const RowView* row) {
    return row->mailbox == mailbox && row->has_file_here() &&
           row->key().uid >= intent.target_uid_next;
  });
  return found == rows.end() ? nullptr : *found;
}

MessageView* result_of(World& world, const Intent& intent) {
  MessageView* followed = nullptr;
  const MailboxView* mailbox = goal_of(world, intent);
  if (!mailbox || recorded_result_of(world, intent)) return nullptr;
  for (MessageView* message : mailbox->messages) {
    if (message->row || message->uid < intent.target_uid_next) continue;
    if (!world.has_content(*message, intent.identity)) continue;
    if (!message->from && !message->file && !message->taken) return message;
    if (!followed || (followed->from && !message->from)) followed = message;
  }
  return followed;
}

bool upload_is_found(World& world, const Intent& intent) {
  const auto has_it = [&](const auto& view) { return view.upload == &intent; };
  if (std::ranges::any_of(world.files(), has_it)) return true;
  if (std::ranges::any_of(world.rows(), has_it)) return true;
  // Numbers of another UIDVALIDITY say nothing; there the content does.
  const MailboxView* mailbox = world.mailbox(intent.mailbox);
  const bool numbered = mailbox && mailbox->where().uidvalidity == intent.uidvalidity;
  const auto& rows = world.rows_named(std::string(stem_of(intent.base_name)));
  return std::ranges::any_of(rows, [&](const RowView* row) {
    if (row->key().mailbox != intent.mailbox || !row->has_file_here()) return false;
    if (numbered) return row->key().uid >= intent.target_uid_next;
    return row->identity && intent.identity && row->identity->same_as(*intent.identity);
  });
}

void find_uploads(World& world) {
  for (const Intent* intent : open_uploads(world)) find_in_place(world, *intent);
}

void pair_sent_before(World& world) {
  find_edited_since_moved(world);
  for (FileView& file : world.files()) {
    if (!file.sent_before) continue;
    const Intent& intent = *std::exchange(file.sent_before, nullptr);
    if (file.is_paired() || file.upload || file.arrival->is_stub) continue;
    for (MessageView* message : file.mailbox->messages) {
      if (!message->is_unexplained() || message->uid < intent.target_uid_next) continue;
      if (!world.has_content(*message, intent.identity)) continue;
      file.sent_before = &intent;
      file.message = message;
      message->file = &file;
      break;
    }
  }
}

std::vector<MessageView*> find_rewritten(const MailboxView& mailbox, const Intent& sent,
                                         const LocalFile& file, const Identity& content) {
  std::vector<MessageView*> found;
  const bool numbered = mailbox.where().uidvalidity == sent.uidvalidity;
  if (!numbered || content.message_id.empty()) return found;
  const std::int64_t date = file.file.mtime_ns / kNsPerSecond;
  for (MessageView* message : mailbox.messages) {
    if (!message->is_unexplained() || message->uid < sent.target_uid_next) continue;
    const auto there = message->identity();
    const bool same_id = there && there->message_id == content.message_id;
    if (same_id && message->detail && message->detail->internal_date == date) {
      found.push_back(message);
    }
  }
  return found;
}

void pair_rewritten(World& world) {
  using Key = std::tuple<MailboxId, std::string, std::int64_t>;
  std::map<Key, std::vector<FileView*>> groups;
  for (FileView& file : world.files()) {
    const bool sent = file.upload && file.upload->mailbox == file.mailbox->in->id;
    if (!sent || file.is_paired() || file.arrival->is_stub || !file.mailbox->remote_known) continue;
    const std::int64_t date = file.arrival->file.file.mtime_ns / kNsPerSecond;
    groups[{file.upload->mailbox, file.arrival->identity->message_id, date}].push_back(&file);
  }
  for (const auto& [key, files] : groups) {
    const FileView& first = *files.front();
    const Identity& content = *first.arrival->identity;
    // Several are told apart by nothing, and need not be where they are the same.
    const bool alike = std::ranges::all_of(
        files, [&](const FileView* file) { return file->arrival->identity->same_as(content); });
    const std::vector<MessageView*> messages =
        find_rewritten(*first.mailbox, *first.upload, first.arrival->file, content);
    if (!alike || messages.empty() || messages.size() > files.size()) continue;
    // As it was sent, it may be elsewhere: a rule there moved it, and this is another one.
    const bool unchanged = std::ranges::any_of(world.messages(), [&](const MessageView& message) {
      return message.is_unexplained() && message.mailbox != first.mailbox &&
             world.has_content(message, content);
    });
    if (unchanged) continue;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      files[i]->message = messages[i];
      messages[i]->file = files[i];
    }
  }
}

bool is_rowless_move(World& world, const Intent& intent) {
  return intent.kind == IntentKind::move_out && !world.row({intent.mailbox, intent.uid});
}

bool has_moved_file(World& world, const Intent& move) {
  return std::ranges::any_of(world.files(),
                             [&](const FileView& file) { return file.move_out == &move; });
}

bool has_lost_its_file(World& world, const Intent& intent) {
  if (intent.kind == IntentKind::upload) return !upload_is_found(world, intent);
  return is_rowless_move(world, intent) && !has_moved_file(world, intent);
}

void find_rowless_moves(World& world) {
  for (const Intent& intent : world.input().intents) {
    const MailboxView* target =
        is_rowless_move(world, intent) ? world.mailbox(intent.target) : nullptr;
    if (!target) continue;
    for (FileView* file : target->files) {
      const bool same_name = file->stem == stem_of(intent.base_name);
      if (same_name && file->is_clear() && same_content(intent, *file)) file->move_out = &intent;
    }
  }
}

bool is_move_of(const Intent& intent, const RowView& row) {
  return intent.kind == IntentKind::move_out && row.key() == MessageKey{intent.mailbox, intent.uid};
}

const Intent* open_move_to(World& world, const RowView& row, MailboxId target) {
  if (!row.move_out || row.move_out->target == target) return row.move_out;
  const auto found = std::ranges::find_if(world.input().intents, [&](const Intent& intent) {
    return is_move_of(intent, row) && intent.target == target;
  });
  return found == world.input().intents.end() ? nullptr : &*found;
}

void find_left_behind(World& world) {
  const auto leave_behind = [&](const Intent& move) {
    const MailboxView* source = world.mailbox(move.mailbox);
    if (!source || source->where().uidvalidity != move.uidvalidity) return;
    const auto left = std::ranges::find(source->messages, move.uid, &MessageView::uid);
    if (left != source->messages.end()) (*left)->left_behind = true;
  };
  for (const FileView& file : world.files()) {
    const Intent* move = file.move_out;
    const bool done = move && file.mailbox->in->id == move->target && result_of(world, *move);
    if (done) leave_behind(*move);
  }
  for (const Intent& move : world.input().intents) {
    if (!is_rowless_move(world, move) || !result_of(world, move)) continue;
    const auto row = std::ranges::find_if(
        world.rows(), [&](const RowView& one) { return has_come_back(one, move); });
    if (row == world.rows().end()) continue;
    row->move_back = &move;
    leave_behind(move);
  }
}

namespace {

// Nothing else here has its content.
bool is_sole(World& world, const FileView& file, const Intent& upload) {
  return std::ranges::none_of(world.files(), [&](const FileView& other) {
    return &other != &file && other.is_clear() && same_content(upload, other);
  });
}

// Beside its message, where both went together: what was sent is what both sides agreed on. Not if
// a later intent tells of it, or what was sent may be what stands where it was sent to.
bool went_along(World& world, const FileView& file, const Intent& upload) {
  if (!file.message || file.from || file.move_out || !same_content(upload, file)) return false;
  const MessageView* sent = result_of(world, upload);
  if (sent && sent->is_unexplained()) return false;
  return file.stem == stem_of(upload.base_name) || is_sole(world, file, upload);
}

// The better, the higher.
int fitness(const FileView& file, const Intent& upload) {
  const int named = file.stem == stem_of(upload.base_name) ? 10 : 0;
  if (file.message && !file.from) return named + 1;
  return named + (file.mailbox->in->id == upload.mailbox ? 3 : 2);
}

}  // namespace

void find_moved_uploads(World& world) {
  for (const Intent* intent : open_uploads(world)) {
    if (upload_is_found(world, *intent) || find_sent_row(world, *intent)) continue;
    FileView* best = nullptr;
    for (FileView& file : world.files()) {
      if (!file.is_clear() || file.upload || file.sent_before) continue;
      if (!same_content(*intent, file)) continue;
      if (file.is_paired() && !went_along(world, file, *intent)) continue;
      if (!best || fitness(file, *intent) > fitness(*best, *intent)) best = &file;
    }
    if (best) best->upload = intent;
  }
}

namespace {

bool stands_in(const MailboxView& mailbox, Uid uid) {
  return mailbox.undetailed.contains(uid) ||
         std::ranges::any_of(mailbox.messages,
                             [&](const MessageView* message) { return message->uid == uid; });
}

// Of a move that was done: what it made was moved on there, too, before it was recorded.
bool has_left_its_target(World& world, const Intent& move) {
  const MailboxView* source = world.mailbox(move.mailbox);
  const MailboxView* target = goal_of(world, move);
  const bool undone = source && stands_in(*source, move.uid);
  return !undone && target && target->remote_known && target->undetailed.empty() &&
         !recorded_result_of(world, move);
}

}  // namespace

void find_moves_on(World& world) {
  for (const Intent& intent : world.input().intents) {
    if (!is_rowless_move(world, intent) || has_moved_file(world, intent)) continue;
    const MessageView* message = result_of(world, intent);
    if (message ? !message->is_unexplained() : !has_left_its_target(world, intent)) continue;
    const auto moved = std::ranges::find_if(world.files(), [&](const FileView& file) {
      const bool same = message || file.stem == stem_of(intent.base_name);
      return same && may_be_moved(file) && !file.move_out && same_content(intent, file);
    });
    if (moved != world.files().end()) moved->move_out = &intent;
  }
}

}  // namespace sterna::sync
