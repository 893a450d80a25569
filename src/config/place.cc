// SPDX-License-Identifier: Apache-2.0
#include "sterna/config/place.h"

#include <fcntl.h>
#include <unistd.h>

#include "files.h"
#include "lookup.h"

namespace sterna::config {
namespace {

Error taken(const std::string& path, std::string hint) {
  return Error(ErrorCode::exists, path + " is there already").with_hint(std::move(hint));
}

bool may_add_to(const std::string& directory) {
  const std::string further = directory + "/config.d";
  const std::string& into = file_exists(further) ? further : directory;
  return ::faccessat(AT_FDCWD, into.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

}  // namespace

Result<std::string> ConfigPlace::file_for(const std::string& account) const {
  constexpr std::string_view kPrint =
      "sterna init --print prints what belongs into it, to be added by hand";
  if (!alone.empty()) {
    if (!files.empty()) return fail(taken(alone, std::string(kPrint)));
    return alone;
  }
  if (files.empty()) return directory + "/config.toml";
  const std::string path = directory + "/config.d/" + account + ".toml";
  if (file_exists(path)) {
    return fail(taken(path, "choose another name with --name; or " + std::string(kPrint)));
  }
  return path;
}

Result<ConfigPlace> find_place(const LoadOptions& options) {
  const Lookup lookup(options);
  ConfigPlace place;
  place.alone = lookup.alone().value_or("");
  if (!place.alone.empty()) {
    if (file_exists(place.alone)) place.files.push_back(place.alone);
    return place;
  }
  Problems problems;
  const std::vector<std::string> directories = lookup.directories();
  const std::string& first = directories.front();
  for (const std::string& directory : directories) {
    const bool is_system = directory == options.system_directory;
    if (is_system && !lookup.closed_in_system().empty()) break;
    place.files = lookup.files_in(directory, problems);
    if (!problems.empty()) return fail(ErrorCode::config, problems.sorted().front().describe());
    if (place.files.empty()) continue;
    place.directory = directory;
    if (directory == first || may_add_to(directory)) return place;
    place.superseded = directory;
  }
  place.files.clear();
  place.directory = first;
  return place;
}

}  // namespace sterna::config
