// SPDX-License-Identifier: Apache-2.0
// Attempts: what a plan had to be done, and how often in a row the same was carried out and was to
// be done still (rule 25).
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "sterna/model/ids.h"

namespace sterna {

// An action, by what it is done to. Failures are told apart in the same way.
struct ActionKey {
  MailboxId mailbox;      // none: what is done with a mailbox as a whole
  Uid uid;                // none where it is a file without a row
  std::string base_name;  // "" where it is a row; of a mailbox as a whole its name
  std::string action;     // "download", "upload" ...
  auto operator<=>(const ActionKey&) const = default;
};

struct Attempt {
  ActionKey key;
  std::uint64_t content = 0;     // a hash of all that it would do; no times in it
  unsigned times = 0;            // carried out in a row, without an error
  std::int64_t next_try_ms = 0;  // parked until then; 0: not parked since it was last carried out
  std::string answer;            // of the server to the last one, where that is known
};

}  // namespace sterna
