// SPDX-License-Identifier: Apache-2.0
// A file of its own, not a row of the base: it is read and written while somebody else has the
// state. It is replaced by rename, so a reader sees one decision or the other.
#include "sterna/account/pause.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "sterna/base/bytes.h"
#include "sterna/base/unique_fd.h"

namespace sterna::account {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr std::size_t kTextMax = 64;

std::unexpected<Error> failed(const Settings& settings, std::string_view doing,
                              const std::string& path) {
  return fail(Error::of_file(errno, doing, path)
                  .with_scope(ErrorScope::account)
                  .with_context("account " + settings.name));
}

std::string path_of(const Settings& settings) {
  return settings.state_dir + "/pause";
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

Status end_pause(const Settings& settings) {
  const std::string path = path_of(settings);
  if (::unlink(path.c_str()) == 0) return flush_directory(settings);
  if (errno == ENOENT || errno == ENOTDIR) return {};
  return failed(settings, "removing", path);
}

}  // namespace

Result<std::optional<Pause>> read_pause(const Settings& settings, std::int64_t now_ms) {
  const std::string path = path_of(settings);
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::optional<Pause>();
  if (!file) return failed(settings, "opening", path);
  char text[kTextMax];
  const ssize_t count = ::read(file.get(), text, sizeof(text));
  if (count < 0) return failed(settings, "reading", path);
  const std::string_view written(text, static_cast<std::size_t>(count));
  const auto until = parse_number(trim(written), INT64_MAX);
  if (!until) {
    return fail(Error(ErrorCode::corrupt, fmt::format("{} holds no time", path))
                    .with_hint(fmt::format("sterna resume {}", settings.name))
                    .with_context("account " + settings.name));
  }
  const Pause pause{static_cast<std::int64_t>(*until)};
  if (pause.until_ms != 0 && pause.until_ms <= now_ms) return std::optional<Pause>();
  return std::optional(pause);
}

Status write_pause(const Settings& settings, const std::optional<Pause>& pause) {
  if (!pause) return end_pause(settings);
  STERNA_CHECK(make_directory(settings, settings.state_dir));
  const std::string path = path_of(settings);
  const std::string beside = path + ".new";
  const UniqueFd file(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!file) return failed(settings, "making", beside);
  const std::string text = fmt::format("{}\n", pause->until_ms);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fsync(file.get()) != 0) {
    return failed(settings, "writing", beside);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed(settings, "renaming", beside);
  return flush_directory(settings);
}

}  // namespace sterna::account
