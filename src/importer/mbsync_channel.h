// SPDX-License-Identifier: Apache-2.0
// A Channel of mbsync: what it connects, and what travels, in the words of Sterna.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "draft.h"
#include "mbsync_file.h"

namespace sterna::importer {

// ":store:box"
struct MbsyncBox {
  std::string store;
  std::string box;  // a mailbox, or with patterns what stands before each name
};

struct MbsyncChannel {
  std::string name;
  MbsyncBox far;
  MbsyncBox near;
  std::vector<std::string> patterns;  // none: one mailbox alone
  const MbsyncSection* section = nullptr;
};

// Far and Near, in old words Master and Slave. `remarks` has what is no such thing.
MbsyncChannel read_channel(const MbsyncSection& section, Remarks& remarks);

// Which of the eight ways Sync opens.
struct SyncWays {
  struct Way {
    bool fresh = false;  // New
    bool gone = false;   // Delete
    bool flags = false;
    bool any() const { return fresh || gone || flags; }
    bool operator==(const Way&) const = default;
  };
  Way pull;
  Way push;
};
SyncWays parse_sync(const std::vector<std::string>& words);

// What travels: direction, create, local_delete, remote_delete and the limits. `reversed`: the
// IMAP store is the near one. Remarks say what it means for the mail where it is not the same.
Settings carry_policy(const MbsyncChannel& channel, const MbsyncSection& global, bool reversed,
                      std::string_view about, Remarks& remarks);

}  // namespace sterna::importer
