// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::cli {

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::string spaced(std::string_view word) {
  std::string text = printable(word);
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string place_text(const std::string& account, const std::string& mailbox) {
  return mailbox.empty() ? account : fmt::format("{}/{}", account, printable(mailbox));
}

}  // namespace sterna::cli
