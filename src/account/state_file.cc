// SPDX-License-Identifier: Apache-2.0
#include "state_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "sterna/base/unique_fd.h"

namespace sterna::account {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

std::unexpected<Error> failed(const Settings& settings, std::string_view doing,
                              const std::string& path) {
  return fail(Error::of_file(errno, doing, path)
                  .with_scope(ErrorScope::account)
                  .with_context("account " + settings.name));
}

Status make_directory(const Settings& settings, const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  const std::size_t slash = path.find_last_of('/');
  if (errno != ENOENT || slash == std::string::npos || slash == 0)
    return failed(settings, "making", path);
  STERNA_CHECK(make_directory(settings, path.substr(0, slash)));
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  return failed(settings, "making", path);
}

Status flush_directory(const Settings& settings) {
  const UniqueFd directory(::open(settings.state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0)
    return failed(settings, "making durable", settings.state_dir);
  return {};
}

}  // namespace

std::string state_file_path(const Settings& settings, std::string_view name) {
  return fmt::format("{}/{}", settings.state_dir, name);
}

Result<std::optional<std::string>> read_state_file(const Settings& settings, std::string_view name,
                                                   std::size_t octets_max) {
  const std::string path = state_file_path(settings, name);
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::optional<std::string>();
  if (!file) return failed(settings, "opening", path);
  std::string text(octets_max, '\0');
  const ssize_t count = ::read(file.get(), text.data(), text.size());
  if (count < 0) return failed(settings, "reading", path);
  text.resize(static_cast<std::size_t>(count));
  return std::optional(std::move(text));
}

Status replace_state_file(const Settings& settings, std::string_view name, std::string_view text) {
  STERNA_CHECK(make_directory(settings, settings.state_dir));
  const std::string path = state_file_path(settings, name);
  const std::string beside = path + ".new";
  const UniqueFd file(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!file) return failed(settings, "making", beside);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fsync(file.get()) != 0) {
    return failed(settings, "writing", beside);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed(settings, "renaming", beside);
  return flush_directory(settings);
}

Status remove_state_file(const Settings& settings, std::string_view name) {
  const std::string path = state_file_path(settings, name);
  if (::unlink(path.c_str()) == 0) return flush_directory(settings);
  if (errno == ENOENT || errno == ENOTDIR) return {};
  return failed(settings, "removing", path);
}

}  // namespace sterna::account
