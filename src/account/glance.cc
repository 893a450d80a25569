// SPDX-License-Identifier: Apache-2.0
// Mailboxes that changed, asked about all in a row (RFC 7162 section 3.2.5): one round trip for
// many, and the server works while the rows are compared.
//
// A SELECT closes the mailbox before, so what a glance says must be whole by itself. Where it is
// not, nothing of it counts, and the mailbox is looked at alone.
#include <vector>

#include "ahead.h"
#include "execute.h"
#include "expunge.h"
#include "message_limit.h"
#include "observe.h"
#include "remote_changes.h"

namespace sterna::account {
namespace {

class GlanceSink final : public ChangeSink {
 public:
  explicit GlanceSink(imap::Client& client) : client_(&client) {}
  void on_done(const imap::Done& done) override {
    ChangeSink::on_done(done);
    if (is_limited(done) || limited) return;  // it is asked alone, in parts
    if (done.ok() && client_->selection()) selection = *client_->selection();
  }
  std::optional<imap::Selection> selection;  // as it was when SELECT was answered

 private:
  imap::Client* client_;
};

struct Glance {
  MailboxWork* work;
  GlanceSink sink;
  imap::CommandId id;
};

Result<bool> can_glance(Engine& engine, const Connection& connection, const MailboxWork& work) {
  const RemoteCursor& cursor = work.row.cursor;
  const bool has_base = cursor.uidvalidity && cursor.highest_modseq && !work.input.adopting;
  // Where a message that is not shown may be there all the same, what vanished is looked for.
  const bool tells_all = connection.qresync && !connection.quirks.hides_old_messages;
  if (!tells_all || !has_base || work.told_wrong) return false;
  STERNA_TRY(const bool owes, owes_deleted(engine, work));
  return !owes;
}

bool describes(const imap::Selection& selection, const RemoteCursor& cursor) {
  return selection.uid_validity && *selection.uid_validity == cursor.uidvalidity &&
         selection.uid_next && selection.highest_modseq && !selection.no_modseq &&
         !selection.uid_not_sticky && !went_backwards(selection, cursor) &&
         !holds_more_keywords(selection, cursor);
}

Result<bool> take_glance(Engine& engine, MailboxWork& work, const GlanceSink& seen) {
  if (!seen.selection || !describes(*seen.selection, work.row.cursor)) return false;
  RemoteDelta& remote = work.input.remote;
  remote = {};
  remote.began = engine.generation;
  take_rights(*seen.selection, work.row.cursor, remote);
  KnownUids base(*engine.store, work.row.id, false);
  STERNA_TRY(const bool whole, take_changes(seen, seen.selection->exists, base, remote));
  if (!whole) return false;
  work.next_cursor = cursor_of(*seen.selection, work.row.cursor);
  work.cursor_known = true;
  return true;
}

}  // namespace

coro::Task<Result<std::vector<MailboxWork*>>> glance(Engine& engine, Connection& connection,
                                                     const std::vector<MailboxWork*>& mailboxes) {
  std::vector<MailboxWork*> rest;
  std::vector<Glance> glances;
  glances.reserve(mailboxes.size());  // the sinks stay where they are
  for (MailboxWork* work : mailboxes) {
    STERNA_CO_TRY(const bool possible, can_glance(engine, connection, *work));
    if (possible) {
      glances.push_back({work, GlanceSink(connection.client()), {}});
    } else {
      rest.push_back(work);
    }
  }
  for (Glance& one : glances) {
    const RemoteCursor& cursor = one.work->row.cursor;
    imap::SelectOptions options = select_options(engine, connection);
    options.qresync = imap::QresyncState{cursor.uidvalidity, cursor.highest_modseq};
    STERNA_CO_TRY(one.id, connection.submit(imap::select(one.work->row.wire, options), &one.sink));
    STERNA_CO_CHECK(ask_ahead(engine, connection, *one.work));
  }
  for (Glance& one : glances) {
    STERNA_CO_TRY(imap::Done done, co_await connection.wait(one.id));
    STERNA_CO_TRY(const bool taken, take_glance(engine, *one.work, one.sink));
    if (!taken) rest.push_back(one.work);
    one.sink = GlanceSink(connection.client());  // what it told is no longer needed
  }
  co_return rest;
}

}  // namespace sterna::account
