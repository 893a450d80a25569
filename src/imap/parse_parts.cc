// SPDX-License-Identifier: Apache-2.0
// What stands in responses of several families.
#include "parse_parts.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sterna/base/bytes.h"
#include "sterna/imap/limits.h"

namespace sterna::imap {
namespace {

constexpr std::uint64_t kModSeqMax = INT64_MAX;

}  // namespace

std::optional<ModSeq> parse_mod_sequence(Cursor& cursor) {
  const auto value = cursor.take_number(kModSeqMax);
  if (!value || *value == 0) return std::nullopt;
  return ModSeq{*value};
}

std::optional<FlagList> parse_flag_list(Cursor& cursor, std::size_t keywords_max) {
  if (!cursor.take_after_spaces('(')) return std::nullopt;
  FlagList list;
  std::vector<std::string> words;
  std::size_t octets = 0;
  while (!cursor.take_after_spaces(')')) {
    if (cursor.at_end()) return std::nullopt;
    auto word = cursor.take_astring();
    if (!word) return std::nullopt;
    octets += word->size();
    if (words.size() >= keywords_max || octets > keywords_max * kKeywordOctets) return std::nullopt;
    if (*word == "\\*") list.star = true;
    if (ascii_iequals(*word, "\\Recent")) list.recent = true;
    words.push_back(std::move(*word));
  }
  list.flags = FlagSet::from_imap(std::move(words));
  return list;
}

}  // namespace sterna::imap
