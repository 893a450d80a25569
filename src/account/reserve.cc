// SPDX-License-Identifier: Apache-2.0
#include "reserve.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::account {
namespace {

constexpr std::uint64_t kReserveMin = std::uint64_t{16} << 20;
constexpr std::uint64_t kReserveMax = std::uint64_t{512} << 20;
// The records of one pass, with what the log needs to be copied.
constexpr std::uint64_t kRecordsOctets = std::uint64_t{4} << 20;

struct Disk {
  const char* of;  // what of Sterna's is on it
  std::string path;
};

Disk disk_of_mail(const Engine& engine) {
  return {"the Maildir", engine.settings.maildir};
}
Disk disk_of_state(const Engine& engine) {
  return {"the state", engine.state_directory()};
}

Error no_space(std::uint64_t free, const Disk& disk, const char* what) {
  return Error(ErrorCode::no_space, fmt::format("only {} are free where {} is, in {}; {}",
                                                human_bytes(free), disk.of, disk.path, what))
      .with_hint("free some space; the next sync goes on where this one stopped");
}

Status check_disk(io::Directory& directory, const Disk& disk) {
  STERNA_TRY(const Room room, room_of(directory));
  if (room.suffices()) return {};
  return fail(no_space(room.free, disk, "nothing is fetched"));
}

}  // namespace

std::uint64_t reserve_of(std::uint64_t disk_octets) {
  return std::clamp(disk_octets / 100, kReserveMin, kReserveMax);
}

Result<Room> room_of(io::Directory& directory) {
  STERNA_TRY(const std::uint64_t free, directory.free_bytes());
  STERNA_TRY(const std::uint64_t whole, directory.size_bytes());
  return Room{free, reserve_of(whole)};
}

Status check_reserve(Engine& engine) {
  STERNA_CHECK(check_disk(*engine.root, disk_of_mail(engine)));
  const auto state = engine.services.files.open_root(engine.state_directory(), false);
  return state ? check_disk(**state, disk_of_state(engine)) : Status{};
}

Status check_room_for_records(Engine& engine) {
  const auto state = engine.services.files.open_root(engine.state_directory(), false);
  if (!state) return {};
  STERNA_TRY(const std::uint64_t free, (*state)->free_bytes());
  if (free >= kRecordsOctets) return {};
  return fail(no_space(free, disk_of_state(engine), "nothing is done that could not be recorded"));
}

}  // namespace sterna::account
