// SPDX-License-Identifier: Apache-2.0
// A listing against the rows of its mailbox: which file is which row's, by base name, and of those
// that share one by inode.
#pragma once

#include <string>
#include <vector>

#include "engine.h"
#include "sterna/coro/task.h"

namespace sterna::account {

// A row whose file the listing does not have.
struct MissingFile {
  Uid uid;
  RowState state;
  std::string base;
};

struct ListingMatch {
  std::vector<LocalChange> changed;  // ascending by UID
  std::vector<LocalFile> arrived;    // no row's; nothing but the name was looked at
  std::vector<LocalFile> namesakes;  // as `arrived`, while they have the base of another file
  std::vector<MissingFile> missing;
};

// Of work.listing, which `dirs` was read for. Files that have the base of another file are given
// names of their own, and are among `arrived` then.
coro::Task<Result<ListingMatch>> match_listing(Engine& engine, MailboxWork& work,
                                               maildir::MailboxDirs& dirs);

}  // namespace sterna::account
