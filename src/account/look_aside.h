// SPDX-License-Identifier: Apache-2.0
// Folders of this account's own Maildir that the server does not get: excluded ones, those whose
// mailbox could not be made or renamed there, those that are not whole or have no name. A file that
// was moved into one of them is gone from its mailbox and new to no server: its message stays until
// it is known better, or the user says so (rules 4, 17 and 19; section 1, 18).
//
// Only what may be in such a folder stays; everything else goes on.
#pragma once

#include <vector>

#include "list_remote.h"
#include "look_elsewhere.h"
#include "sterna/sync/mailbox_plan.h"
#include "walk_local.h"

namespace sterna::account {

// What one walk found and one LIST told, and what was planned for it.
struct SeenMailboxes {
  const RemoteList& remote;
  const maildir::Discovery& found;
  const LocalWalk& local;
  const std::vector<MailboxRow>& rows;
  const std::vector<sync::MailboxAction>& actions;
};

// Fills engine.places_aside from what of the walk is not in engine.mailboxes, and says of those
// mailboxes that are frozen, and whose folder was found, that it is looked into in this way.
Status find_places_aside(Engine& engine, const SeenMailboxes& seen);

// Blocking: made for a worker's job. Never fails: what cannot be seen is unclear, and may be any
// message.
std::vector<sync::BirthElsewhere> look_aside(const ElsewhereSearch& search, io::Directory& root,
                                             const std::vector<PlaceAside>& places);

// Whether a mailbox of this account changed since it was listed: then a file may have gone from a
// place that was not looked into yet to one that was.
bool has_moved_since_listed(Engine& engine);

}  // namespace sterna::account
