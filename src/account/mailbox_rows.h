// SPDX-License-Identifier: Apache-2.0
// Rows of mailboxes: read, filled from what was seen, and written with what belongs to the same
// transaction.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine.h"
#include "sterna/sync/mailbox_plan.h"

namespace sterna::account {

// A row without an id if there is none.
Result<MailboxRow> mailbox_row(Engine& engine, MailboxId id);

// Whether that is the directory which the row has as its cur (rule 15).
bool is_cur_of(const MailboxRow& row, const io::FileStat& cur);

void take(MailboxRow& row, const sync::RemoteMailbox& remote);
void take(MailboxRow& row, const sync::LocalMailbox& local);
// Its directory, which another program may have made: before the server is told of it, or a row.
// ErrorCode::changed if it went.
Status flush_local(Engine& engine, const sync::LocalMailbox& local);

// Where the directory of a mailbox is to be: no row's place but its own, nor one that differs in
// case alone where the file system makes no difference. `leaving`: this row gives up its place.
Result<maildir::MailboxPath> place_for(Engine& engine, const MailboxName& remote,
                                       MailboxId leaving = {});
// The same of several that are made one after the other, for the price of one. Without those whose
// name has no place here.
using Places = std::map<MailboxName, maildir::MailboxPath>;
Result<Places> places_for(Engine& engine, const std::vector<MailboxName>& remote);

// What happened to a mailbox, for the history; nothing that is worth a line without `event`.
struct MailboxEvent {
  std::string event;
  std::string side;  // "local" or "remote"
  std::string detail;
  std::string reason;
};
// The row with its history; the answer of the user, if there was one, is used up. In a transaction
// of its own.
Status save_mailbox(Engine& engine, MailboxRow& row, const MailboxEvent& event);
// Gone on both sides: the row and all that is below it.
Status forget_mailbox(Engine& engine, const MailboxRow& row, const MailboxEvent& event);

// Before anything is looked at: a removal of a folder that was cut is finished, if the folder is
// not whole and no message is in it.
Status finish_removals(Engine& engine);

Status add_history(Engine& engine, const MailboxRow& row, const MailboxEvent& event);
Status unset_answers(Engine& engine, MailboxId id);

// Before the directory of a mailbox is made anew: its messages are wanted again.
Status want_messages_again(Engine& engine, MailboxRow& row);
// Before the mailbox is made anew on the server: nothing of the old one counts, and its files are
// new ones.
Status release_files(Engine& engine, MailboxRow& row);

}  // namespace sterna::account
