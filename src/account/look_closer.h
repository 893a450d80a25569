// SPDX-License-Identifier: Apache-2.0
// Files that are not what their rows say although no name and no inode shows it: those that were
// written in place, and those that were recorded unflushed and cut by a lost power. It takes a stat
// of each file, so only where there is a reason.
#pragma once

#include <vector>

#include "engine.h"

namespace sterna::account {

struct ChangedInPlace {
  Uid uid;
  bool torn = false;  // its row is doubted (unflushed.h), and its size is another one
};

// True if the mailbox is to be listed, though its stamp says that nothing is new.
bool needs_closer_look(const Engine& engine, const MailboxWork& work);

// Of a mailbox that was listed: rows whose file has its inode and another size or time. Ascending
// by UID.
coro::Task<Result<std::vector<ChangedInPlace>>> look_closer(Engine& engine, MailboxWork& work);

}  // namespace sterna::account
