// SPDX-License-Identifier: Apache-2.0
#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "sterna/base/secret.h"
#include "sterna/base/unique_fd.h"

namespace sterna::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kStepOctets = 4096;  // more room than is filled would be touched for nothing

// Makes room behind the text. What it held may be a secret, and none stays where it was moved from.
void grow(std::string& text, std::size_t octets) {
  if (octets > text.capacity()) {
    std::string larger;
    larger.reserve(octets);
    larger = text;
    wipe(text);
    text = std::move(larger);
  }
  text.resize(octets);
}

// Fills `text` with up to `octets_max` octets.
Status read_up_to(int fd, std::size_t octets_max, const std::string& path, std::string& text) {
  while (text.size() < octets_max) {
    const std::size_t filled = text.size();
    grow(text, std::min(filled + std::max(filled, kStepOctets), octets_max));
    const ssize_t got = ::read(fd, text.data() + filled, text.size() - filled);
    const int problem = errno;
    text.resize(filled + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && problem == EINTR) continue;
    if (got < 0) return fail(Error::from_errno(problem, path));
    if (got == 0) break;
  }
  return {};
}

struct OpenFile {
  UniqueFd fd;
  mode_t mode = 0;
};

Result<OpenFile> open_file(const std::string& path, int flags) {
  OpenFile file{UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags))};
  if (!file.fd) return fail(Error::from_errno(errno, path));
  struct stat about{};
  if (::fstat(file.fd.get(), &about) != 0) return fail(Error::from_errno(errno, path));
  file.mode = about.st_mode;
  return file;
}

Result<FileText> read_all(const OpenFile& file, const std::string& path, std::size_t octets_max) {
  FileText result;
  result.mode = file.mode;
  STERNA_CHECK(read_up_to(file.fd.get(), octets_max + 1, path, result.text));
  if (result.text.size() > octets_max) {
    return fail(ErrorCode::too_big,
                path + ": larger than " + std::to_string(octets_max) + " octets");
  }
  return result;
}

}  // namespace

Result<FileText> read_whole_file(const std::string& path, std::size_t octets_max) {
  STERNA_TRY(const OpenFile file, open_file(path, 0));
  return read_all(file, path, octets_max);
}

Result<FileText> read_regular_file(const std::string& path, std::size_t octets_max) {
  STERNA_TRY(const OpenFile file, open_file(path, O_NONBLOCK));
  if (!S_ISREG(file.mode)) return fail(ErrorCode::unsupported, path + ": not a regular file");
  return read_all(file, path, octets_max);
}

Result<std::vector<std::string>> toml_names_in(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator it(directory, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    std::string name = it->path().filename().string();
    if (name.ends_with(".toml") && !name.starts_with('.')) names.push_back(std::move(name));
  }
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return std::vector<std::string>();
  }
  if (error) return fail(Error::from_errno(error.value(), directory));
  std::ranges::sort(names);
  return names;
}

bool file_exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

bool is_directory(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool readable_by_others(mode_t mode) {
  return (mode & (S_IRGRP | S_IROTH)) != 0;
}

bool file_readable_by_others(const std::string& path) {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0 && readable_by_others(about.st_mode);
}

std::string directory_of(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return error ? std::string("/") : absolute.parent_path().string();
}

std::string resolved(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  return error ? fs::path(path).lexically_normal().string() : canonical.string();
}

}  // namespace sterna::config
