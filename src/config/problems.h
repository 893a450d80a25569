// SPDX-License-Identifier: Apache-2.0
// Gathers what is wrong with a configuration, each once, so that one run shows it all.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "node.h"
#include "sterna/config/load.h"

namespace sterna::config {

class Problems {
 public:
  // `shown` is the path as a person gave it; `directory`, absolute, is what relative paths in it
  // start from. Returns Place::file.
  std::size_t add_file(std::string shown, std::string directory);
  const std::string& shown(std::size_t file) const { return files_[file].shown; }
  const std::string& directory(std::size_t file) const { return files_[file].directory; }

  // The same problem at the same place is kept once: [defaults] are read for every account.
  void add(Place place, std::string message, std::string hint = {});
  bool empty() const { return found_.empty(); }
  bool any_at(Place place) const;
  // "FILE:LINE", to point at a place from within another problem's message.
  std::string locate(Place place) const;

  // In the order of files, lines and columns; problems of no file come first.
  std::vector<Problem> sorted() const;

 private:
  struct File {
    std::string shown;
    std::string directory;
  };
  struct Found {
    Place place;
    std::string message;
    std::string hint;
    bool operator==(const Found&) const = default;
  };
  std::vector<File> files_;
  std::vector<Found> found_;
};

}  // namespace sterna::config
