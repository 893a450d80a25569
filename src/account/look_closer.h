// SPDX-License-Identifier: Apache-2.0
// Files that are not what their rows say although no name and no inode shows it: those that were
// written in place, and those that were recorded unflushed and cut by a lost power. It takes a stat
// of each file, so it is bounded: a mailbox that is listed anyway and has few files, and one
// mailbox at a time in turn, so that each is looked at about once a lived day, however often there
// is a sync; and at once where somebody who watches it was told that a file was written.
#pragma once

#include <optional>
#include <vector>

#include "engine.h"

namespace sterna::account {

struct ChangedInPlace {
  Uid uid;
  bool torn = false;  // its row is doubted (unflushed.h), and its size is another one
  std::optional<FileStamp> damaged{};  // as the audit found it (audit.h)
};

// Sets MailboxWork::audited of the mailbox whose turn it is, if any.
Status choose_audit(Engine& engine);
// Inside a transaction: notes that it was looked at.
Status note_audit(Engine& engine, const MailboxWork& work);

// Inside a transaction: one of its files was written to in place, and it is looked at however many
// files it has.
Status doubt_files(Engine& engine, const MailboxWork& work);

// True if the mailbox is to be listed, though its stamp says that nothing is new.
bool needs_closer_look(const Engine& engine, const MailboxWork& work);

// Of a mailbox that was listed: rows whose file has its inode and another size or time. Ascending
// by UID.
coro::Task<Result<std::vector<ChangedInPlace>>> look_closer(Engine& engine, MailboxWork& work);

}  // namespace sterna::account
