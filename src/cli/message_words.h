// SPDX-License-Identifier: Apache-2.0
// Single messages, as a user names them behind an account: by the number that a list shows, by
// Message-ID, or as a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"

namespace sterna::cli {

class MessageWords {
 public:
  // Code usage for a word that can be none of these.
  static Result<MessageWords> parse(const std::vector<std::string>& words);

  bool empty() const { return words_.empty(); }  // all are meant
  // Whether a message is named, or none is. A file is known by its name up to the flags, and by as
  // much of its folder as is given: INBOX/cur/name.
  bool takes(std::int64_t id, std::string_view message_id, std::string_view path);
  // Code usage, with the first word that nothing was taken by; `what`: "held", "in the undo area".
  Status all_used(std::string_view what) const;

 private:
  struct Word {
    std::string text;        // as typed
    std::int64_t id = 0;     // 0: none
    std::string message_id;  // with its angle brackets
    std::string base;        // of a file
    std::string directory;   // "" where it is not given
    bool used = false;
  };
  std::vector<Word> words_;
};

}  // namespace sterna::cli
