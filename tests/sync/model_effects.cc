// SPDX-License-Identifier: Apache-2.0
// The half of the model that carries out a plan: each effect, and what is recorded of it.
#include <algorithm>

#include "model.h"
#include "notation.h"
#include "sterna/base/assert.h"

namespace sterna::sync::test {

bool Model::carry_out(const Action& action, bool record) {
  return std::visit([&](const auto& what) { return effect(what, record); }, action.what);
}

std::optional<std::string> Model::name_of(MailboxId mailbox, const LocalFile& file) {
  const auto found = at(mailbox).local.find(file.base);
  if (found == at(mailbox).local.end() || found->second.stamp.ino != file.file.ino) return {};
  return file.base;
}

MessageRow& Model::write_row(MailboxId mailbox, Uid uid, const std::string& name,
                             const FlagSet& flags) {
  MessageRow& row = rows_[{mailbox, uid}];
  row.key = {mailbox, uid};
  row.state = RowState::present;
  row.flags = flags;
  row.base_name = name;
  row.info = ":2,";
  const LocalMessage& file = at(mailbox).local.at(name);
  row.file = file.stamp;
  row.identity = identity_of(file.content);
  row.remote_size = row.identity->size;
  row.remote_since = row.local_since = Generation(generation_);
  return row;
}

IntentId Model::open(Intent intent) {
  intent.id = IntentId(static_cast<std::int64_t>(++counter_));
  intent.uidvalidity = validity_of(intent.mailbox);
  intents_.push_back(intent);
  return intent.id;
}

void Model::close(IntentId id) {
  std::erase_if(intents_, [&](const Intent& intent) { return intent.id == id; });
}

bool Model::effect(const Pair& pair, bool record) {
  const auto name = name_of(pair.where.mailbox, pair.file);
  Mailbox& mailbox = at(pair.where.mailbox);
  const auto message = mailbox.remote.find(pair.uid);
  if (!name || message == mailbox.remote.end()) return true;
  message->second.flags = apply(message->second.flags, pair.to_remote);
  mailbox.local[*name].flags = apply(mailbox.local[*name].flags, pair.to_local);
  if (!record) return false;
  if (pair.forgets) rows_.erase(*pair.forgets);
  if (pair.replaces) rows_.at({pair.where.mailbox, *pair.replaces}).state = RowState::deleting;
  MessageRow& row = write_row(pair.where.mailbox, pair.uid, *name, pair.flags);
  if (pair.edited) {
    row.file = {};
    row.identity = pair.identity;
    row.remote_size = pair.identity->size;
  }
  return true;
}

bool Model::effect(const Record& what, bool record) {
  MessageRow& row = rows_.at({what.where.mailbox, what.uid});
  if (!record) return false;
  row.flags = what.flags;
  if (what.file) {
    row.base_name = what.file->base;
    row.file = what.file->file;
  }
  return true;
}

bool Model::effect(const Missed& missed, bool record) {
  if (!record) return false;
  MessageRow& row = rows_[{missed.where.mailbox, missed.uid}];
  row.key = {missed.where.mailbox, missed.uid};
  row.state = RowState::present;
  row.flags = missed.flags;
  row.base_name = missed.base_name;
  row.identity = missed.identity;
  row.remote_size = missed.identity.size;
  row.remote_since = row.local_since = Generation(generation_);
  if (missed.forgets) rows_.erase(*missed.forgets);
  return true;
}

bool Model::effect(const Download& download, bool record) {
  Mailbox& mailbox = at(download.where.mailbox);
  for (const auto& [uid, message] : mailbox.remote) {
    if (!download.uids.contains(uid)) continue;
    std::string name =
        "d" + std::to_string(download.where.mailbox.value) + "." + std::to_string(uid.value);
    while (mailbox.local.contains(name)) name += "c";
    mailbox.local[name] = {
        message.content, message.flags, fresh_stamp(message.content),
        ClaimedOrigin{true, download.where.mailbox, validity_of(download.where.mailbox), uid}};
    if (!record) return false;
    write_row(download.where.mailbox, uid, name, message.flags);
  }
  return true;
}

bool Model::effect(const MoveIn& move, bool record) {
  const auto name = name_of(move.file_mailbox, move.file);
  Mailbox& to = at(move.to.mailbox);
  const auto message = to.remote.find(move.new_uid);
  if (!name || message == to.remote.end()) return true;
  std::string target = *name;
  if (move.file_mailbox != move.to.mailbox) {
    const auto place = static_cast<std::size_t>(move.to.mailbox.value - 1);
    while (to.local.contains(target) || is_recorded(place, target)) target += "c";
    LocalMessage file = at(move.file_mailbox).local.at(*name);
    at(move.file_mailbox).local.erase(*name);
    to.local[target] = std::move(file);
  }
  message->second.flags = apply(message->second.flags, move.to_remote);
  to.local[target].flags = move.flags;
  if (!record) {
    if (!move.uid || move.file_mailbox == move.to.mailbox) return false;
    Intent intent;
    intent.kind = IntentKind::move_in;
    intent.mailbox = move.from.mailbox;
    intent.uidvalidity = validity_of(move.from.mailbox);
    intent.uid = move.uid;
    intent.target = move.to.mailbox;
    intent.target_uidvalidity = validity_of(move.to.mailbox);
    intent.target_uid_next = move.new_uid;
    intent.base_name = target;
    open(intent);
    return false;
  }
  const auto old = rows_.find({move.from.mailbox, move.uid});
  const std::optional<MessageRow> was =
      old == rows_.end() ? std::nullopt : std::optional(old->second);
  if (old != rows_.end()) rows_.erase(old);
  MessageRow& row = write_row(move.to.mailbox, move.new_uid, target, move.flags);
  if (move.content_differs && was) {
    row.file = was->file;
    row.identity = was->identity;
  }
  return true;
}

bool Model::effect(const MoveOut& move, bool record) {
  const auto name = name_of(move.to.mailbox, move.file);
  Mailbox& from = at(move.from.mailbox);
  Mailbox& to = at(move.to.mailbox);
  const auto message = from.remote.find(move.uid);
  if (!name || message == from.remote.end()) return true;
  Intent intent;
  intent.kind = IntentKind::move_out;
  intent.mailbox = move.from.mailbox;
  intent.uid = move.uid;
  intent.target = move.to.mailbox;
  intent.target_uidvalidity = validity_of(move.to.mailbox);
  intent.target_uid_next = to.next;
  intent.base_name = *name;
  intent.identity = identity_of(message->second.content);
  intent.flags = move.flags;
  const IntentId id = open(intent);
  const Uid uid = to.next;
  ++to.next.value;
  if (move.marked) message->second.flags.set(Flag::deleted, false);
  to.remote[uid] = message->second;
  if (!record) ledger_[to.remote[uid].content].touched = true;
  if (!record && chance(0.3)) {
    ++ledger_[to.remote[uid].content].copies;  // copied, and the source is still there
    return false;
  }
  from.remote.erase(move.uid);
  if (!record) return false;
  if (move.forgets) rows_.erase(*move.forgets);
  to.remote[uid].flags = apply(to.remote[uid].flags, move.to_remote);
  to.local[*name].flags = move.flags;
  rows_.erase({move.from.mailbox, move.uid});
  write_row(move.to.mailbox, uid, *name, move.flags);
  close(id);
  return true;
}

bool Model::effect(const PullFlags& pull, bool record) {
  const auto name = name_of(pull.where.mailbox, pull.file);
  Mailbox& mailbox = at(pull.where.mailbox);
  const auto message = mailbox.remote.find(pull.uid);
  if (!name || message == mailbox.remote.end()) return true;
  message->second.flags = apply(message->second.flags, pull.also_push);
  mailbox.local[*name].flags = pull.result;
  if (!record) return false;
  MessageRow& row = rows_.at({pull.where.mailbox, pull.uid});
  row.flags = pull.result;
  row.base_name = *name;
  row.file = pull.file.file;
  return true;
}

bool Model::effect(const PushFlags& push, bool record) {
  Mailbox& mailbox = at(push.where.mailbox);
  const auto message = mailbox.remote.find(push.uid);
  if (message == mailbox.remote.end()) return true;
  message->second.flags = apply(message->second.flags, push.delta);
  if (!record) return false;
  MessageRow& row = rows_.at({push.where.mailbox, push.uid});
  row.flags = push.result;
  if (push.file) {
    row.base_name = push.file->base;
    row.file = push.file->file;
  }
  return true;
}

bool Model::effect(const Upload& upload, bool record) {
  const auto name = name_of(upload.where.mailbox, upload.file);
  Mailbox& mailbox = at(upload.where.mailbox);
  if (!name) return true;
  const std::string content = mailbox.local.at(*name).content;
  STERNA_ASSERT(identity_of(content).same_as(upload.identity));
  Intent intent;
  intent.kind = IntentKind::upload;
  intent.mailbox = upload.where.mailbox;
  intent.base_name = *name;
  intent.identity = upload.identity;
  intent.flags = upload.flags;
  intent.target_uid_next = mailbox.next;
  if (upload.intent) close(upload.intent);
  const IntentId id = open(intent);
  const Uid uid = mailbox.next;
  ++mailbox.next.value;
  mailbox.remote[uid] = {content, upload.flags};
  // Should a user delete it before it is looked for, nobody can know that it was ever sent.
  if (!record) ledger_[content].touched = true;
  if (!record) return false;
  mailbox.local[*name].flags = upload.flags;
  write_row(upload.where.mailbox, uid, *name, upload.flags);
  if (upload.forgets) rows_.erase(*upload.forgets);
  close(id);
  if (upload.replaces) {
    mailbox.remote.erase(*upload.replaces);
    rows_.erase({upload.where.mailbox, *upload.replaces});
  }
  return true;
}

bool Model::effect(const Repair&, bool) {
  return true;
}

bool Model::effect(const ClearDeleted& clear, bool) {
  close(clear.intent);
  return true;
}

bool Model::effect(const CloseIntent& what, bool) {
  close(what.intent);
  return true;
}

bool Model::effect(const Forget& forget, bool) {
  const MessageKey key{forget.where.mailbox, forget.uid};
  if (forget.into == RowState::tombstone) {
    rows_.erase(key);
  } else {
    rows_[key].key = key;
    rows_[key].state = forget.into;
  }
  return true;
}

bool Model::effect(const DeleteIn& remove, bool record) {
  const MessageKey key{remove.where.mailbox, remove.uid};
  const MailboxId place = remove.file_mailbox ? remove.file_mailbox : key.mailbox;
  const std::string name = remove.file ? remove.file->base : rows_.at(key).base_name;
  const auto file = at(place).local.find(name);
  if (file != at(place).local.end()) {
    undo_.insert(file->second.content);
    at(place).local.erase(file);
  }
  if (record) rows_.erase(key);
  return record;
}

bool Model::effect(const DeleteOut& remove, bool record) {
  const MessageKey key{remove.where.mailbox, remove.uid};
  Mailbox& mailbox = at(key.mailbox);
  const auto message = mailbox.remote.find(key.uid);
  if (message == mailbox.remote.end()) return true;
  Intent intent;
  intent.kind = IntentKind::delete_out;
  intent.mailbox = key.mailbox;
  intent.uid = key.uid;
  intent.identity = identity_of(message->second.content);
  intent.to_trash = remove.kind == RemovalKind::to_trash;
  Mailbox& trash = mailboxes_.back();
  intent.target = MailboxId(static_cast<std::int64_t>(mailboxes_.size()));
  intent.target_uidvalidity = validity_of(intent.target);
  intent.target_uid_next = trash.next;
  const auto before = std::ranges::find_if(intents_, [&](const Intent& other) {
    return other.kind == IntentKind::delete_out && other.to_trash && other.mailbox == key.mailbox &&
           other.uid == key.uid;
  });
  const IntentId id = before == intents_.end() ? open(intent) : before->id;
  if (rows_.contains(key)) rows_[key].state = RowState::deleting;
  if (!record && chance(0.5)) return false;  // the intent stands, nothing was done
  if (intent.to_trash) {
    trash.remote[trash.next] = message->second;
    ++trash.next.value;
    if (!record && chance(0.5)) return false;  // copied, and the source is still there
  }
  mailbox.remote.erase(key.uid);
  if (!record) return false;
  rows_.erase(key);
  close(id);
  return true;
}

}  // namespace sterna::sync::test
