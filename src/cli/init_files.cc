// SPDX-License-Identifier: Apache-2.0
#include "init_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "sterna/base/unique_fd.h"

namespace sterna::cli {
namespace {

namespace fs = std::filesystem;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Those that are there stay as they are.
Status make_directories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT || path.find('/', 1) == std::string::npos)
    return fail(Error::of_file(errno, "making the directory", path));
  STERNA_CHECK(make_directories(directory_of(path)));
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(Error::of_file(errno, "making the directory", path));
}

Status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(Error::of_file(errno, "writing", path));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return fail(Error::of_file(errno, "flushing", path));
  return {};
}

Status flush_directory_of(const std::string& path) {
  const std::string above = directory_of(path);
  const UniqueFd directory(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0)
    return fail(Error::of_file(errno, "flushing", above));
  return {};
}

// A directory of this process alone, gone with this.
class Stage {
 public:
  Stage() {
    const char* runtime = ::secure_getenv("XDG_RUNTIME_DIR");
    for (const std::string& below : {std::string(runtime ? runtime : ""), std::string("/tmp")}) {
      if (below.empty()) continue;
      path_ = below + "/sterna-init-XXXXXX";
      if (::mkdtemp(path_.data()) != nullptr) return;
    }
    path_.clear();
  }
  ~Stage() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::size_t at = 0;
  while ((at = text.find(from, at)) != std::string::npos) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

// The problems of what is staged, as of where it would be, or is. Any of their words may name it.
Error as_of(std::vector<config::Problem> problems, const std::string& stage,
            const std::string& directory, const std::string& staged, const std::string& path) {
  std::string text;
  std::string hint;
  for (config::Problem& problem : problems) {
    for (std::string* words : {&problem.file, &problem.message, &problem.hint}) {
      replace_all(*words, staged, path);
      replace_all(*words, stage, directory);
    }
    hint = problem.hint;
    problem.hint.clear();
    text += (text.empty() ? "" : "; ") + problem.describe();
  }
  return Error(ErrorCode::config, std::move(text))
      .with_hint(problems.size() == 1 ? std::move(hint) : std::string());
}

}  // namespace

Status write_new_file(const std::string& path, std::string_view text) {
  STERNA_CHECK(make_directories(directory_of(path)));
  const UniqueFd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return fail(Error::of_file(errno, "making", path));
  if (auto written = write_all(file.get(), text, path); !written) {
    ::unlink(path.c_str());
    return written;
  }
  return flush_directory_of(path);
}

Status replace_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());  // of an init that was killed
  STERNA_CHECK(write_new_file(fresh, text));
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    const int problem = errno;
    ::unlink(fresh.c_str());
    return fail(Error::of_file(problem, "replacing", path));
  }
  return flush_directory_of(path);
}

std::string superseded_text(const config::ConfigPlace& place, const std::string& path) {
  if (place.superseded.empty()) return "";
  return fmt::format(
      "what is in {}, which is read now, is not yours to change: the account goes into {}, and "
      "from "
      "then on that is read instead",
      place.superseded, path);
}

Result<config::Config> load_with(const config::LoadOptions& options,
                                 const config::ConfigPlace& place, const std::string& path,
                                 std::string_view text) {
  const Stage stage;
  if (stage.path().empty()) return fail(Error::of_file(errno, "making a directory in", "/tmp"));
  const std::string directory = stage.path() + "/sterna";
  const std::string staged = directory + "/config.d/sterna-init-new.toml";
  STERNA_CHECK(write_new_file(staged, text));
  for (const std::string& file : place.files) {
    const bool main = file == place.directory + "/config.toml";
    const std::string name = file.substr(file.rfind('/') + 1);
    const std::string link = directory + (main ? "/" : "/config.d/") + name;
    if (::symlink(fs::absolute(file).c_str(), link.c_str()) != 0)
      return fail(Error::of_file(errno, "linking", link));
  }
  config::LoadOptions at_stage = options;
  at_stage.file.reset();
  at_stage.env = [&stage](std::string_view name) -> std::optional<std::string> {
    if (name == "XDG_CONFIG_HOME") return stage.path();
    if (name == "STERNA_CONFIG") return std::nullopt;
    const char* value = ::getenv(std::string(name).c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  auto loaded = config::load_or_problems(at_stage);
  if (!loaded)
    return fail(as_of(std::move(loaded).error(), directory, place.directory, staged, path));
  return std::move(*loaded);
}

}  // namespace sterna::cli
