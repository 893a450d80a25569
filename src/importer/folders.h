// SPDX-License-Identifier: Apache-2.0
// Paths and folders as other programs write them, and the renames that let them stay as they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sterna::importer {

// Without what a path can do without: "//", "/." and a '/' at the end. "" stays "".
std::string plain_path(std::string_view path);

// What `path` is below `directory`: "" for itself; nullopt if it is not below it. Both plain.
std::optional<std::string> path_below(std::string_view path, std::string_view directory);

// The name that a folder's path spells where names stand as they are on the wire, in modified
// UTF-7; a component that is none is taken as it is. `separator`: what stands for '/' in it, if
// anything but '/' does.
std::string decoded_name(std::string_view folder, std::string_view separator = {});

// Local names to remote names, as the key `rename` has them: children are implied.
class Renames {
 public:
  // Folders above `local` come first. Nothing is added where `remote` follows from what there is.
  void add(const std::string& local, const std::string& remote);

  const std::vector<std::pair<std::string, std::string>>& all() const { return entries_; }

 private:
  std::string implied(std::string_view local) const;

  std::vector<std::pair<std::string, std::string>> entries_;
};

}  // namespace sterna::importer
