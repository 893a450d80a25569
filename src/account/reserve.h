// SPDX-License-Identifier: Apache-2.0
// Room on the disks (section 1, 43): what is fetched leaves the machine some, and nothing is done
// whose record would find none.
#pragma once

#include "engine.h"

namespace sterna::account {

// Of a disk of that size: 1 %, at least 16 MB, at most 512 MB.
std::uint64_t reserve_of(std::uint64_t disk_octets);

struct Room {
  std::uint64_t free = 0;
  std::uint64_t reserve = 0;

  bool suffices() const { return free >= reserve; }
  // What comes next may not find enough.
  bool is_near_its_end() const { return free / 2 < reserve; }
};
// On the disk of that directory.
Result<Room> room_of(io::Directory& directory);

// ErrorCode::no_space where the disk of the Maildir, or that of the state, has less left than that.
Status check_reserve(Engine& engine);
// ErrorCode::no_space where the state has no room for the record of any effect.
Status check_room_for_records(Engine& engine);

}  // namespace sterna::account
