// SPDX-License-Identifier: Apache-2.0
#include "sterna/config/place.h"

#include "files.h"
#include "lookup.h"

namespace sterna::config {
namespace {

Error taken(const std::string& path, std::string hint) {
  return Error(ErrorCode::exists, path + " is there already").with_hint(std::move(hint));
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
  for (const std::string& directory : lookup.directories()) {
    place.directory = directory;
    place.files = lookup.files_in(directory, problems);
    if (!problems.empty()) break;
    if (!place.files.empty()) return place;
  }
  if (!problems.empty()) return fail(ErrorCode::config, problems.sorted().front().describe());
  place.directory = lookup.directories().front();
  return place;
}

}  // namespace sterna::config
