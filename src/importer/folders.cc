// SPDX-License-Identifier: Apache-2.0
#include "folders.h"

#include <algorithm>

#include "sterna/base/bytes.h"
#include "sterna/model/modified_utf7.h"

namespace sterna::importer {
namespace {

// What stands behind `head` and a '/', or nullopt.
std::optional<std::string_view> below(std::string_view path, std::string_view head) {
  if (!path.starts_with(head)) return std::nullopt;
  path.remove_prefix(head.size());
  if (path.empty() || head.ends_with('/')) return path;
  if (!path.starts_with('/')) return std::nullopt;
  return path.substr(1);
}

std::string decoded_component(std::string_view component) {
  if (!component.contains('&')) return std::string(component);
  return modified_utf7_decode(component).value_or(std::string(component));
}

}  // namespace

std::string plain_path(std::string_view path) {
  std::string plain(path.starts_with('/') ? "/" : "");
  for (const std::string_view component : split(path, '/')) {
    if (component.empty() || component == ".") continue;
    if (!plain.empty() && !plain.ends_with('/')) plain += '/';
    plain += component;
  }
  return plain;
}

std::optional<std::string> path_below(std::string_view path, std::string_view directory) {
  const auto rest = below(path, directory);
  if (!rest || directory.empty()) return std::nullopt;
  return std::string(*rest);
}

std::string decoded_name(std::string_view folder, std::string_view separator) {
  std::string name;
  std::string component;
  const auto end_component = [&] {
    name += decoded_component(component);
    component.clear();
  };
  while (!folder.empty()) {
    const bool ends = !separator.empty() && folder.starts_with(separator);
    if (ends || folder.starts_with('/')) {
      end_component();
      name += '/';
      folder.remove_prefix(ends ? separator.size() : 1);
    } else {
      component += folder.front();
      folder.remove_prefix(1);
    }
  }
  end_component();
  return name;
}

void Renames::add(const std::string& local, const std::string& remote) {
  const bool known =
      std::ranges::any_of(entries_, [&local](const auto& entry) { return entry.first == local; });
  if (!known && implied(local) != remote) entries_.emplace_back(local, remote);
}

std::string Renames::implied(std::string_view local) const {
  std::string_view longest;
  std::string remote(local);
  for (const auto& [from, to] : entries_) {
    const auto rest = below(local, from);
    if (!rest || from.size() < longest.size()) continue;
    longest = from;
    remote = rest->empty() ? to : to + "/" + std::string(*rest);
  }
  return remote;
}

}  // namespace sterna::importer
