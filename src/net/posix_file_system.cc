// SPDX-License-Identifier: Apache-2.0
// io::FileSystem over the kernel.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>

#include "core.h"
#include "posix_directory.h"
#include "posix_file.h"
#include "sterna/base/bytes.h"
#include "sterna/base/digest.h"
#include "sterna/base/unique_fd.h"

namespace sterna::net {
namespace {

std::string read_line(const char* path) {
  UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!fd) return text;
  PosixReader reader(std::move(fd), path);
  if (!reader.read(text, 4096)) return {};
  return std::string(trim(text));
}

// Makes each directory of `path` that is missing.
Status make_path(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
      return fail(Error::of_file(errno, "making", part));
    if (end == std::string::npos) return {};
  }
}

// Of a path on which something stands that is none: that is what is in the way, not a missing disk.
Error no_directory(const std::string& path) {
  std::string part;
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    part = path.substr(0, end);
    struct stat found{};
    if (::stat(part.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) break;
  }
  return Error(ErrorCode::exists, printable(part, PATH_MAX) + " is no directory")
      .with_scope(ErrorScope::account)
      .with_hint("move it away, or name another place in the configuration");
}

class PosixFileSystem : public io::FileSystem {
 public:
  Result<std::unique_ptr<io::Directory>> open_root(const std::string& path, bool create) override {
    if (!path.starts_with('/'))
      return fail(ErrorCode::internal, printable(path) + " is not an absolute path");
    UniqueFd fd = open_path(path);
    if (!fd && errno == ENOENT && create) {
      STERNA_CHECK(make_path(path));
      fd = open_path(path);
      // Once in a tree's life, so that an outage does not undo it.
      if (fd) ::syncfs(fd.get());
    }
    if (!fd && errno == ENOTDIR) return fail(no_directory(path));
    if (!fd) return fail(Error::of_file(errno, "opening", path));
    return std::make_unique<PosixDirectory>(std::move(fd), path);
  }

  std::string boot_id() override { return read_line("/proc/sys/kernel/random/boot_id"); }

  std::string machine_id() override {
    // machine-id(5): it is not to be shown as it is.
    const std::string id = read_line("/etc/machine-id");
    return id.empty() ? id : sha256("sterna:" + id).hex().substr(0, 32);
  }

 private:
  static UniqueFd open_path(const std::string& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
};

}  // namespace

std::unique_ptr<io::FileSystem> make_file_system() {
  return std::make_unique<PosixFileSystem>();
}

}  // namespace sterna::net
