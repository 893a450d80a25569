// SPDX-License-Identifier: Apache-2.0
// A file that was moved to another account is gone here and new there. Until that account's server
// has it, the message here is the only copy on a server, and stays (rule 17; section 1, 18).
//
// What is new there is read from the other Maildir and the other state, whatever that account does
// meanwhile: it may be synced beside this one, later, without a network, or never. Both are only
// read.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine.h"

namespace sterna::account {

// A Maildir that changes while it is looked through is looked through again.
inline constexpr int kLooksMax = 4;
// What is quoted of a path or a reason, in octets.
inline constexpr std::size_t kPathShownMax = 300;
inline constexpr std::size_t kReasonShownMax = 500;

// Messages that are to leave the server, by what tells of most files at a glance that they are none
// of them.
class Leaving {
 public:
  // `wire_size`: of the message as the planner knows it.
  void add(const MessageRow& row, std::uint64_t wire_size);
  bool empty() const { return stems_.empty(); }
  // Whether a file of that base name, of so many octets on the disk, may be one of them.
  bool may_include(std::string_view base_name, std::uint64_t file_size) const;

 private:
  std::set<std::string, std::less<>> stems_;
  std::set<std::uint64_t> file_sizes_;
  std::set<std::uint64_t> wire_sizes_;
};

using Place = std::pair<std::uint64_t, std::uint64_t>;  // device and inode

struct ElsewhereSearch {
  io::FileSystem& files;
  Leaving leaving;
  std::set<Place> own;  // the root of this account's Maildir, and each `cur`: no other account's
  std::int64_t now_ns = 0;
  std::chrono::milliseconds settles{};  // what changed since may still be written
};

// Blocking: made for a worker's job. Never fails: what cannot be seen is unclear, and may be any
// message.
std::vector<sync::BirthElsewhere> look_elsewhere(const ElsewhereSearch& search,
                                                 const Neighbour& neighbour);

// plan(), and where it lets messages leave the server, once more with what is new elsewhere and may
// be one of them: in other accounts, and in folders of this one that the server does not get
// (look_aside.h). Nothing is looked for otherwise.
coro::Task<Result<sync::Plan>> plan_beside_neighbours(Engine& engine, sync::Input& input);

}  // namespace sterna::account
