// SPDX-License-Identifier: Apache-2.0
#include "ahead.h"

#include "allowance.h"
#include "email_id.h"
#include "kept.h"
#include "observe.h"

namespace sterna::account {
namespace {

// More are fetched in windows, newest first, with the others of the account.
constexpr std::uint32_t kAheadMax = 8;

std::unique_ptr<Ahead> make_ahead(const Connection& connection, const MailboxWork& work,
                                  const UidSet& uids) {
  auto ahead = std::make_unique<Ahead>();
  ahead->connection = &connection;
  ahead->mailbox = work.row.id;
  ahead->sink = std::make_unique<BodySink>();
  ahead->sink->expect(uids);
  return ahead;
}

}  // namespace

Result<imap::CommandId> ask_for_bodies(Connection& connection, const UidSet& uids, BodySink& sink) {
  imap::FetchRequest request;
  request.uids = uids;
  request.items = {imap::FetchItem::uid, imap::FetchItem::flags, imap::FetchItem::internal_date};
  ask_for_email_id(connection, request);
  request.items.push_back(imap::FetchItem::body);
  return connection.submit(imap::uid_fetch(request), &sink);
}

Status ask_ahead(Engine& engine, Connection& connection, const MailboxWork& work) {
  const RemoteCursor& cursor = work.row.cursor;
  if (!engine.news || !engine.news->exists || engine.kept->ahead) return {};
  const std::uint32_t exists = *engine.news->exists;
  const bool told =
      engine.news->mailboxes.size() == 1 && engine.news->mailboxes.contains(work.row.wire.octets);
  const bool few = exists > cursor.messages && exists - cursor.messages <= kAheadMax;
  if (!told || !few || !cursor.uid_next || work.policy.direction == sync::Direction::push)
    return {};
  if (!check_fetched(engine, connection.quirks, Share::all)) return {};
  const UidSet uids = UidSet::range(cursor.uid_next, kUidMax);
  std::unique_ptr<Ahead> ahead = make_ahead(connection, work, uids);
  STERNA_TRY(ahead->id, ask_for_bodies(connection, uids, *ahead->sink));
  engine.kept->ahead = std::move(ahead);
  return {};
}

std::unique_ptr<Ahead> take_ahead(Engine& engine, const Connection& connection,
                                  const MailboxWork& work) {
  if (!engine.kept || !engine.kept->ahead) return nullptr;
  const Ahead& ahead = *engine.kept->ahead;
  if (ahead.connection != &connection || ahead.mailbox != work.row.id) return nullptr;
  return std::exchange(engine.kept->ahead, nullptr);
}

Result<std::unique_ptr<Ahead>> ask_behind_select(Engine& engine, Connection& connection,
                                                 const MailboxWork& work, const UidSet& uids) {
  std::unique_ptr<Ahead> ahead = make_ahead(connection, work, uids);
  STERNA_TRY(ahead->selecting, submit_select(engine, connection, work));
  STERNA_TRY(ahead->id, ask_for_bodies(connection, uids, *ahead->sink));
  return ahead;
}

coro::Task<Status> await_selected(Connection& connection, const MailboxWork& work,
                                  std::unique_ptr<Ahead>& ahead) {
  if (!ahead || ahead->selecting == imap::CommandId{}) co_return Status{};
  const imap::CommandId selecting = std::exchange(ahead->selecting, {});
  STERNA_CO_TRY(imap::Done done, co_await connection.wait(selecting));
  const imap::Selection* selection = connection.client().selection();
  const bool sound = done.ok() && selection && selection->complete && selection->id == selecting &&
                     selection->uid_validity == work.input.remote.uidvalidity;
  if (sound) co_return Status{};
  connection.asks_ahead = false;
  // Some servers go on telling of the mailbox before.
  co_return co_await let_land(connection, std::move(ahead));
}

coro::Task<Status> let_land(Connection& connection, std::unique_ptr<Ahead> ahead) {
  if (!ahead) co_return Status{};
  if (ahead->selecting != imap::CommandId{}) {
    STERNA_CO_TRY(imap::Done selected, co_await connection.wait(ahead->selecting));
  }
  STERNA_CO_TRY(imap::Done done, co_await connection.wait(ahead->id));
  co_return Status{};
}

coro::Task<Status> drop_ahead(Engine& engine, Connection& connection) {
  if (!engine.kept || !engine.kept->ahead) co_return Status{};
  std::unique_ptr<Ahead> ahead = std::exchange(engine.kept->ahead, nullptr);
  if (ahead->connection != &connection) co_return Status{};
  co_return co_await let_land(connection, std::move(ahead));
}

}  // namespace sterna::account
