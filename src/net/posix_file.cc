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
#include "sterna/base/bytes.h"
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
  Result<io::FileStat> found = stat_file(directory, name);
  return found && found->type == io::FileType::directory;
}

}  // namespace

Result<io::FileStat> stat_file(int directory, const std::string& name) {
  struct statx found{};
  const int flags = AT_SYMLINK_NOFOLLOW | (name.empty() ? AT_EMPTY_PATH : 0);
  if (::statx(directory, name.c_str(), flags, STATX_BASIC_STATS | STATX_BTIME, &found) != 0)
    return fail(Error::from_errno(errno, name.empty() ? "stat" : printable(name)));
  const bool has_btime = (found.stx_mask & STATX_BTIME) != 0;
  return io::FileStat{.type = type_of(found.stx_mode),
                      .dev = makedev(found.stx_dev_major, found.stx_dev_minor),
                      .ino = found.stx_ino,
                      .size = found.stx_size,
                      .mtime_ns = nanoseconds(found.stx_mtime),
                      .ctime_ns = nanoseconds(found.stx_ctime),
                      .btime_ns = has_btime ? nanoseconds(found.stx_btime) : 0};
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(Error::from_errno(errno, "write"));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Status rename_without_replacing(int from, const std::string& name, int to,
                                const std::string& new_name) {
  if (::renameat2(from, name.c_str(), to, new_name.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EINVAL || errno == ENOSYS) return rename_by_link(from, name, to, new_name);
  return fail(Error::from_errno(errno, printable(errno == EEXIST ? new_name : name)));
}

Status rename_by_link(int from, const std::string& name, int to, const std::string& new_name) {
  if (is_directory(from, name)) {
    // A directory has no second link. rename(2) itself refuses to replace one that is not empty.
    if (::faccessat(to, new_name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
      return fail(Error::from_errno(EEXIST, printable(new_name)));
    if (::renameat(from, name.c_str(), to, new_name.c_str()) == 0) return {};
    return fail(Error::from_errno(errno, printable(name)));
  }
  if (::linkat(from, name.c_str(), to, new_name.c_str(), 0) != 0)
    return fail(Error::from_errno(errno, printable(new_name)));
  // Gone meanwhile is what was wanted; any other failure leaves two names, which the caller must
  // know.
  if (::unlinkat(from, name.c_str(), 0) != 0 && errno != ENOENT)
    return fail(Error::from_errno(errno, printable(name)));
  return {};
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
  if (count < 0) return fail(Error::from_errno(problem, "read"));
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
  if (::fsync(fd_.get()) != 0) return fail(Error::from_errno(errno, "fsync"));
  return {};
}

Result<std::unique_ptr<PosixWriter>> PosixWriter::create(int directory,
                                                         const std::string& temporary) {
  if (UniqueFd nameless = open_nameless(directory))
    return std::unique_ptr<PosixWriter>(new PosixWriter(std::move(nameless)));
  return create_named(directory, temporary);
}

Result<std::unique_ptr<PosixWriter>> PosixWriter::create_named(int directory,
                                                               const std::string& temporary) {
  UniqueFd named(::openat(directory, temporary.c_str(),
                          O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!named) return fail(Error::from_errno(errno, printable(temporary)));
  std::unique_ptr<PosixWriter> writer(new PosixWriter(std::move(named)));
  writer->home_ = UniqueFd(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
  if (!writer->home_) {
    const int problem = errno;
    ::unlinkat(directory, temporary.c_str(), 0);
    return fail(Error::from_errno(problem, printable(temporary)));
  }
  writer->temporary_ = temporary;
  return writer;
}

PosixWriter::~PosixWriter() {
  if (!temporary_.empty()) ::unlinkat(home_.get(), temporary_.c_str(), 0);
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
  if (::futimens(fd_.get(), times) != 0) return fail(Error::from_errno(errno, "set mtime"));
  return {};
}

Status PosixWriter::sync() {
  if (::fsync(fd_.get()) != 0) return fail(Error::from_errno(errno, "fsync"));
  return {};
}

Status PosixWriter::place(int directory, const std::string& name) {
  STERNA_ASSERT(fd_);
  if (temporary_.empty()) {
    const std::string path = descriptor_path(fd_.get());
    if (::linkat(AT_FDCWD, path.c_str(), directory, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
      return fail(Error::from_errno(errno, printable(name)));
  } else {
    STERNA_CHECK(rename_without_replacing(home_.get(), temporary_, directory, name));
    temporary_.clear();
  }
  return {};
}

}  // namespace sterna::net
