// SPDX-License-Identifier: Apache-2.0
// The audit: a slice of the base is compared with the server and the Maildir from time to time, so
// that a row which lies is found although nothing changes.
//
// A cursor and a stamp say what changed since the base was right; of a base that is wrong they say
// nothing. So about once a lived hour, after a sync, some hundreds of rows are looked at: whether
// the server has these messages and no others between them, with these flags, sizes and dates;
// whether the files are there, and what is in them. What the audit finds on either side it does not
// mend itself: it takes away what vouches for the mailbox, and the next pass does the rest as ever.
// A row that proves wrong is put right, where its file has the content of a message there.
#pragma once

#include "pool.h"

namespace sterna::account {

// After passes that came to their end; nothing in a dry run, or where it is not due. True if
// another pass is to follow.
coro::Task<Result<bool>> audit(Engine& engine, Pool& pool);

}  // namespace sterna::account
