// SPDX-License-Identifier: Apache-2.0
#include "rename_mailboxes.h"

#include <fmt/format.h>

#include <algorithm>

#include "list_remote.h"
#include "observe.h"
#include "sterna/base/step.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/layout.h"

namespace sterna::account {
namespace {

std::string renaming(const MailboxName& from, const MailboxName& to) {
  return fmt::format("mailbox {}: rename it on the server to {}", from.text(), to.text());
}

Error refused(const imap::Done& done, const MailboxName& from, const MailboxName& to) {
  return imap::error_from(done)
      .with_context(renaming(from, to))
      .with_hint("nothing of it is synced meanwhile; give it a name here that the server takes");
}

}  // namespace

// --- on the server
// --------------------------------------------------------------------------------

// RENAME takes the children along, so each of them has an intent of its own.
Result<std::vector<IntentId>> MailboxRenames::begin(const MailboxRow& row, const MailboxName& to) {
  STERNA_TRY(const std::vector<MailboxRow> rows, engine_.store->mailboxes());
  std::vector<IntentId> intents;
  STERNA_CHECK(engine_.write([&]() -> Status {
    for (const MailboxRow& one : rows) {
      const bool goes_along = one.id == row.id || one.name.is_below(row.name);
      if (!goes_along || !one.has_remote) continue;
      Intent intent;
      intent.kind = IntentKind::mailbox_rename;
      intent.mailbox = one.id;
      intent.uidvalidity = one.cursor.uidvalidity;
      intent.target_name = one.name.moved(row.name, to).text();
      intent.at_ms = engine_.sure_ms();
      STERNA_TRY(const IntentId id, engine_.store->add_intent(intent));
      intents.push_back(id);
    }
    return {};
  }));
  return intents;
}

coro::Task<Status> MailboxRenames::rename_on_server(const MailboxRow& row, const WireName& from,
                                                    const MailboxName& to) {
  STERNA_CO_TRY(const WireName wire, new_wire(row, to));
  STERNA_CO_CHECK(co_await leave_mailbox(connection_));
  STERNA_CO_TRY(const std::vector<IntentId> intents, begin(row, to));
  at_step("rename.intended");
  STERNA_CO_TRY(imap::Done done, co_await connection_.run(imap::rename(from, wire)));
  at_step("rename.done_there");
  if (done.ok()) co_return co_await subscribe(from, wire);
  STERNA_CO_CHECK(engine_.write([&]() -> Status {
    for (const IntentId id : intents) STERNA_CHECK(engine_.store->close_intent(id));
    return {};
  }));
  co_return fail(refused(done, row.name, to));
}

// A subscription belongs to the name, and stays behind.
coro::Task<Status> MailboxRenames::subscribe(const WireName& from, const WireName& to) {
  STERNA_CO_TRY(imap::Done subscribed, co_await connection_.run(imap::subscribe(to)));
  STERNA_CO_TRY(imap::Done left, co_await connection_.run(imap::unsubscribe(from)));
  co_return Status{};
}

coro::Task<Result<bool>> MailboxRenames::is_there(const WireName& wire) {
  STERNA_CO_TRY(imap::Done done,
                co_await connection_.run(imap::status(wire, {imap::StatusItem::uid_validity})));
  co_return done.ok();
}

Result<WireName> MailboxRenames::wire_of(const WireName& wire, const MailboxName& name) const {
  if (!wire.octets.empty()) return wire;
  return imap::encode_mailbox(name, connection_.names);
}

Result<WireName> MailboxRenames::new_wire(const MailboxRow& row, const MailboxName& to) const {
  auto wire = wire_of_new(connection_, to);
  return wire ? std::move(wire) : fail_in(std::move(wire), renaming(row.name, to));
}

coro::Task<Status> MailboxRenames::step_aside(const sync::StepAside& what) {
  STERNA_CO_TRY(const MailboxRow row, mailbox_row(engine_, what.id));
  if (what.remote) {
    STERNA_CO_TRY(const WireName from, wire_of(what.from_wire, what.from));
    co_return co_await rename_on_server(row, from, what.to);
  }
  STERNA_CO_TRY(const maildir::MailboxPath from, source_of(what.from_path, what.id, what.from));
  STERNA_CO_TRY(const maildir::MailboxPath to, place_for(engine_, what.to, what.id));
  co_return move_directory(row, from, to);
}

coro::Task<Status> MailboxRenames::rename_remote(const sync::RenameRemote& what,
                                                 const std::string& reason) {
  STERNA_CO_TRY(MailboxRow row, mailbox_row(engine_, what.id));
  STERNA_CO_TRY(const WireName to, new_wire(row, what.to.name));
  STERNA_CO_CHECK(flush_local(engine_, what.to));
  bool carried = false;
  if (what.with_parent) {
    STERNA_CO_TRY(carried, co_await is_there(to));
  }
  STERNA_CO_TRY(const WireName wire, wire_of(what.from_wire, what.from));
  if (carried) {
    STERNA_CO_CHECK(co_await subscribe(wire, to));
  } else {
    STERNA_CO_CHECK(co_await rename_on_server(row, wire, what.to.name));
  }
  const std::string from = row.name.text();
  row.name = what.to.name;
  row.wire = to;
  take(row, what.to);
  row.stamp.clear();
  ++engine_.report.counts.mailboxes_out;
  co_return record(
      {std::move(row), {"mailbox renamed", "remote", fmt::format("from {}", from), reason}});
}

// --- here
// -----------------------------------------------------------------------------------------

Result<maildir::MailboxPath> MailboxRenames::source_of(const std::string& path, MailboxId id,
                                                       const MailboxName& name) const {
  if (!path.empty()) return maildir::parse_mailbox_path(path);
  return place_for(engine_, name, id);
}

Result<bool> MailboxRenames::is_at(const maildir::MailboxPath& path, const MailboxRow& row) {
  const auto dirs = maildir::open_mailbox(*engine_.root, path);
  if (!dirs)
    return dirs.error().is(ErrorCode::not_found) ? Result<bool>(false) : fail(dirs.error());
  STERNA_TRY(const io::FileStat cur, dirs->cur->stat());
  return is_cur_of(row, cur);
}

// Exactly this directory (rule 21); carried along by its parent, it is there already.
Status MailboxRenames::move_directory(const MailboxRow& row, const maildir::MailboxPath& from,
                                      const maildir::MailboxPath& to) {
  STERNA_TRY(const bool done, is_at(to, row));
  if (done) return maildir::flush_path(*engine_.root, to);
  STERNA_TRY(const bool there, is_at(from, row));
  if (!there) {
    return fail(
        Error(ErrorCode::changed, "its folder moved meanwhile").with_scope(ErrorScope::mailbox));
  }
  return maildir::rename_mailbox(*engine_.root, from, to);
}

Status MailboxRenames::rename_local(const sync::RenameLocal& what, const std::string& reason) {
  STERNA_TRY(MailboxRow row, mailbox_row(engine_, what.id));
  STERNA_TRY(const maildir::MailboxPath from, source_of(what.from_path, what.id, what.from));
  STERNA_TRY(const maildir::MailboxPath to, place_for(engine_, what.to.name, what.id));
  if (Status moved = move_directory(row, from, to); !moved) {
    return fail_in(std::move(moved), fmt::format("mailbox {}", row.name.text()));
  }
  at_step("rename.done_here");
  const std::string old = row.name.text();
  take(row, what.to);
  row.path = maildir::to_string(to);
  row.stamp.clear();
  ++engine_.report.counts.mailboxes_in;
  return record(
      {std::move(row), {"mailbox renamed", "local", fmt::format("from {}", old), reason}});
}

// --- rows
// -----------------------------------------------------------------------------------------

Status MailboxRenames::rename_row(const sync::RenameRow& what, const std::string& reason) {
  STERNA_TRY(MailboxRow row, mailbox_row(engine_, what.id));
  const std::string old = row.name.text();
  take(row, what.remote);
  STERNA_CHECK(flush_local(engine_, what.local));
  take(row, what.local);
  row.stamp.clear();
  return record(
      {std::move(row), {"mailbox renamed", "local", fmt::format("from {}", old), reason}});
}

Status MailboxRenames::record(Renamed renamed) {
  STERNA_TRY(const std::vector<MailboxRow> rows, engine_.store->mailboxes());
  const bool taken = std::ranges::any_of(rows, [&](const MailboxRow& other) {
    return other.id != renamed.row.id && other.name == renamed.row.name;
  });
  if (!taken) return write({renamed});
  waiting_.push_back(std::move(renamed));
  return {};
}

Result<std::set<MailboxId>> MailboxRenames::settle() {
  STERNA_TRY(const std::vector<MailboxRow> rows, engine_.store->mailboxes());
  std::set<MailboxId> stuck;
  for (bool again = true; again;) {
    const auto writes = [&](MailboxId id) {
      return std::ranges::any_of(waiting_, [&](const Renamed& one) { return one.row.id == id; });
    };
    const auto is_stuck = [&](const Renamed& one) {
      return std::ranges::any_of(rows, [&](const MailboxRow& other) {
        return other.id != one.row.id && other.name == one.row.name && !writes(other.id);
      });
    };
    const auto found = std::ranges::find_if(waiting_, is_stuck);
    again = found != waiting_.end();
    if (!again) break;
    stuck.insert(found->row.id);
    waiting_.erase(found);
  }
  if (!waiting_.empty()) STERNA_CHECK(write(waiting_));
  waiting_.clear();
  return stuck;
}

// Names are unique at every moment, so those that trade theirs have none for a moment.
Status MailboxRenames::write(const std::vector<Renamed>& batch) {
  STERNA_TRY(const std::vector<Intent> intents, engine_.store->intents());
  STERNA_CHECK(engine_.write([&]() -> Status {
    for (const Renamed& one : batch) {
      if (batch.size() == 1) break;
      MailboxRow nameless = one.row;
      nameless.name = MailboxName(fmt::format("\x01{}", one.row.id.value));
      STERNA_CHECK(engine_.store->update_mailbox(nameless));
    }
    for (const Renamed& one : batch) {
      STERNA_CHECK(engine_.store->update_mailbox(one.row));
      STERNA_CHECK(add_history(engine_, one.row, one.event));
      for (const Intent& intent : intents) {
        if (intent.kind != IntentKind::mailbox_rename || intent.mailbox != one.row.id) continue;
        STERNA_CHECK(engine_.store->close_intent(intent.id));
      }
    }
    return {};
  }));
  at_step("rename.recorded");
  return {};
}

}  // namespace sterna::account
