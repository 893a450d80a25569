// SPDX-License-Identifier: Apache-2.0
// Listings of what changed here, taken while the server is logged in to.
#pragma once

#include "engine.h"

namespace sterna::account {

// Blocking: made for a worker's job.
ListedMailbox list_now(maildir::MailboxDirs& dirs);
// Of the known mailboxes whose stamps are not the stored ones, into `engine.listed_early`.
coro::Task<void> list_early(Engine& engine, const maildir::Discovery& found);
// The early listing of `work`, if it says what one taken now would say: its stamp is still the
// directories', and was old enough to be believed when it was taken (rule 23).
std::optional<ListedMailbox> take_early(Engine& engine, const MailboxWork& work);

}  // namespace sterna::account
