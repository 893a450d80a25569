// SPDX-License-Identifier: Apache-2.0
#include "problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sterna::config {

std::string Problem::describe() const {
  std::string text;
  if (!file.empty()) {
    text = line == 0 ? fmt::format("{}: ", file) : fmt::format("{}:{}:{}: ", file, line, column);
  }
  text += message;
  if (!hint.empty()) text += "; " + hint;
  return text;
}

std::size_t Problems::add_file(std::string shown, std::string directory) {
  files_.push_back({std::move(shown), std::move(directory)});
  return files_.size() - 1;
}

void Problems::add(Place place, std::string message, std::string hint) {
  Found found{place, std::move(message), std::move(hint)};
  if (std::ranges::find(found_, found) == found_.end()) found_.push_back(std::move(found));
}

bool Problems::any_at(Place place) const {
  return std::ranges::find(found_, place, &Found::place) != found_.end();
}

std::string Problems::locate(Place place) const {
  return fmt::format("{}:{}", files_[place.file].shown, place.line);
}

std::vector<Problem> Problems::sorted() const {
  std::vector<Found> ordered = found_;
  std::ranges::sort(ordered, {}, [](const Found& found) {
    const bool has_file = found.place.file != Place::kNoFile;
    return std::tuple(has_file, found.place, std::string_view(found.message));
  });
  std::vector<Problem> problems;
  for (Found& found : ordered) {
    const bool has_file = found.place.file != Place::kNoFile;
    problems.push_back({has_file ? files_[found.place.file].shown : std::string(), found.place.line,
                        found.place.column, std::move(found.message), std::move(found.hint)});
  }
  return problems;
}

}  // namespace sterna::config
