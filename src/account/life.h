// SPDX-License-Identifier: Apache-2.0
// What a life counts, and what it says of its syncs.
#pragma once

#include <set>
#include <string>

#include "sterna/account/account.h"

namespace sterna::account {

// Whether a sync changed anything on either side.
bool did_anything(const Counts& counts);
void add(Counts& sum, const Counts& more);

// "1 new here, 2 sent"; "" if nothing was done.
std::string summary_of(const Counts& counts);

// A failure is worth a line when it begins, not at each try.
class Complaints {
 public:
  // What went wrong in a sync; what the one before said, too, is for who debugs.
  void tell(const AccountReport& report, const Log& log);

 private:
  std::set<std::string> told_;
};

}  // namespace sterna::account
