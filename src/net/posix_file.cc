// SPDX-License-Identifier: Apache-2.0
#include "posix_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "sterna/base/assert.h"
#include "sterna/base/nanoseconds.h"

namespace sterna::net {
namespace {

std::int64_t nanoseconds(const statx_timestamp& time) {
  return to_ns(time.tv_sec, time.tv_nsec);
}

io::FileType type_of(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return io::FileType::file;
    case S_IFDIR:
      return io::FileType::directory;
    case S_IFLNK:
      return io::FileType::symlink;
    default:
      return io::FileType::other;
  }
}

std::string descriptor_path(int fd) {
  return fmt::format("/proc/self/fd/{}", fd);
}

// Without /proc a file without a name could never get one.
bool proc_is_mounted() {
  static const bool mounted = ::access("/proc/self/fd", X_OK) == 0;
  return mounted;
}

UniqueFd open_nameless(int directory) {
  if (!proc_is_mounted()) return UniqueFd();
  return UniqueFd(::openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
}

bool is_directory(int directory, const std::string& name) {
  io::FileStat found;
  return stat_file(directory, name, found) == 0 && found.type == io::FileType::directory;
}

Result<io::FileStat> stat_open(int fd, const std::string& path) {
  io::FileStat found;
  if (const int problem = stat_file(fd, "", found); problem != 0)
    return fail(Error::of_file(problem, "looking at", path));
  return found;
}

Status flush(int fd, const std::string& path) {
  if (::fsync(fd) != 0) return fail(Error::of_file(errno, "flushing", path));
  return {};
}

}  // namespace

std::string OpenDirectory::path_of(std::string_view name) const {
  std::string text(path);
  if (!text.ends_with('/')) text += '/';
  text += name;
  return text;
}

int stat_file(int directory, const std::string& name, io::FileStat& stat) {
  struct statx found{};
  const int flags = AT_SYMLINK_NOFOLLOW | (name.empty() ? AT_EMPTY_PATH : 0);
  if (::statx(directory, name.c_str(), flags, STATX_BASIC_STATS | STATX_BTIME, &found) != 0)
    return errno;
  const bool has_btime = (found.stx_mask & STATX_BTIME) != 0;
  stat = {.type = type_of(found.stx_mode),
          .dev = makedev(found.stx_dev_major, found.stx_dev_minor),
          .ino = found.stx_ino,
          .size = found.stx_size,
          .mtime_ns = nanoseconds(found.stx_mtime),
          .ctime_ns = nanoseconds(found.stx_ctime),
          .btime_ns = has_btime ? nanoseconds(found.stx_btime) : 0};
  return 0;
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

int rename_without_replacing(int from, const std::string& name, int to,
                             const std::string& new_name) {
  if (::renameat2(from, name.c_str(), to, new_name.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno == EINVAL || errno == ENOSYS) return rename_by_link(from, name, to, new_name);
  return errno;
}

int rename_by_link(int from, const std::string& name, int to, const std::string& new_name) {
  if (is_directory(from, name)) {
    // A directory has no second link. rename(2) itself refuses to replace one that is not empty.
    if (::faccessat(to, new_name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return EEXIST;
    return ::renameat(from, name.c_str(), to, new_name.c_str()) == 0 ? 0 : errno;
  }
  if (::linkat(from, name.c_str(), to, new_name.c_str(), 0) != 0) return errno;
  // Gone meanwhile is what was wanted; any other failure leaves two names, which the caller must
  // know.
  if (::unlinkat(from, name.c_str(), 0) != 0 && errno != ENOENT) return errno;
  return 0;
}

Result<io::FileStat> PosixReader::stat() {
  return stat_open(fd_.get(), path_);
}

Result<std::size_t> PosixReader::read(std::string& into, std::size_t octets_max) {
  const std::size_t before = into.size();
  ssize_t count = 0;
  int problem = 0;
  into.resize_and_overwrite(before + octets_max, [&](char* data, std::size_t) {
    do {
      count = ::read(fd_.get(), data + before, octets_max);
      problem = errno;
    } while (count < 0 && problem == EINTR);
    return before + static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  });
  if (count < 0) return fail(Error::of_file(problem, "reading", path_));
  return static_cast<std::size_t>(count);
}

// A read lease is refused while anybody has the file open for writing (fcntl(2)). It is given back
// at once, and should a writer come in between, the signal is one that does nothing.
bool PosixReader::has_writer() {
  if (::fcntl(fd_.get(), F_SETSIG, SIGURG) != 0) return false;
  if (::fcntl(fd_.get(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  ::fcntl(fd_.get(), F_SETLEASE, F_UNLCK);
  return false;
}

Status PosixReader::sync() {
  return flush(fd_.get(), path_);
}

Result<std::unique_ptr<PosixWriter>> PosixWriter::create(const OpenDirectory& directory,
                                                         const std::string& temporary) {
  if (UniqueFd nameless = open_nameless(directory.fd)) {
    return std::unique_ptr<PosixWriter>(
        new PosixWriter(std::move(nameless), directory.path_of(temporary)));
  }
  return create_named(directory, temporary);
}

Result<std::unique_ptr<PosixWriter>> PosixWriter::create_named(const OpenDirectory& directory,
                                                               const std::string& temporary) {
  std::string path = directory.path_of(temporary);
  UniqueFd named(::openat(directory.fd, temporary.c_str(),
                          O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!named) return fail(Error::of_file(errno, "making", path));
  std::unique_ptr<PosixWriter> writer(new PosixWriter(std::move(named), path));
  writer->home_ = UniqueFd(::fcntl(directory.fd, F_DUPFD_CLOEXEC, 0));
  if (!writer->home_) {
    const int problem = errno;
    ::unlinkat(directory.fd, temporary.c_str(), 0);
    return fail(Error::of_file(problem, "making", path));
  }
  writer->temporary_ = temporary;
  return writer;
}

PosixWriter::~PosixWriter() {
  if (!temporary_.empty()) ::unlinkat(home_.get(), temporary_.c_str(), 0);
}

Status PosixWriter::write(std::string_view bytes) {
  if (const int problem = write_all(fd_.get(), bytes); problem != 0)
    return fail(Error::of_file(problem, "writing", path_));
  return {};
}

Status PosixWriter::set_mtime(std::int64_t mtime_ns) {
  std::int64_t seconds = mtime_ns / kNsPerSecond;
  std::int64_t rest = mtime_ns % kNsPerSecond;
  if (rest < 0) {  // before 1970
    --seconds;
    rest += kNsPerSecond;
  }
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                             {.tv_sec = seconds, .tv_nsec = rest}};
  if (::futimens(fd_.get(), times) != 0)
    return fail(Error::of_file(errno, "setting the time of", path_));
  return {};
}

Status PosixWriter::sync() {
  return flush(fd_.get(), path_);
}

Result<io::FileStat> PosixWriter::stat() {
  return stat_open(fd_.get(), path_);
}

Status PosixWriter::place(const OpenDirectory& directory, const std::string& name) {
  STERNA_ASSERT(fd_);
  int problem = 0;
  if (temporary_.empty()) {
    const std::string here = descriptor_path(fd_.get());
    if (::linkat(AT_FDCWD, here.c_str(), directory.fd, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
      problem = errno;
  } else {
    problem = rename_without_replacing(home_.get(), temporary_, directory.fd, name);
  }
  std::string path = directory.path_of(name);
  if (problem != 0) return fail(Error::of_file(problem, "making", path));
  temporary_.clear();
  path_ = std::move(path);
  return {};
}

}  // namespace sterna::net
