// SPDX-License-Identifier: Apache-2.0
#include "posix_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "sterna/base/bytes.h"
#include "sterna/base/network_fs.h"

namespace sterna::net {
namespace {

constexpr std::size_t kListingStart = 64 * 1024;
// A million names of the longest kind; what needs more is read in pieces.
constexpr std::size_t kListingMax = std::size_t{320} << 20;

// That we read something is nobody's concern, and an access time that changes makes the next fsync
// wait for the disk. Only the owner may ask for that (open(2)).
UniqueFd open_to_read(int directory, const std::string& path, int flags) {
  flags |= O_RDONLY | O_CLOEXEC;
  const int fd = ::openat(directory, path.c_str(), flags | O_NOATIME);
  if (fd >= 0 || errno != EPERM) return UniqueFd(fd);
  return UniqueFd(::openat(directory, path.c_str(), flags));
}

// All directories and files that meet here were made by this file system.
PosixDirectory& posix(io::Directory& directory) {
  return static_cast<PosixDirectory&>(directory);
}

Result<std::string> checked(std::string_view name) {
  const bool bad = name.empty() || name == "." || name == ".." ||
                   name.find('/') != std::string_view::npos ||
                   name.find('\0') != std::string_view::npos;
  if (bad) return fail(ErrorCode::internal, fmt::format("\"{}\" is no file name", printable(name)));
  return std::string(name);
}

Result<std::string> beside_of(std::string_view name) {
  STERNA_TRY(const std::string path, checked(name));
  return io::name_beside(path);
}

io::FileType type_of(unsigned char type) {
  switch (type) {
    case DT_REG:
      return io::FileType::file;
    case DT_DIR:
      return io::FileType::directory;
    case DT_LNK:
      return io::FileType::symlink;
    case DT_UNKNOWN:
      return io::FileType::unknown;
    default:
      return io::FileType::other;
  }
}

template <class Visit>
void for_each_entry(const char* buffer, std::size_t size, Visit visit) {
  for (std::size_t place = 0; place < size;) {
    const auto* entry = reinterpret_cast<const dirent64*>(buffer + place);
    place += entry->d_reclen;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") visit(*entry, name);
  }
}

// Nearly always all of them.
void reserve_for(const char* buffer, std::size_t size, io::DirectoryListing& entries) {
  std::size_t count = 0;
  std::size_t octets = 0;
  for_each_entry(buffer, size, [&](const dirent64&, std::string_view name) {
    ++count;
    octets += name.size();
  });
  entries.reserve(count, octets);
}

void append_entries(const char* buffer, std::size_t size, io::DirectoryListing& into) {
  for_each_entry(buffer, size, [&into](const dirent64& entry, std::string_view name) {
    into.add({.name = name, .ino = entry.d_ino, .type = type_of(entry.d_type)});
  });
}

struct Listing {
  io::DirectoryListing entries;
  bool whole = true;         // the first call brought everything
  bool buffer_full = false;  // and if not, because there was no room
};

// The kernel holds a directory still for the length of one call only: names that move while it is
// read in several are missed or seen twice. Gives 0, or the errno.
int list_with(int fd, std::size_t capacity, Listing& listing) {
  auto buffer = std::make_unique_for_overwrite<char[]>(capacity);
  listing = {};
  if (::lseek(fd, 0, SEEK_SET) < 0) return errno;
  for (bool first = true;; first = false) {
    const ssize_t count = ::getdents64(fd, buffer.get(), capacity);
    if (count < 0) return errno;
    if (count == 0) return 0;
    const auto size = static_cast<std::size_t>(count);
    if (first) {
      listing.buffer_full = capacity - size < sizeof(dirent64);
      reserve_for(buffer.get(), size, listing.entries);
    } else {
      listing.whole = false;
      if (listing.buffer_full && capacity < kListingMax) return 0;
    }
    append_entries(buffer.get(), size, listing.entries);
  }
}

}  // namespace

Error PosixDirectory::failed(int number, std::string_view doing, std::string_view name) const {
  return Error::of_file(number, doing, here().path_of(name));
}

Status PosixDirectory::outcome(int returned, std::string_view doing, std::string_view name) const {
  if (returned == 0) return {};
  return fail(failed(errno, doing, name));
}

Status PosixDirectory::outcome_here(int returned, std::string_view doing) const {
  if (returned == 0) return {};
  return fail(Error::of_file(errno, doing, path_));
}

Result<io::FileStat> PosixDirectory::stat() {
  io::FileStat found;
  if (const int problem = stat_file(fd_.get(), "", found); problem != 0)
    return fail(Error::of_file(problem, "looking at", path_));
  return found;
}

Result<io::FileStat> PosixDirectory::stat_at(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  io::FileStat found;
  if (const int problem = stat_file(fd_.get(), path, found); problem != 0)
    return fail(failed(problem, "looking at", name));
  return found;
}

Result<io::DirectoryListing> PosixDirectory::list() {
  STERNA_TRY(io::FileStat self, stat());
  std::size_t capacity = std::clamp<std::size_t>(4 * self.size, kListingStart, kListingMax);
  // Some file systems (network, FUSE) answer in pieces however large the buffer is; a name that was
  // made between two calls looks the same, so they get a second and a third chance.
  for (int chances = 3;;) {
    Listing listing;
    if (const int problem = list_with(fd_.get(), capacity, listing); problem != 0)
      return fail(Error::of_file(problem, "listing", path_));
    if (listing.whole) return std::move(listing.entries);
    if (listing.buffer_full && capacity < kListingMax)
      capacity = std::min(2 * capacity, kListingMax);
    else if (--chances == 0 || capacity == kListingMax)
      return std::move(listing.entries);
  }
}

Status PosixDirectory::may_change() {
  return outcome_here(::faccessat(fd_.get(), ".", W_OK | X_OK, AT_EACCESS), "making files in");
}

Result<std::unique_ptr<io::Directory>> PosixDirectory::open_directory(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  UniqueFd fd = open_to_read(fd_.get(), path, O_DIRECTORY);
  if (!fd) return fail(failed(errno, "opening", name));
  return std::make_unique<PosixDirectory>(std::move(fd), here().path_of(name));
}

Status PosixDirectory::make_directory(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  return outcome(::mkdirat(fd_.get(), path.c_str(), 0700), "making", name);
}

Status PosixDirectory::remove_directory(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  return outcome(::unlinkat(fd_.get(), path.c_str(), AT_REMOVEDIR), "removing", name);
}

Status PosixDirectory::rename_at(std::string_view name, io::Directory& to,
                                 std::string_view new_name) {
  STERNA_TRY(std::string path, checked(name));
  STERNA_TRY(std::string new_path, checked(new_name));
  const PosixDirectory& target = posix(to);
  const int problem = rename_without_replacing(fd_.get(), path, target.fd_.get(), new_path);
  if (problem == 0) return {};
  const std::string before = here().path_of(name);
  const std::string after = target.path_ == path_ ? new_path : target.here().path_of(new_path);
  return fail(Error::of_file(problem, "renaming", fmt::format("{} to {}", before, after)));
}

Status PosixDirectory::unlink_at(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  return outcome(::unlinkat(fd_.get(), path.c_str(), 0), "removing", name);
}

Result<std::unique_ptr<io::FileReader>> PosixDirectory::open_file(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  // Not to hang on a FIFO that someone put there.
  UniqueFd fd = open_to_read(fd_.get(), path, O_NOFOLLOW | O_NONBLOCK);
  if (!fd) return fail(failed(errno, "opening", name));
  auto reader = std::make_unique<PosixReader>(std::move(fd), here().path_of(name));
  STERNA_TRY(io::FileStat found, reader->stat());
  if (found.type != io::FileType::file) {
    const std::string shown = printable(here().path_of(name), 4096);
    return fail(Error(ErrorCode::io, fmt::format("opening {}: not a regular file", shown))
                    .with_hint("move it away"));
  }
  return reader;
}

Result<std::unique_ptr<io::FileWriter>> PosixDirectory::create_file(std::string_view temporary) {
  STERNA_TRY(std::string path, checked(temporary));
  STERNA_TRY(auto writer, PosixWriter::create(here(), path));
  return writer;
}

Status PosixDirectory::place(io::FileWriter& file, std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  return static_cast<PosixWriter&>(file).place(here(), path);
}

Status PosixDirectory::write_beside(std::string_view name, std::string_view content) {
  STERNA_TRY(const std::string beside, beside_of(name));
  // One that a crash left behind is ours, and worthless.
  ::unlinkat(fd_.get(), beside.c_str(), 0);
  UniqueFd fd(::openat(fd_.get(), beside.c_str(),
                       O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail(failed(errno, "making", beside));
  if (const int problem = write_all(fd.get(), content); problem != 0) {
    ::unlinkat(fd_.get(), beside.c_str(), 0);
    return fail(failed(problem, "writing", beside));
  }
  const Status flushed = outcome(::fsync(fd.get()), "flushing", beside);
  if (!flushed) ::unlinkat(fd_.get(), beside.c_str(), 0);
  return flushed;
}

Status PosixDirectory::put_beside(std::string_view name) {
  STERNA_TRY(const std::string path, checked(name));
  STERNA_TRY(const std::string beside, beside_of(name));
  return outcome(::renameat(fd_.get(), beside.c_str(), fd_.get(), path.c_str()), "replacing", name);
}

Status PosixDirectory::drop_beside(std::string_view name) {
  STERNA_TRY(const std::string beside, beside_of(name));
  return unlink_at(beside);
}

Result<bool> PosixDirectory::lock() {
  return ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

Status PosixDirectory::sync() {
  // Some network file systems have no fsync for directories; their renames are synchronous.
  if (::fsync(fd_.get()) == 0 || errno == EINVAL) return {};
  return fail(Error::of_file(errno, "flushing", path_));
}

Status PosixDirectory::sync_file_system() {
  return outcome_here(::syncfs(fd_.get()), "flushing the file system of");
}

Result<std::uint64_t> PosixDirectory::free_bytes() {
  struct statvfs space{};
  STERNA_CHECK(outcome_here(::fstatvfs(fd_.get(), &space), "looking at the space of"));
  return std::uint64_t{space.f_bavail} * space.f_frsize;
}

Result<std::uint64_t> PosixDirectory::size_bytes() {
  struct statvfs space{};
  STERNA_CHECK(outcome_here(::fstatvfs(fd_.get(), &space), "looking at the space of"));
  return std::uint64_t{space.f_blocks} * space.f_frsize;
}

Result<bool> PosixDirectory::is_network_file_system() {
  struct statfs kind{};
  STERNA_CHECK(outcome_here(::fstatfs(fd_.get(), &kind), "looking at the file system of"));
  return sterna::is_network_file_system(static_cast<unsigned long>(kind.f_type));
}

}  // namespace sterna::net
