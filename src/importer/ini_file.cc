// SPDX-License-Identifier: Apache-2.0
#include "ini_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::importer {
namespace {

constexpr int kDepthMax = 10;
constexpr std::size_t kFilledOctetsMax = 64 * 1024;  // of one value, whatever it refers to

bool is_indented(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

}  // namespace

IniFile parse_ini(std::string_view text) {
  IniFile file;
  bool in_value = false;
  unsigned number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    const std::string_view content = trim(line);
    if (content.empty() || content.starts_with('#') || content.starts_with(';')) continue;
    if (in_value && is_indented(line)) {
      WipedString& value = file.sections_.back().entries.back().value;
      if (!value.empty()) value += '\n';
      value += content;
      continue;
    }
    if (content.starts_with('[')) {
      const std::size_t end = content.find(']');
      in_value = false;
      if (end == std::string_view::npos) {
        file.problems_.push_back(fmt::format("line {}: the section has no end", number));
      } else {
        file.sections_.push_back({std::string(content.substr(1, end - 1)), {}});
      }
      continue;
    }
    const std::size_t mark = content.find_first_of("=:");
    if (file.sections_.empty() || mark == std::string_view::npos || mark == 0) {
      file.problems_.push_back(fmt::format("line {}: is no setting", number));
      continue;
    }
    file.sections_.back().entries.push_back({ascii_lower(trim(content.substr(0, mark))),
                                             std::string(trim(content.substr(mark + 1))), number});
    in_value = true;
  }
  return file;
}

const IniSection* IniFile::section(std::string_view name) const {
  const IniSection* found = nullptr;
  for (const IniSection& one : sections_) {
    if (one.name == name) found = &one;
  }
  return found;
}

const IniEntry* IniFile::find(std::string_view name, std::string_view key) const {
  for (const std::string_view place : {name, std::string_view("DEFAULT")}) {
    const IniSection* one = section(place);
    if (one == nullptr) continue;
    const IniEntry* found = nullptr;
    for (const IniEntry& entry : one->entries) {
      if (entry.key == key) found = &entry;
    }
    if (found != nullptr) return found;
  }
  return nullptr;
}

std::optional<WipedString> IniFile::get(std::string_view name, std::string_view key) const {
  const IniEntry* entry = find(name, key);
  if (entry == nullptr) return std::nullopt;
  std::size_t budget = kFilledOctetsMax;
  return filled(name, entry->value, 0, budget);
}

WipedString IniFile::filled(std::string_view name, std::string_view value, int depth,
                            std::size_t& budget) const {
  WipedString out;
  while (!value.empty() && budget > 0) {
    if (value.starts_with("%%")) {
      out += '%';
      value.remove_prefix(2);
      --budget;
      continue;
    }
    const std::size_t end = value.starts_with("%(") ? value.find(")s") : std::string_view::npos;
    const IniEntry* other =
        end == std::string_view::npos ? nullptr : find(name, ascii_lower(value.substr(2, end - 2)));
    if (other != nullptr && depth < kDepthMax) {
      --budget;
      out += filled(name, other->value, depth + 1, budget);
      value.remove_prefix(end + 2);
    } else {
      out += value.front();
      value.remove_prefix(1);
      --budget;
    }
  }
  return out;
}

}  // namespace sterna::importer
