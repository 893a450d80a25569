// SPDX-License-Identifier: Apache-2.0
// Of messages that are to be fetched: which ones are here already, in another mailbox.
#pragma once

#include <map>
#include <vector>

#include "engine.h"
#include "twins.h"

namespace sterna::account {

struct Sorted {
  explicit Sorted(Coming& coming) : claims(coming) {}

  UidSet fetch;
  std::vector<Twin> copies;
  UidSet later;  // on their way, into another mailbox or to another UID of this one
  std::map<Uid, std::uint64_t> sizes;  // of what the server tells it
  Claims claims;                       // to what is fetched
};

// Whether it is worth a question: ids are given, sizes are true, and there are other mailboxes.
bool may_have_twins(const Engine& engine, const Connection& connection);

// Asks for ids and sizes, and for the headers of what seems to be here. What the server does not
// tell of is fetched. The mailbox is selected; `uids` are a thousand or so. Errors are those of the
// connection and of the base.
coro::Task<Result<Sorted>> find_twins(Engine& engine, Connection& connection, MailboxWork& work,
                                      UidSet uids, Coming& coming);

}  // namespace sterna::account
