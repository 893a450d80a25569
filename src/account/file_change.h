// SPDX-License-Identifier: Apache-2.0
// A file's new flags or new mailbox: one rename (or, to another disk, a copy and a removal).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine.h"
#include "sterna/maildir/change.h"

namespace sterna::account {

// One rename to be done, and what came of it.
struct Change {
  enum class Kind { flags, move };
  Kind kind = Kind::flags;
  MailboxWork* from = nullptr;
  MailboxWork* to = nullptr;
  LocalFile file;
  FlagSet flags;
  std::string base;  // what the file is to be called, if not as it is
  std::optional<maildir::SeenFile> done;
  std::optional<Error> error;
};

// For a worker. Sets `done` or `error`.
void carry_out(Change& change, maildir::TouchedDirectories& touched);

// Of what it is to have, in the table of the mailbox where it is to be; none of one that failed.
std::vector<std::string> keywords_without_letter(const Change& change);
// Gives letters to keywords that need one, before any name is made. For a worker.
void name_keywords(std::vector<Change>& changes);

}  // namespace sterna::account
