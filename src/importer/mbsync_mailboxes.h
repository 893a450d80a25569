// SPDX-License-Identifier: Apache-2.0
// Where a MaildirStore of mbsync has its mailboxes, which of them its channels select, and what
// they are called on either side.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "draft.h"
#include "mbsync_channel.h"
#include "mbsync_file.h"

namespace sterna::importer {

// A channel that connects an IMAP store with a Maildir store.
struct MbsyncLink {
  MbsyncChannel channel;
  bool reversed = false;  // the IMAP store is the near one
  MbsyncBox remote;
  MbsyncBox local;
  std::string path;  // of the IMAP store: stands before the names on the server
};

enum class SubFolders : std::uint8_t { unset, verbatim, maildirpp, legacy };

struct MaildirStore {
  std::string root;   // plain, as is
  std::string inbox;  // wherever that is
  SubFolders style = SubFolders::unset;
  std::string flatten;    // what stands for '/' in the names of folders; "" where nothing does
  std::string map_inbox;  // of the IMAP store: INBOX is this folder
};

// Sets `maildir` and `layout`.
MaildirStore carry_store(const MbsyncSection& maildir, const MbsyncSection& imap,
                         std::string_view about, Draft& draft, Remarks& remarks);

// What a link selects, by the names on the server.
std::vector<std::string> selection_of(const MbsyncLink& link);

// Sets `mailboxes`, `inbox` and `rename`. Links whose patterns exclude come first.
void carry_mailboxes(const MaildirStore& store, const std::vector<const MbsyncLink*>& links,
                     const ListFolders& folders, std::string_view about, Draft& draft,
                     Remarks& remarks);

}  // namespace sterna::importer
