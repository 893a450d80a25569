// SPDX-License-Identifier: Apache-2.0
// OwnWrites: what a sync itself left in the Maildir.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sterna/model/message.h"

namespace sterna::account {

struct OwnWrites {
  // By absolute path: the file as the base has it, or none where it was taken away.
  std::map<std::string, std::optional<FileStamp>> files;
  // Its listing takes time, which the next message that is told would wait for: better soon.
  bool in_large_mailbox = false;
};

// After a sync that did more, one more look costs little.
inline constexpr std::size_t kOwnWritesMax = 256;
// Files that are listed in a few milliseconds.
inline constexpr std::uint32_t kLargeMailbox = 1000;

}  // namespace sterna::account
