// SPDX-License-Identifier: Apache-2.0
#include "row_changes.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "restart.h"
#include "sterna/sync/plan.h"

namespace sterna::account {

std::string_view info_part(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(colon);
}

void take_file(MessageRow& row, const LocalFile& file) {
  row.base_name = file.base;
  row.in_new = file.in_new;
  row.info = info_part(file.name);
  if (file.file.size != 0 || file.file.mtime_ns != 0) {
    row.file = file.file;
  } else if (file.file.ino != row.file.ino) {
    row.file = {};  // another file, and nobody looked at it: the next listing does
  }
}

MessageRow moved_row(const MessageRow& row, const MailboxWork& to, Uid uid, const LocalFile& file,
                     const FlagSet& flags) {
  MessageRow moved = row;
  moved.key = {to.row.id, uid};
  moved.state = RowState::present;
  moved.flags = flags;
  moved.modseq = {};
  take_file(moved, file);
  return moved;
}

Status bury(Engine& engine, const MailboxWork& work, const MessageRow& row, std::string side,
            std::string event, std::string reason) {
  if (!row.base_name.empty()) {
    STERNA_CHECK(
        engine.store->add_tombstone({row.key, row.base_name, row.file.ino,
                                     boot_of_tombstone(engine, row.key.mailbox), engine.now_ms()}));
  }
  STERNA_CHECK(engine.store->remove_message(row.key));
  return engine.add_history(work, row.key.uid, full_name(row), std::move(event), std::move(side),
                            row.flags.to_string(), std::move(reason), message_id_of(row.identity));
}

Status leave_place(Engine& engine, const MessageRow& row) {
  STERNA_CHECK(engine.store->remove_message(row.key));
  if (row.base_name.empty()) return {};
  return engine.store->add_tombstone({{row.key.mailbox, Uid{}},
                                      row.base_name,
                                      row.file.ino,
                                      boot_of_tombstone(engine, row.key.mailbox),
                                      engine.now_ms()});
}

Status close_uploads_of(Engine& engine, std::span<const MessageRow> rows) {
  if (rows.empty()) return {};
  std::multimap<std::string_view, const MessageRow*> by_stem;
  for (const MessageRow& row : rows) by_stem.emplace(sync::stem_of(row.base_name), &row);
  STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
  for (const Intent& intent : intents) {
    if (intent.kind != IntentKind::upload || !intent.identity) continue;
    const auto [first, last] = by_stem.equal_range(sync::stem_of(intent.base_name));
    const bool is_one = std::any_of(first, last, [&](const auto& named) {
      const std::optional<Identity>& identity = named.second->identity;
      return identity && intent.identity->same_as(*identity);
    });
    if (is_one) STERNA_CHECK(engine.store->close_intent(intent.id));
  }
  return {};
}

namespace {

// Told of no more, and not counted, it would make up for one that vanished since: all UIDs are
// listed next.
Status list_anew(Engine& engine, MailboxWork& work) {
  engine.again = true;
  work.look_again();
  work.row.cursor.highest_modseq = {};
  work.row.cursor.messages = 0;
  return engine.store->update_mailbox(work.row);
}

}  // namespace

Status forget_row(Engine& engine, MessageKey key, const std::string& reason) {
  STERNA_TRY(std::optional<MessageRow> row, engine.store->message(key));
  MailboxWork* work = engine.find(key.mailbox);
  if (!row || !work) return {};
  STERNA_TRY(const std::vector<MessageRow> named,
             engine.store->messages_by_base_name(row->base_name));
  const bool stays = std::ranges::any_of(named, [&](const MessageRow& other) {
    return other.key.mailbox == key.mailbox && other.key.uid != key.uid;
  });
  if (stays) row->base_name.clear();  // a name that lives has no tombstone
  if (!work->input.remote.gone.contains(key.uid)) STERNA_CHECK(list_anew(engine, *work));
  return bury(engine, *work, *row, "local", "forgotten", reason);
}

}  // namespace sterna::account
