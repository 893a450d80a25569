// SPDX-License-Identifier: Apache-2.0
#include "message_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

std::string_view base_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.substr(0, name.rfind(":2,"));
}

// "" of a name alone.
std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// A message goes from new to cur by itself.
std::string_view folder_of(std::string_view directory) {
  for (const std::string_view last : {"cur", "new"}) {
    if (directory == last) return {};
    if (directory.ends_with(last) && directory[directory.size() - last.size() - 1] == '/') {
      return directory.substr(0, directory.size() - last.size() - 1);
    }
  }
  return directory;
}

// With links followed.
std::string whole_folder_of(std::string_view directory) {
  std::error_code error;
  const auto whole = std::filesystem::weakly_canonical(std::filesystem::path(directory), error);
  return error ? std::string() : std::string(folder_of(whole.native()));
}

// `word` may begin in the middle: INBOX/cur.
bool is_in(std::string_view word, std::string_view directory) {
  const std::string_view wanted = folder_of(word);
  const std::string_view folder = folder_of(directory);
  if (wanted.empty() || folder == wanted) return true;
  if (folder.ends_with(wanted) && folder[folder.size() - wanted.size() - 1] == '/') return true;
  const std::string whole = whole_folder_of(word);
  return !whole.empty() && whole == whole_folder_of(directory);
}

}  // namespace

Result<MessageWords> MessageWords::parse(const std::vector<std::string>& words) {
  MessageWords parsed;
  for (const std::string& text : words) {
    Word word{.text = text, .id = 0, .message_id = {}, .base = {}, .directory = {}, .used = false};
    const bool is_id = text.find('@') != std::string::npos || text.starts_with('<');
    if (const auto number = parse_number(text, INT64_MAX); number && *number > 0) {
      word.id = static_cast<std::int64_t>(*number);
    } else if (text.find('/') != std::string::npos && !text.starts_with('<')) {
      word.base = base_of(text);
      word.directory = directory_of(text);
    } else if (is_id) {
      word.message_id = text.starts_with('<') ? text : fmt::format("<{}>", text);
    } else {
      return fail(Error(ErrorCode::usage, fmt::format("{} is neither the number of a message, nor "
                                                      "a Message-ID, nor a file",
                                                      printable(text, 200)))
                      .with_hint("the number is the one that list shows"));
    }
    parsed.words_.push_back(std::move(word));
  }
  return parsed;
}

bool MessageWords::takes(std::int64_t id, std::string_view message_id, std::string_view path) {
  bool taken = words_.empty();
  for (Word& word : words_) {
    const bool named = word.id != 0               ? word.id == id
                       : !word.message_id.empty() ? word.message_id == message_id
                                                  : !path.empty() && word.base == base_of(path) &&
                                                        is_in(word.directory, directory_of(path));
    word.used = word.used || named;
    taken = taken || named;
  }
  return taken;
}

Status MessageWords::all_used(std::string_view what) const {
  const auto unused = std::ranges::find(words_, false, &Word::used);
  if (unused == words_.end()) return {};
  return fail(
      Error(ErrorCode::usage, fmt::format("{} is not {}", printable(unused->text, 200), what))
          .with_hint("list shows what is, with its number"));
}

}  // namespace sterna::cli
