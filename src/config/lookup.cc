// SPDX-License-Identifier: Apache-2.0
#include "lookup.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "files.h"

namespace sterna::config {
namespace {

std::string home_of_user() {
  struct passwd entry{};
  struct passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  const int failed = ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
  return failed == 0 && found != nullptr && found->pw_dir != nullptr ? found->pw_dir : "";
}

bool is_absolute(const std::optional<std::string>& path) {
  return path && path->starts_with('/');
}

bool is_closed(const std::string& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) != 0 && errno == EACCES;
}

// systemd may name several directories, separated by colons; the first one is ours.
std::string first_of_list(const std::string& list) {
  return list.substr(0, list.find(':'));
}

}  // namespace

Lookup::Lookup(const LoadOptions& options) : options_(&options), home_(options.home) {
  if (home_.empty()) home_ = variable("HOME").value_or("");
  if (home_.empty() && !options.env) home_ = home_of_user();
}

std::optional<std::string> Lookup::variable(std::string_view name) const {
  std::optional<std::string> value;
  if (options_->env) {
    value = options_->env(name);
  } else if (const char* text = std::getenv(std::string(name).c_str())) {
    value = text;
  }
  return value && !value->empty() ? value : std::nullopt;
}

std::optional<std::string> Lookup::xdg(std::string_view name, std::string_view below_home) const {
  auto directory = variable(name);
  if (is_absolute(directory)) return directory;
  if (home_.empty()) return std::nullopt;
  return home_ + "/" + std::string(below_home);
}

std::vector<std::string> Lookup::files_in(const std::string& directory, Problems& problems) const {
  std::vector<std::string> files;
  if (file_exists(directory + "/config.toml")) files.push_back(directory + "/config.toml");
  const auto names = toml_names_in(directory + "/config.d");
  if (!names) {
    problems.add({}, names.error().message());
    return files;
  }
  for (const std::string& name : *names) files.push_back(directory + "/config.d/" + name);
  return files;
}

std::string Lookup::closed_in_system() const {
  const std::string& system = options_->system_directory;
  if (is_closed(system, X_OK)) return system;
  if (is_closed(system + "/config.d", R_OK | X_OK)) return system + "/config.d";
  Problems ignored;
  for (std::string& file : files_in(system, ignored)) {
    if (is_closed(file, R_OK)) return std::move(file);
  }
  return "";
}

std::optional<std::string> Lookup::alone() const {
  return options_->file ? options_->file : variable("STERNA_CONFIG");
}

std::vector<std::string> Lookup::directories() const {
  std::vector<std::string> directories;
  if (const auto user = xdg("XDG_CONFIG_HOME", ".config")) directories.push_back(*user + "/sterna");
  directories.push_back(options_->system_directory);
  return directories;
}

std::vector<std::string> Lookup::files(Problems& problems) const {
  if (const auto file = alone()) return {*file};
  const std::vector<std::string> where = directories();
  std::string closed;
  for (const std::string& directory : where) {
    if (directory == options_->system_directory) closed = closed_in_system();
    if (!closed.empty()) break;
    std::vector<std::string> files = files_in(directory, problems);
    if (!files.empty()) return files;
  }
  if (problems.empty()) {
    problems.add({},
                 closed.empty()
                     ? "there is no configuration"
                     : "there is no configuration of yours, and you may not read " + closed,
                 "sterna init writes one, from your mail address; by hand: " + where.front() +
                     "/config.toml, as sterna.toml(5) says");
  }
  return {};
}

std::optional<std::string> Lookup::state_dir() const {
  const auto given = variable("STATE_DIRECTORY");
  if (is_absolute(given)) return first_of_list(*given);
  const auto home = xdg("XDG_STATE_HOME", ".local/state");
  return home ? std::optional(*home + "/sterna") : std::nullopt;
}

std::string Lookup::control_socket(const std::string& state_dir) const {
  const auto of_unit = variable("RUNTIME_DIRECTORY");
  if (is_absolute(of_unit)) return first_of_list(*of_unit) + "/control.sock";
  const auto of_user = variable("XDG_RUNTIME_DIR");
  if (is_absolute(of_user)) return *of_user + "/sterna/control.sock";
  return state_dir + "/control.sock";
}

}  // namespace sterna::config
