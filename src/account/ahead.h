// SPDX-License-Identifier: Apache-2.0
// Ahead: bodies that are asked for before their turn. Those of messages of whose arrival the server
// just told, together with the look that says which ones they are: one round trip instead of two
// for what is worth most, a new message, pushed. And those of the next mailbox, while the files of
// the one before are flushed. What becomes of them is as without it.
#pragma once

#include <memory>

#include "body_sink.h"
#include "engine.h"

namespace sterna::account {

struct Ahead {
  const Connection* connection = nullptr;
  MailboxId mailbox;
  imap::CommandId selecting;  // of the mailbox, where that was asked with it
  imap::CommandId id;
  std::unique_ptr<BodySink> sink;
};

// FETCH of whole messages, as download() asks for them.
Result<imap::CommandId> ask_for_bodies(Connection& connection, const UidSet& uids, BodySink& sink);

// Behind a SELECT of the mailbox that is on its way: if a few messages came to it, asks for them.
Status ask_ahead(Engine& engine, Connection& connection, const MailboxWork& work);
// What was asked for, if it was and nobody had it yet: with the command not awaited.
std::unique_ptr<Ahead> take_ahead(Engine& engine, const Connection& connection,
                                  const MailboxWork& work);
// SELECT of the mailbox, and behind it FETCH of these.
Result<std::unique_ptr<Ahead>> ask_behind_select(Engine& engine, Connection& connection,
                                                 const MailboxWork& work, const UidSet& uids);
// Waits for that SELECT. Where the mailbox is not what it was, what is told behind it is heard out,
// and there is no `ahead` any more.
coro::Task<Status> await_selected(Connection& connection, const MailboxWork& work,
                                  std::unique_ptr<Ahead>& ahead);
// Hears out what nobody wants any more.
coro::Task<Status> let_land(Connection& connection, std::unique_ptr<Ahead> ahead);
// At the end of a pass: the same for what the look asked for.
coro::Task<Status> drop_ahead(Engine& engine, Connection& connection);

}  // namespace sterna::account
