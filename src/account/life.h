// SPDX-License-Identifier: Apache-2.0
// What a life counts, and what it says of its syncs.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "sterna/account/account.h"
#include "sterna/account/inspect.h"

namespace sterna::account {

// Whether a sync changed anything on either side.
bool did_anything(const Counts& counts);
bool changed_the_server(const Counts& counts);
// Messages, also by moving them there, as to the Trash.
bool added_there(const Counts& counts);
void add(Counts& sum, const Counts& more);

// "1 new here, 2 sent"; "" if nothing was done.
std::string summary_of(const Counts& counts);

// Of a sync that came to its end; of one that failed, what waits is what the one before it left.
void take_report(Life& life, const AccountReport& report, bool failed);
// As the state has it.
void recall(Life& life, const AccountState& state);
// From what was told until it was here.
void count_push(LifeCounters& counters, std::chrono::nanoseconds latency);
// Whether that is new.
bool set_pushed(Life& life, std::string by, std::vector<std::string> mailboxes);

// A failure is worth a line when it begins, not at each try.
class Complaints {
 public:
  // What went wrong in a sync; what the one before said, too, is for who debugs.
  void tell(const AccountReport& report, const Log& log);

 private:
  std::set<std::string> told_;
};

}  // namespace sterna::account
