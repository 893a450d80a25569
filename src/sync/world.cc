// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>

namespace sterna::sync {
namespace {

// Absence counts only for what was there before the look began (rule 1), and not while all of a
// mailbox is yet to be paired.
bool is_gone_remotely(const RowView& view) {
  const MailboxInput& in = *view.mailbox->in;
  return in.remote.coverage == Coverage::complete && !view.mailbox->is_yet_to_be_paired() &&
         view.row->remote_since < in.remote.began;
}

bool is_gone_locally(const RowView& view) {
  const MailboxInput& in = *view.mailbox->in;
  return in.local.coverage == Coverage::complete && !view.mailbox->is_yet_to_be_paired() &&
         view.row->local_since < in.local.began;
}

bool is_stale(const RemoteFlags& told, const MessageRow& row) {
  return told.modseq && row.modseq && told.modseq < row.modseq;
}

bool awaits_file(const MessageRow& row) {
  return row.state == RowState::wanted || row.state == RowState::dropped;
}

}  // namespace

Where MailboxView::where() const {
  return {in->id, in->remote.uidvalidity ? in->remote.uidvalidity : in->base_uidvalidity};
}

std::optional<Identity> MessageView::identity() const {
  if (detail && detail->identity) return detail->identity;
  return row ? row->identity_there() : std::nullopt;
}

FlagSet MessageView::flags() const {
  if (detail) return detail->flags;
  return row->told ? row->told->flags : row->row->flags;
}

bool FileView::is_delivered() const {
  const auto& origin = arrival->origin;
  return message && origin && origin->ours && origin->mailbox == mailbox->in->id &&
         origin->uid == message->uid && origin->uidvalidity == mailbox->where().uidvalidity;
}

std::string_view stem_of(std::string_view base_name) {
  return base_name.substr(0, base_name.find(','));
}

Inode inode_of(const FileStamp& file) {
  return {file.dev, file.ino};
}

bool is_one_file(const FileStamp& one, const FileStamp& other) {
  return one.ino != 0 && inode_of(one) == inode_of(other);
}

bool is_content_of(const LocalArrival& arrival, const Identity& identity) {
  return identity.same_as(*arrival.identity) || (arrival.plain && identity.same_as(*arrival.plain));
}

World::World(const Input& input) : input_(input) {
  add_mailboxes();
  add_rows();
  for (MailboxView& mailbox : mailboxes_) {
    observe_local(mailbox);
    observe_remote(mailbox);
  }
  free_files_of_others();
  for (MailboxView& mailbox : mailboxes_) add_messages(mailbox);
  add_files();
  add_intents();
}

MailboxView* World::mailbox(MailboxId id) {
  const auto found = mailbox_by_id_.find(id);
  return found == mailbox_by_id_.end() ? nullptr : found->second;
}

RowView* World::row(MessageKey key) {
  const auto found = row_by_key_.find(key);
  return found == row_by_key_.end() ? nullptr : found->second;
}

const std::vector<RowView*>& World::rows_named(const std::string& stem) {
  const auto found = rows_by_stem_.find(stem);
  return found == rows_by_stem_.end() ? none_ : found->second;
}

bool World::every_local_side_known() const {
  return std::ranges::all_of(mailboxes_, [](const MailboxView& mailbox) {
    const LocalDelta& local = mailbox.in->local;
    return local.aside || (mailbox.local_known && local.coverage == Coverage::complete);
  });
}

void World::note_examined() {
  for (MailboxView& mailbox : mailboxes_) {
    const bool doubt = std::ranges::any_of(mailbox.messages, [](const MessageView* message) {
      return !message->from && !message->file && !message->identity();
    });
    mailbox.examined = mailbox.remote_known && mailbox.undetailed.empty() && !doubt;
  }
}

bool World::every_remote_side_examined() const {
  return std::ranges::all_of(mailboxes_, &MailboxView::examined);
}

bool World::every_remote_side_known() const {
  return std::ranges::all_of(mailboxes_, [](const MailboxView& mailbox) {
    return mailbox.in->local.aside || mailbox.remote_known;
  });
}

bool World::every_arrival_was_searched() const {
  return std::ranges::all_of(mailboxes_, [](const MailboxView& mailbox) {
    return !mailbox.remote_known || mailbox.undetailed.empty() || !mailbox.is_searched();
  });
}

bool World::sizes_count(const MessageView& message) const {
  return message.size_reliable && input_.server_sizes_reliable;
}

bool World::has_content(const MessageView& message, const std::optional<Identity>& content) const {
  const auto identity = message.identity();
  return identity && content && identity->same_as(*content, sizes_count(message));
}

void World::add_mailboxes() {
  std::vector<const MailboxInput*> sorted;
  for (const MailboxInput& in : input_.mailboxes) sorted.push_back(&in);
  std::ranges::sort(sorted, {}, [](const MailboxInput* in) { return in->id; });
  for (const MailboxInput* in : sorted) {
    MailboxView& view = mailboxes_.emplace_back();
    view.in = in;
    const bool agreed =
        in->adopting || !in->base_uidvalidity || in->base_uidvalidity == in->remote.uidvalidity;
    view.remote_known = in->remote.coverage != Coverage::unknown && agreed;
    view.local_known = in->local.coverage != Coverage::unknown && !in->local.suspect;
    mailbox_by_id_[in->id] = &view;
  }
}

void World::add_rows() {
  std::vector<const MessageRow*> sorted;
  for (const MessageRow& row : input_.rows) sorted.push_back(&row);
  std::ranges::sort(sorted, {}, [](const MessageRow* row) { return row->key; });
  for (const MessageRow* row : sorted) {
    if (row_by_key_.contains(row->key)) continue;
    RowView& view = rows_.emplace_back();
    view.row = row;
    view.mailbox = mailbox(row->key.mailbox);
    view.identity = row->identity;
    if (view.mailbox && view.mailbox->remote_known) view.remote = Remote::same;
    if (view.mailbox && view.mailbox->local_known) view.local = Local::same;
    if (view.mailbox) view.mailbox->rows.push_back(&view);
    row_by_key_[row->key] = &view;
    if (!row->base_name.empty()) {
      rows_by_stem_[std::string(stem_of(row->base_name))].push_back(&view);
    }
  }
}

void World::observe_local(MailboxView& mailbox) {
  if (!mailbox.local_known) return;
  const MailboxInput& in = *mailbox.in;
  for (const LocalChange& change : in.local.changed) {
    RowView* view = row({in.id, change.uid});
    if (!view) continue;
    view->change = &change;
    view->local = Local::changed;
  }
  for (const Uid uid : in.local.gone) {
    RowView* view = row({in.id, uid});
    if (!view) continue;
    const bool contradicted = view->change != nullptr;
    view->change = nullptr;
    view->local = is_gone_locally(*view) && !contradicted ? Local::gone : Local::unknown;
    if (view->local == Local::unknown) view->doubted = true;
  }
}

void World::free_files_of_others() {
  std::vector<RowView*> changed;
  std::multimap<Inode, const RowView*> missing;
  for (RowView& view : rows_) {
    if (view.change && view.change->content_changed && view.change->identity) {
      changed.push_back(&view);
    } else if (view.local == Local::gone && view.has_file_here() && view.identity) {
      missing.emplace(inode_of(view.row->file), &view);
    }
  }
  for (RowView* view : changed) {
    LocalArrival file;
    file.file = view->change->file;
    file.identity = view->change->identity;
    file.plain = view->change->plain;
    const auto [first, last] = missing.equal_range(inode_of(file.file.file));
    const bool is_others = std::any_of(first, last, [&](const auto& one) {
      const RowView& other = *one.second;
      return is_one_file(other.row->file, file.file.file) && is_content_of(file, *other.identity);
    });
    if (!is_others) continue;
    view->mailbox->freed.push_back(file);
    view->change = nullptr;
    view->doubted = !is_gone_locally(*view);
    view->local = view->doubted ? Local::unknown : Local::gone;
  }
}

void World::observe_remote(MailboxView& mailbox) {
  if (!mailbox.remote_known) return;
  const MailboxInput& in = *mailbox.in;
  for (const RemoteFlags& told : in.remote.flags) {
    RowView* view = row({in.id, told.uid});
    if (view && !is_stale(told, *view->row)) view->told = &told;
  }
  for (RowView* view : mailbox.rows) {
    if (!in.remote.gone.contains(view->row->key.uid)) continue;
    const bool contradicted = view->told != nullptr;
    view->told = nullptr;
    view->remote = is_gone_remotely(*view) && !contradicted ? Remote::gone : Remote::unknown;
    if (view->remote == Remote::unknown) view->doubted = true;
  }
}

void World::observe_details(MailboxView& mailbox) {
  std::vector<const RemoteArrival*> details;
  for (const RemoteArrival& detail : mailbox.in->remote.details) details.push_back(&detail);
  std::ranges::sort(details, {}, [](const RemoteArrival* detail) { return detail->uid; });
  UidSet seen;
  for (const RemoteArrival* detail : details) {
    RowView* known = row({mailbox.in->id, detail->uid});
    if (known && is_on_server(known->row->state)) {
      known->detail = detail;
      const bool sized = detail->size_reliable && input_.server_sizes_reliable;
      if (!known->identity && sized) known->identity = detail->identity;
    } else if (mailbox.undetailed.contains(detail->uid) && !seen.contains(detail->uid)) {
      seen.add(detail->uid);
      MessageView& message = messages_.emplace_back();
      message.mailbox = &mailbox;
      message.uid = detail->uid;
      message.detail = detail;
      message.size_reliable = detail->size_reliable;
      mailbox.messages.push_back(&message);
    }
  }
  mailbox.undetailed = mailbox.undetailed.minus(seen);
}

void World::add_messages(MailboxView& mailbox) {
  if (!mailbox.remote_known) return;
  UidSet known;
  for (const RowView* view : mailbox.rows) {
    if (is_on_server(view->row->state)) known.add(view->row->key.uid);
  }
  mailbox.undetailed = mailbox.in->remote.arrived.minus(known);
  observe_details(mailbox);
  for (RowView* view : mailbox.rows) {
    if (!awaits_file(*view->row) || view->remote != Remote::same) continue;
    MessageView& message = messages_.emplace_back();
    message.mailbox = &mailbox;
    message.uid = view->row->key.uid;
    message.row = view;
    message.detail = view->detail;
    message.size_reliable = !view->detail || view->detail->size_reliable;
    mailbox.messages.push_back(&message);
  }
}

void World::add_files() {
  for (MailboxView& mailbox : mailboxes_) {
    if (!mailbox.local_known) continue;
    std::vector<const LocalArrival*> sorted;
    for (const LocalArrival& arrival : mailbox.in->local.arrived) sorted.push_back(&arrival);
    for (const LocalArrival& arrival : mailbox.freed) sorted.push_back(&arrival);
    std::ranges::sort(sorted, {}, [](const LocalArrival* arrival) {
      return std::tie(arrival->file.file.mtime_ns, arrival->file.name);
    });
    for (const LocalArrival* arrival : sorted) {
      FileView& file = files_.emplace_back();
      file.mailbox = &mailbox;
      file.arrival = arrival;
      file.stem = stem_of(arrival->file.base);
      mailbox.files.push_back(&file);
    }
  }
}

void World::add_intents() {
  for (const Intent& intent : input_.intents) {
    if (intent.kind != IntentKind::move_out && intent.kind != IntentKind::delete_out) continue;
    RowView* view = row({intent.mailbox, intent.uid});
    if (!view) continue;
    // One that is tried again is written anew in its old place.
    const auto is_later = [&](const Intent* than) { return !than || intent.at_ms >= than->at_ms; };
    if (is_later(view->intent)) view->intent = &intent;
    if (intent.kind == IntentKind::move_out && is_later(view->move_out)) view->move_out = &intent;
  }
}

}  // namespace sterna::sync
