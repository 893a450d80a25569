// SPDX-License-Identifier: Apache-2.0
// A restart of the machine: what a mailbox shows for the first time since may be the work of a lost
// power (rules 13 and 16).
//
// The fact `boot_id` says in which boot the last sync came to its end (the first one began),
// `before_restart` which mailboxes had not been seen by then, as those whose disk was not mounted
// yet, or have changed files that could not be told from damaged ones, and `waits_since_restart`
// which have files that it may have brought back and that could not be decided: of them the restart
// is not forgotten. What is edited in the latter meanwhile is an edit.
#pragma once

#include "engine.h"

namespace sterna::account {

// When the Maildir is opened: sets Engine::clean_boot, before_restart and waits_since_restart.
// `begins`: the state is new, and has seen no boot before this one.
Status read_restart(Engine& engine, bool begins);
// Inside a transaction, at the end of a sync of the whole account.
Status note_boot(Engine& engine);

// Whether the mailbox was not seen whole yet since the machine was restarted.
bool was_restarted(const Engine& engine, const MailboxWork& work);
// Whether a file that comes to light there may be what an unclean stop brought back (rule 16).
bool may_have_been_brought_back(const Engine& engine, const MailboxWork& work);
// Of what goes from there now. Where a file waits that an earlier boot may have brought back, it
// may be that one's.
std::string boot_of_tombstone(const Engine& engine, MailboxId mailbox);
// In this pass: all of its files, and what is missing of them.
bool is_seen_here(const MailboxWork& work);

}  // namespace sterna::account
