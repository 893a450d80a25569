// SPDX-License-Identifier: Apache-2.0
// Servers that do a command for a part of its messages only, the highest UIDs first (RFC 9738):
// commands are cut so that this need not happen, and where it does, what was left out is neither
// done nor known.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "connection.h"
#include "sterna/model/uid_set.h"

namespace sterna::account {

// Done, or told, for a part only. A NO is no answer to this question.
bool is_limited(const imap::Done& done);
// The lowest UID for which it was done, where the server says so.
std::optional<Uid> limited_at(const imap::Done& done);
// What of `asked` an answer with this code leaves to be done: all of it where that is not said.
UidSet left_out(const UidSet& asked, const imap::Done& done);

// `uids` in parts that are one command each: so long that, with `octets` beside them, the server
// takes the line, and of so many messages as it does at a time. For UIDs that we know one by one.
std::vector<UidSet> parts_for(const Connection& connection, const UidSet& uids, std::size_t octets);

// NO and BAD are errors, and so is what was done in part.
Status whole(const imap::Done& done);
// Waits for all of them; the first NO or BAD is the error, and so is what was done in part.
coro::Task<Status> wait_all_whole(Connection& connection, std::vector<imap::CommandId> ids);

// What a search of the whole selected mailbox finds, in the form that the server understands, asked
// for downwards until all of it is told.
struct Found {
  UidSet uids;
  bool whole = true;     // false: there may be more
  bool limited = false;  // as the server says, but not where it stopped
};
coro::Task<Result<Found>> search_all(Connection& connection, imap::SearchQuery query);

// For the report; `what` is "tells of" or "changed".
Error limited_error(std::string_view what);

}  // namespace sterna::account
