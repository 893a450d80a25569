// SPDX-License-Identifier: Apache-2.0
#include "mailbox_rows.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <vector>

#include "decisions.h"
#include "sterna/base/bytes.h"
#include "sterna/base/step.h"
#include "sterna/maildir/layout.h"
#include "sterna/maildir/mailbox_dirs.h"
#include "unflushed.h"

namespace sterna::account {

Result<MailboxRow> mailbox_row(Engine& engine, MailboxId id) {
  STERNA_TRY(std::optional<MailboxRow> row, engine.store->mailbox(id));
  return row ? *std::move(row) : MailboxRow{};
}

bool is_cur_of(const MailboxRow& row, const io::FileStat& cur) {
  return row.cur_dev == cur.dev && row.cur_ino == cur.ino &&
         !born_apart(row.cur_btime_ns, cur.btime_ns);
}

void take(MailboxRow& row, const sync::RemoteMailbox& remote) {
  row.name = remote.name;
  row.wire = remote.wire;
  row.delimiter = remote.delimiter;
  row.mailbox_id = remote.mailbox_id;
  row.role = remote.role;
  row.has_remote = true;
  row.remote_absences = 0;
}

Status flush_local(Engine& engine, const sync::LocalMailbox& local) {
  const Status flushed = maildir::flush_path(*engine.root, maildir::parse_mailbox_path(local.path));
  if (flushed) return {};
  const bool went = flushed.error().is(ErrorCode::not_found);
  Error error = went ? Error(ErrorCode::changed, "its folder moved meanwhile") : flushed.error();
  return fail(std::move(error)
                  .with_scope(ErrorScope::mailbox)
                  .with_context(fmt::format("mailbox {}", local.name.text())));
}

void take(MailboxRow& row, const sync::LocalMailbox& local) {
  row.path = local.path;
  row.cur_dev = local.cur_dev;
  row.cur_ino = local.cur_ino;
  row.cur_btime_ns = local.cur_btime_ns;
  row.has_local = true;
}

namespace {

Result<Places> find_places(Engine& engine, const std::map<MailboxName, MailboxName>& local,
                           MailboxId leaving) {
  STERNA_TRY(const std::vector<MailboxRow> rows, engine.store->mailboxes());
  std::map<MailboxName, maildir::MailboxPath> known;
  for (const MailboxRow& row : rows) {
    if (!row.has_local || row.id == leaving) continue;
    if (Result<MailboxName> name = engine.settings.to_local(row.name)) {
      known[*name] = maildir::parse_mailbox_path(row.path);
    }
  }
  STERNA_TRY(const bool folds, maildir::folds_case(*engine.root));
  const maildir::Layout layout(engine.settings.layout, engine.settings.inbox);
  std::vector<MailboxName> names;
  for (const auto& [remote, name] : local) names.push_back(name);
  const auto paths = layout.assign_paths(std::move(names), known, folds);
  Places places;
  for (const auto& [remote, name] : local) places[remote] = paths.at(name);
  return places;
}

}  // namespace

Result<maildir::MailboxPath> place_for(Engine& engine, const MailboxName& remote,
                                       MailboxId leaving) {
  STERNA_TRY(const MailboxName local, engine.settings.to_local(remote));
  STERNA_TRY(const Places places, find_places(engine, {{remote, local}}, leaving));
  return places.at(remote);
}

Result<Places> places_for(Engine& engine, const std::vector<MailboxName>& remote) {
  std::map<MailboxName, MailboxName> local;
  for (const MailboxName& name : remote) {
    if (Result<MailboxName> here = engine.settings.to_local(name)) local[name] = *std::move(here);
  }
  return find_places(engine, local, {});
}

Status add_history(Engine& engine, const MailboxRow& row, const MailboxEvent& event) {
  return engine.store->add_history({engine.now_ms(), row.name.text(), Uid{}, row.path, event.event,
                                    event.side, event.detail, event.reason});
}

Status unset_answers(Engine& engine, MailboxId id) {
  STERNA_CHECK(engine.store->unset(mailbox_apply_key(id)));
  return engine.store->unset(mailbox_restore_key(id));
}

Status save_mailbox(Engine& engine, MailboxRow& row, const MailboxEvent& event) {
  STERNA_CHECK(engine.write([&]() -> Status {
    if (row.id) {
      STERNA_CHECK(engine.store->update_mailbox(row));
      STERNA_CHECK(unset_answers(engine, row.id));
    } else {
      row.listed_since = engine.generation;
      STERNA_TRY(row.id, engine.store->add_mailbox(row));
    }
    return event.event.empty() ? Status{} : add_history(engine, row, event);
  }));
  at_step("mailbox.recorded");
  return {};
}

Status forget_mailbox(Engine& engine, const MailboxRow& row, const MailboxEvent& event) {
  STERNA_CHECK(engine.write([&]() -> Status {
    STERNA_CHECK(engine.store->remove_mailbox(row.id));
    STERNA_CHECK(unset_answers(engine, row.id));
    STERNA_CHECK(engine.store->unset(compared_key(row.id)));
    STERNA_CHECK(engine.store->unset(hides_key(row.id)));
    STERNA_CHECK(engine.store->unset(pairings_key(row.id)));
    STERNA_CHECK(engine.store->unset(removing_key(row.id)));
    STERNA_CHECK(forget_unflushed(engine, row.id));
    return event.event.empty() ? Status{} : add_history(engine, row, event);
  }));
  at_step("unmailbox.recorded");
  return {};
}

namespace {

bool holds_mail(io::Directory& root, const maildir::MailboxPath& path) {
  const auto home = maildir::open_path(root, path);
  if (!home) return false;
  for (const std::string_view name : {"cur", "new"}) {
    const auto directory = (*home)->open_directory(name);
    if (!directory) continue;
    const auto entries = (*directory)->list();
    if (entries && !entries->empty()) return true;
  }
  return false;
}

// False as long as it is to be tried again.
Result<bool> finish_removal(Engine& engine, const std::optional<MailboxRow>& row) {
  if (!row) return true;
  const maildir::MailboxPath path = maildir::parse_mailbox_path(row->path);
  const auto whole = maildir::open_mailbox(*engine.root, path);
  if (whole) return true;
  Status removed = fail(whole.error());
  if (whole.error().is(ErrorCode::not_found)) {
    removed = maildir::remove_empty_mailbox(*engine.root, path);
  }
  if (removed) {
    STERNA_CHECK(
        forget_mailbox(engine, *row, {"mailbox removed", "local", {}, "a removal that was cut"}));
    return true;
  }
  if (!removed.error().is(ErrorCode::changed)) {
    engine.note(std::move(removed)
                    .error()
                    .with_scope(ErrorScope::mailbox)
                    .with_context(fmt::format("mailbox {}: finish the removal of its folder",
                                              row->name.text())));
    return false;
  }
  return holds_mail(*engine.root, path);  // else a delivery is under way
}

}  // namespace

Status finish_removals(Engine& engine) {
  if (engine.dry_run()) return {};
  STERNA_TRY(const std::vector<std::string> keys, engine.store->keys_with_prefix(kRemovingPrefix));
  for (const std::string& key : keys) {
    const auto id = parse_number(std::string_view(key).substr(kRemovingPrefix.size()), INT64_MAX);
    const MailboxId mailbox{static_cast<std::int64_t>(id.value_or(0))};
    STERNA_TRY(const std::optional<MailboxRow> row, engine.store->mailbox(mailbox));
    STERNA_TRY(const bool is_over, finish_removal(engine, row));
    if (is_over) STERNA_CHECK(engine.write([&] { return engine.store->unset(key); }));
  }
  return {};
}

Status want_messages_again(Engine& engine, MailboxRow& row) {
  std::vector<MessageRow> rows;
  STERNA_CHECK(engine.store->for_each(row.id, [&](const MessageRow& message) {
    if (message.state == RowState::present || message.state == RowState::stub) {
      rows.push_back(message);
    }
  }));
  row.has_local = false;
  row.stamp.clear();
  return engine.write([&]() -> Status {
    for (MessageRow& message : rows) {
      message.state = RowState::wanted;
      message.base_name.clear();
      message.info.clear();
      message.in_new = false;
      message.file = {};
      STERNA_CHECK(engine.store->put_message(message));
    }
    return engine.store->update_mailbox(row);
  });
}

Status release_files(Engine& engine, MailboxRow& row) {
  row.has_remote = false;
  row.mailbox_id.clear();
  row.cursor = {};
  row.remote_absences = 0;
  row.stamp.clear();
  return engine.write([&]() -> Status {
    STERNA_TRY(const std::vector<MessageRow> rows, engine.store->take_all(row.id));
    STERNA_CHECK(engine.store->unset(compared_key(row.id)));
    for (const MessageRow& message : rows) {
      if (message.base_name.empty()) continue;
      if (message.state == RowState::present) {
        STERNA_CHECK(engine.store->set(orphan_restore_key(message.base_name), kDecided));
      } else if (message.state == RowState::detached) {
        STERNA_CHECK(engine.store->set(consumed_key(row.id, message.base_name), kDecided));
      }
    }
    return engine.store->update_mailbox(row);
  });
}

}  // namespace sterna::account
