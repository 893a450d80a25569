// SPDX-License-Identifier: Apache-2.0
// ProgressBoard: the progress of several accounts, drawn in one line of a terminal that is
// rewritten in place, or, with -v and without a terminal, written as a line now and then.
//
// Lives on the loop's thread. The engine calls the Progress objects, often; drawing happens in
// run().
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "console.h"
#include "progress.h"
#include "sterna/account/sync.h"

namespace sterna::cli {

class ProgressBoard {
 public:
  ProgressBoard(Console& console, io::Clock& clock, std::size_t accounts);
  ~ProgressBoard();

  // The board owns it.
  account::Progress& add(const std::string& account);
  // An account has ended: what is to be said of it is printed above the line.
  void done(std::string_view summary, const std::vector<Error>& complaints);

  // Draws until it is cancelled, then takes the line away.
  coro::Task<void> run();

 private:
  class Account;
  enum class Mode { none, line, words };
  static Mode mode_of(const Console& console);

  ProgressView look();
  void draw();
  void erase();

  Console& console_;
  io::Clock& clock_;
  Mode mode_;
  std::size_t expected_;  // accounts, also those that were not added yet
  std::vector<std::unique_ptr<Account>> accounts_;
  std::size_t ended_ = 0;
  std::string phase_;  // of the account that spoke last
  RateMeter messages_;
  RateMeter octets_;
  std::string drawn_;
};

}  // namespace sterna::cli
