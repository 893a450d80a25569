// SPDX-License-Identifier: Apache-2.0
// The exit statuses of the command line, and the one that tells of several things at once.
//
// Scripts rely on the numbers. They are documented in sterna(1).
#pragma once

#include <cstdint>
#include <vector>

#include "sterna/base/error.h"

namespace sterna::cli {

enum class Exit : std::uint8_t {
  done = 0,
  failed = 1,
  usage = 2,
  partly = 3,        // some accounts or mailboxes failed, the rest was done
  login = 4,         // a login, a secret or trust in a certificate is needed
  network = 5,       // try later
  held = 6,          // done, but deletions are held
  locked = 11,       // another instance has the lock
  config = 78,       // EX_CONFIG of sysexits.h
  interrupted = 130  // 128 and the number of SIGINT, as a shell has it
};

// What one error alone would make of the exit status.
Exit exit_of(ErrorCode code);
// Likewise; a server that asks to come later is as one that cannot be reached.
Exit exit_of(const Error& error);

// What became of a part of the work, such as an account.
struct Outcome {
  bool succeeded = false;  // something was done, or nothing was to do
  bool held = false;       // deletions or the whole account wait for a decision
  std::vector<Exit> failures;
};

// Of all parts together. 78 and 11 go before everything; else 3 if anything succeeded and anything
// failed; else the first of 2, 4, 5 and 1 that applies; 6 only where all else is well.
Exit combine(const std::vector<Outcome>& outcomes);

// Of `verify`, where 1 is the answer that the sides differ: what could not be compared goes before
// it, since the answer is not known then, and a failure that would be 1 elsewhere is 3.
enum class Answered : std::uint8_t { same, differences };
Exit exit_of_comparison(const std::vector<Outcome>& outcomes, Answered answered);

}  // namespace sterna::cli
