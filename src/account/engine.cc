// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <fmt/format.h>

#include "inspect_parts.h"
#include "kept.h"
#include "sterna/base/step.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/marker.h"
#include "tree.h"

namespace sterna::account {

FlagSet MailboxWork::shown(const FlagSet& flags) {
  if (!letters_denied) return flags;
  FlagSet without;
  for (const std::string& keyword : keywords.missing(flags)) without.add_keyword(keyword);
  if (!without.empty()) look_again();
  return flags.minus(without);
}

MailboxWork* Engine::find(MailboxId id) {
  for (const auto& work : mailboxes) {
    if (work->row.id == id) return work.get();
  }
  return nullptr;
}

MailboxWork* Engine::find(const MailboxName& name) {
  for (const auto& work : mailboxes) {
    if (work->row.name == name) return work.get();
  }
  return nullptr;
}

MailboxWork* Engine::with_role(Role role) {
  for (const auto& work : mailboxes) {
    if (work->row.role == role && work->selectable) return work.get();
  }
  return nullptr;
}

MailboxWork* Engine::trash() {
  MailboxWork* synced = with_role(Role::trash);
  return synced ? synced : trash_there.get();
}

std::string Engine::new_base_name() const {
  return maildir::unique_base_name(services.random.hex(16), now_ms() / 1000);
}

bool MailboxWork::is_exchanged(const maildir::DirectoryStamp& cur) const {
  return walked && (cur.dev != walked->dev || cur.ino != walked->ino ||
                    born_apart(cur.btime_ns, walked->btime_ns));
}

Result<maildir::MailboxDirs*> Engine::open_dirs(MailboxWork& work) {
  if (!work.dirs) {
    STERNA_TRY(maildir::MailboxDirs dirs, maildir::open_mailbox(*root, work.path));
    STERNA_TRY(const io::FileStat cur, dirs.cur->stat());
    if (work.is_exchanged(maildir::DirectoryStamp::of(cur))) {
      return fail(Error(ErrorCode::changed, "another folder took its place amid the sync")
                      .with_scope(ErrorScope::mailbox));
    }
    STERNA_TRY(work.network_fs, dirs.cur->is_network_file_system());
    STERNA_TRY(work.keywords, maildir::read_keywords(*dirs.home));
    work.dirs.emplace(std::move(dirs));
  }
  return &*work.dirs;
}

bool Outcomes::is_unrepaired(MessageKey message) const {
  const ActionKey key{message.mailbox, message.uid, {}, "repair"};
  return undone.contains(key) || unfinished.contains(key);
}

UidSet Outcomes::unrepaired_in(MailboxId mailbox) const {
  UidSet uids;
  for (const auto* left : {&undone, &unfinished}) {
    for (const ActionKey& key : *left) {
      if (key.mailbox == mailbox && key.action == "repair") uids.add(key.uid);
    }
  }
  return uids;
}

Result<maildir::MailboxStamp> Engine::stamp_of(const MailboxWork& work) const {
  if (work.dirs) return maildir::stamp_mailbox(*work.dirs->home);
  STERNA_TRY(const maildir::HomeDirectory home, maildir::open_path(*root, work.path));
  return maildir::stamp_mailbox(*home);
}

Result<io::Directory*> Engine::open_undo() {
  if (!undo_area) {
    STERNA_TRY(undo_area, services.files.open_root(settings.state_dir + "/undo", true));
  }
  return undo_area.get();
}

void Engine::note(Error error, const MailboxWork* work) {
  if (error.is_cancelled()) {
    for (const Error& known : report.errors) {
      if (known.is_cancelled()) return;
    }
  }
  if (work) error.add_context(fmt::format("mailbox {}", work->name()));
  report.errors.push_back(std::move(error));
}

void Engine::tell(FileChange::Kind kind, const FilePlace& file, const FilePlace& before) {
  if (!request.tells_changes && !kept) return;
  const auto path_of = [this](const FilePlace& one) {
    return one.mailbox ? fmt::format("{}/{}/{}", absolute_path(settings, row_path(*one.mailbox)),
                                     one.in_new ? "new" : "cur", one.name)
                       : std::string();
  };
  std::string path = path_of(file);
  std::string old_path = path_of(before);
  if (kept && file.mailbox->row.cursor.messages > kLargeMailbox) kept->own.in_large_mailbox = true;
  if (before.mailbox) leave_own(old_path, std::nullopt);
  leave_own(path, kind == FileChange::Kind::removed ? std::nullopt : std::optional(file.stamp));
  if (!request.tells_changes) return;
  report.changes.push_back({.kind = kind,
                            .path = std::move(path),
                            .old_path = std::move(old_path),
                            .mailbox = file.mailbox->name(),
                            .role = file.mailbox->row.role});
}

void Engine::leave_own(const std::string& path, const std::optional<FileStamp>& file) {
  if (!kept) return;
  auto& files = kept->own.files;
  if (files.size() < kOwnWritesMax || files.contains(path)) files[path] = file;
}

namespace {

// As the file's name tells it; of a name without an info part, the directories do.
bool is_in_new(const MailboxWork& work, std::string_view file) {
  const maildir::FileNameView name = maildir::view_file_name(file);
  if (name.base.size() != file.size()) return false;
  const maildir::Entry* listed = work.listing ? work.listing->find(name.base) : nullptr;
  if (listed && work.listing->name(*listed) == file) return listed->in_new;
  return !work.dirs || !work.dirs->cur->stat_at(file);
}

}  // namespace

Status Engine::add_history(const MailboxWork& work, Uid uid, std::string_view file,
                           std::string event, std::string side, std::string detail,
                           std::string reason, std::string message_id) {
  std::string path = row_path(work);
  if (!path.empty()) path += '/';
  path += is_in_new(work, file) ? "new/" : "cur/";
  path += file;
  return store->add_history({now_ms(), work.name(), uid, std::move(path), std::move(event),
                             std::move(side), std::move(detail), std::move(reason),
                             std::move(message_id)});
}

Status Engine::doubt_cursor(MailboxWork& work) {
  work.look_again();
  // No STATUS says that.
  ++work.row.cursor.messages;
  return write([&]() -> Status {
    STERNA_TRY(auto row, store->mailbox(work.row.id));
    if (!row) return {};
    row->cursor.messages = work.row.cursor.messages;
    return store->update_mailbox(*row);
  });
}

Status Engine::bump_epoch() {
  if (epoch_bumped) return {};
  return begin_destruction([] { return Status{}; });
}

Result<std::optional<maildir::Marker>> Engine::announce_epoch() {
  if (epoch_bumped) return std::nullopt;
  STERNA_TRY(const maildir::Marker marker, next_marker(*this, *root));
  const std::string epoch = fmt::format("{}", marker.epoch);
  if (marker_prepared != marker && maildir::prepare_marker(*root, marker)) marker_prepared = marker;
  // Without room, or leave to write there, what needs neither goes on.
  if (marker_prepared != marker) STERNA_CHECK(store->set(kEpochUnpreparedKey, epoch));
  STERNA_CHECK(store->set("epoch_pending", epoch));
  return marker;
}

bool Engine::has_announced() const {
  return epoch_bumped || (epoch_announced && epoch_announced->epoch > epoch_left);
}

Status Engine::announce_change() {
  if (has_announced()) return {};
  STERNA_TRY(epoch_announced, announce_epoch());
  flushes_before_announcement = store->flushes();
  return {};
}

Status Engine::move_epoch(const maildir::Marker& marker) {
  at_step("epoch.announced");
  STERNA_CHECK(put_marker(marker));
  at_step("epoch.marked");
  return record_epoch(marker);
}

Status Engine::put_marker(const maildir::Marker& next) {
  STERNA_CHECK(check_marker(*this, *root));
  Status put = fail(ErrorCode::not_found, "no marker is prepared");
  if (std::exchange(marker_prepared, std::nullopt) == next)
    put = maildir::put_prepared_marker(*root);
  if (!put && put.error().is(ErrorCode::not_found)) put = maildir::write_marker(*root, next);
  if (put) marker_here = next;
  return put;
}

Status Engine::record_epoch(const maildir::Marker& marker) {
  // Lost with the power, it is told by the marker, which is the pending one.
  STERNA_TRY(auto transaction, store->begin(store::Durability::normal));
  STERNA_CHECK(store->set("epoch", fmt::format("{}", marker.epoch)));
  STERNA_CHECK(store->unset("epoch_pending"));
  STERNA_CHECK(transaction.commit());
  at_step("epoch.recorded");
  epoch_bumped = true;
  if (const Result<io::FileStat> stat = root->stat_at(maildir::kMarkerName)) {
    const std::string name(maildir::kMarkerName);
    leave_own(absolute_path(settings, io::name_beside(name)), std::nullopt);
    leave_own(absolute_path(settings, name), to_stamp(*stat));
  }
  return {};
}

std::string row_path(const MailboxWork& work) {
  return maildir::to_string(work.path);
}

Identity to_identity(const maildir::ContentIdentity& content) {
  return {content.size, content.header_digest, content.message_id, content.body_digest};
}

std::optional<Identity> to_plain_identity(const maildir::ContentIdentity& content) {
  if (!content.plain || content.plain->fields_octets > content.size) return std::nullopt;
  return Identity{content.size - content.plain->fields_octets, content.plain->header_digest,
                  content.message_id, content.body_digest};
}

bool is_content_of(const maildir::ContentIdentity& content, const Identity& identity) {
  const std::optional<Identity> plain = to_plain_identity(content);
  return identity.same_as(to_identity(content)) || (plain && identity.same_as(*plain));
}

std::string message_id_of(const std::optional<Identity>& identity) {
  return identity ? identity->message_id : std::string();
}

FileStamp to_stamp(const io::FileStat& stat) {
  return {stat.dev, stat.ino, stat.size, stat.mtime_ns, stat.btime_ns};
}

maildir::SeenFile to_seen(const LocalFile& file) {
  return {file.in_new, file.name, file.file.ino};
}

}  // namespace sterna::account
