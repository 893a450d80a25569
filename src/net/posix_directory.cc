// SPDX-License-Identifier: Apache-2.0
#include "posix_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "posix_file.h"
#include "sterna/base/bytes.h"
#include "sterna/base/network_fs.h"

namespace sterna::net {
namespace {

constexpr std::size_t kListingStart = 64 * 1024;
// A million names of the longest kind; what needs more is read in pieces.
constexpr std::size_t kListingMax = std::size_t{320} << 20;

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

Status outcome(int returned, std::string_view what) {
  if (returned == 0) return {};
  return fail(Error::from_errno(errno, what));
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

void append_entries(const char* buffer, std::size_t size, io::DirectoryListing& into) {
  for (std::size_t place = 0; place < size;) {
    const auto* entry = reinterpret_cast<const dirent64*>(buffer + place);
    place += entry->d_reclen;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    into.add({.name = name, .ino = entry->d_ino, .type = type_of(entry->d_type)});
  }
}

struct Listing {
  io::DirectoryListing entries;
  bool whole = true;         // the first call brought everything
  bool buffer_full = false;  // and if not, because there was no room
};

// The kernel holds a directory still for the length of one call only: names that move while it is
// read in several are missed or seen twice.
Result<Listing> list_with(int fd, std::size_t capacity) {
  auto buffer = std::make_unique_for_overwrite<char[]>(capacity);
  Listing listing;
  if (::lseek(fd, 0, SEEK_SET) < 0) return fail(Error::from_errno(errno, "list"));
  for (bool first = true;; first = false) {
    const ssize_t count = ::getdents64(fd, buffer.get(), capacity);
    if (count < 0) return fail(Error::from_errno(errno, "list"));
    if (count == 0) return listing;
    const auto size = static_cast<std::size_t>(count);
    if (first) {
      listing.buffer_full = capacity - size < sizeof(dirent64);
    } else {
      listing.whole = false;
      if (listing.buffer_full && capacity < kListingMax) return listing;
    }
    append_entries(buffer.get(), size, listing.entries);
  }
}

}  // namespace

Result<io::FileStat> PosixDirectory::stat() {
  return stat_file(fd_.get(), "");
}

Result<io::FileStat> PosixDirectory::stat_at(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  return stat_file(fd_.get(), path);
}

Result<io::DirectoryListing> PosixDirectory::list() {
  STERNA_TRY(io::FileStat self, stat());
  std::size_t capacity = std::clamp<std::size_t>(4 * self.size, kListingStart, kListingMax);
  // Some file systems (network, FUSE) answer in pieces however large the buffer is; a name that was
  // made between two calls looks the same, so they get a second and a third chance.
  for (int chances = 3;;) {
    STERNA_TRY(Listing listing, list_with(fd_.get(), capacity));
    if (listing.whole) return std::move(listing.entries);
    if (listing.buffer_full && capacity < kListingMax)
      capacity = std::min(2 * capacity, kListingMax);
    else if (--chances == 0 || capacity == kListingMax)
      return std::move(listing.entries);
  }
}

Status PosixDirectory::may_change() {
  return outcome(::faccessat(fd_.get(), ".", W_OK | X_OK, AT_EACCESS), "making files");
}

Result<std::unique_ptr<io::Directory>> PosixDirectory::open_directory(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  UniqueFd fd(::openat(fd_.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(Error::from_errno(errno, printable(name)));
  return std::make_unique<PosixDirectory>(std::move(fd));
}

Status PosixDirectory::make_directory(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  return outcome(::mkdirat(fd_.get(), path.c_str(), 0700), printable(name));
}

Status PosixDirectory::remove_directory(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  return outcome(::unlinkat(fd_.get(), path.c_str(), AT_REMOVEDIR), printable(name));
}

Status PosixDirectory::rename_at(std::string_view name, io::Directory& to,
                                 std::string_view new_name) {
  STERNA_TRY(std::string path, checked(name));
  STERNA_TRY(std::string new_path, checked(new_name));
  return rename_without_replacing(fd_.get(), path, posix(to).fd_.get(), new_path);
}

Status PosixDirectory::unlink_at(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  return outcome(::unlinkat(fd_.get(), path.c_str(), 0), printable(name));
}

Result<std::unique_ptr<io::FileReader>> PosixDirectory::open_file(std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  // Not to hang on a FIFO that someone put there.
  UniqueFd fd(::openat(fd_.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail(Error::from_errno(errno, printable(name)));
  auto reader = std::make_unique<PosixReader>(std::move(fd));
  STERNA_TRY(io::FileStat found, reader->stat());
  if (found.type != io::FileType::file)
    return fail(ErrorCode::io, fmt::format("{}: not a regular file", printable(name)));
  return reader;
}

Result<std::unique_ptr<io::FileWriter>> PosixDirectory::create_file(std::string_view temporary) {
  STERNA_TRY(std::string path, checked(temporary));
  STERNA_TRY(auto writer, PosixWriter::create(fd_.get(), path));
  return writer;
}

Status PosixDirectory::place(io::FileWriter& file, std::string_view name) {
  STERNA_TRY(std::string path, checked(name));
  return static_cast<PosixWriter&>(file).place(fd_.get(), path);
}

Status PosixDirectory::replace_file(std::string_view name, std::string_view content) {
  STERNA_TRY(std::string path, checked(name));
  // One that a crash left behind is ours, and worthless.
  const std::string beside = fmt::format(".{}.new", path);
  ::unlinkat(fd_.get(), beside.c_str(), 0);
  UniqueFd fd(::openat(fd_.get(), beside.c_str(),
                       O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail(Error::from_errno(errno, printable(beside)));
  Status status = write_all(fd.get(), content);
  if (status) status = outcome(::fsync(fd.get()), "fsync");
  if (status)
    status =
        outcome(::renameat(fd_.get(), beside.c_str(), fd_.get(), path.c_str()), printable(name));
  if (!status) ::unlinkat(fd_.get(), beside.c_str(), 0);
  return status;
}

Status PosixDirectory::sync() {
  // Some network file systems have no fsync for directories; their renames are synchronous.
  if (::fsync(fd_.get()) == 0 || errno == EINVAL) return {};
  return fail(Error::from_errno(errno, "fsync of a directory"));
}

Status PosixDirectory::sync_file_system() {
  return outcome(::syncfs(fd_.get()), "syncfs");
}

Result<std::uint64_t> PosixDirectory::free_bytes() {
  struct statvfs space{};
  STERNA_CHECK(outcome(::fstatvfs(fd_.get(), &space), "statvfs"));
  return std::uint64_t{space.f_bavail} * space.f_frsize;
}

Result<std::uint64_t> PosixDirectory::size_bytes() {
  struct statvfs space{};
  STERNA_CHECK(outcome(::fstatvfs(fd_.get(), &space), "statvfs"));
  return std::uint64_t{space.f_blocks} * space.f_frsize;
}

Result<bool> PosixDirectory::is_network_file_system() {
  struct statfs kind{};
  STERNA_CHECK(outcome(::fstatfs(fd_.get(), &kind), "statfs"));
  return sterna::is_network_file_system(static_cast<unsigned long>(kind.f_type));
}

}  // namespace sterna::net
