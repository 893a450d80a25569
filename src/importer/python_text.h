// SPDX-License-Identifier: Apache-2.0
// The Python that stands in configurations of OfflineIMAP, as far as it is obvious: literals, and
// functions of a folder's name that filter or rename. Nothing is run; what is not understood is
// nullopt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sterna::importer {

// 'text', "text", r'...', parts behind one another; nothing else.
std::optional<std::string> python_string(std::string_view code);
// ['a', 'b'] or ('a', 'b')
std::optional<std::vector<std::string>> python_strings(std::string_view code);

// A regular expression of the simple kind: literal text, '.' for any character, ".*", and the
// anchors. (a|b) is several.
struct SimplePattern {
  struct Item {
    enum class Kind : unsigned char { literal, any, anything, repeated } kind;
    char c = '\0';  // repeated: so many of it as there are
  };
  std::vector<Item> items;
  bool at_start = false;
  bool at_end = false;

  // IMAP's wildcards for what it finds.
  std::string wildcards() const;
  // Where it is found first: begin and end.
  std::optional<std::pair<std::size_t, std::size_t>> find(std::string_view text) const;
};
std::optional<std::vector<SimplePattern>> parse_patterns(std::string_view regex);

// What a folderfilter lets through, as patterns of IMAP. No `included`: all.
struct FolderFilter {
  std::vector<std::string> included;
  std::vector<std::string> excluded;
};
std::optional<FolderFilter> parse_folder_filter(std::string_view code);

// A nametrans.
class NameTranslation {
 public:
  struct Node;

  static std::optional<NameTranslation> parse(std::string_view code);

  std::string apply(std::string_view name) const;
  // Names that it has for single folders, as keys of a dictionary.
  const std::vector<std::string>& named() const { return named_; }
  // What it takes off the front of names.
  const std::vector<std::string>& stripped() const { return stripped_; }

 private:
  std::shared_ptr<const Node> root_;
  std::vector<std::string> named_;
  std::vector<std::string> stripped_;
};

}  // namespace sterna::importer
