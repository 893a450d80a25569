// SPDX-License-Identifier: Apache-2.0
#include "directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "sterna/base/network_fs.h"

namespace sterna::store {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

Error failed(int number, std::string_view doing, std::string_view path) {
  return Error::of_file(number, doing, path).with_scope(ErrorScope::account);
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_directory(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail(failed(errno, "opening", path));
  if (::fsync(directory.get()) != 0) return fail(failed(errno, "making durable", path));
  return {};
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  const std::string path = directory + "/lock";
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!file) return fail(failed(errno, "opening", path));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return DirectoryLock(std::move(file));
  if (errno != EWOULDBLOCK) return fail(failed(errno, "locking", path));
  return fail(
      Error(ErrorCode::locked, fmt::format("another sterna uses the state in {}", directory))
          .with_scope(ErrorScope::account));
}

Status make_directory(const std::string& directory) {
  std::string path = directory;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (::mkdir(path.c_str(), kDirectoryMode) != 0) {
    if (errno == EEXIST) return {};
    if (errno != ENOENT || parent_of(path) == path) return fail(failed(errno, "making", path));
    STERNA_CHECK(make_directory(parent_of(path)));
    if (::mkdir(path.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      return fail(failed(errno, "making", path));
    }
  }
  return sync_directory(parent_of(path));
}

Status check_file_system(const std::string& directory) {
  struct statfs info{};
  if (::statfs(directory.c_str(), &info) != 0) return fail(failed(errno, "looking at", directory));
  if (!is_network_file_system(static_cast<unsigned long>(info.f_type))) return {};
  return fail(
      Error(ErrorCode::unsupported, fmt::format("{} is on a network file system", directory))
          .with_scope(ErrorScope::account)
          .with_disposition(Disposition::needs_user)
          .with_hint("set state_dir to a directory on a disk of this machine"));
}

Status make_file(const std::string& path) {
  // SQLite's locks end when the process closes any descriptor of the file: only a file that is
  // surely new may be opened here.
  const UniqueFd made(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  if (!made && errno == EEXIST) return {};
  if (!made) return fail(failed(errno, "making", path));
  return sync_directory(parent_of(path));
}

Result<bool> file_exists(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return fail(failed(errno, "looking for", path)
                  .with_disposition(Disposition::needs_user)
                  .with_hint("the state belongs to the user who runs Sterna: see to the owner and "
                             "the mode of its directory (chown, chmod u+rwx)"));
}

}  // namespace sterna::store
