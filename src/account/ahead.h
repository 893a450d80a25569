// SPDX-License-Identifier: Apache-2.0
// Ahead: the bodies of messages of whose arrival the server just told, asked for together with the
// look that says which ones they are. One round trip instead of two for what is worth most: a new
// message, pushed. What the plan makes of them is as without it.
#pragma once

#include <memory>

#include "body_sink.h"
#include "engine.h"

namespace sterna::account {

struct Ahead {
  const Connection* connection = nullptr;
  MailboxId mailbox;
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
// At the end of a pass: hears out what nobody wanted.
coro::Task<Status> drop_ahead(Engine& engine, Connection& connection);

}  // namespace sterna::account
