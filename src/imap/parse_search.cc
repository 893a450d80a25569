// SPDX-License-Identifier: Apache-2.0
// Sets of messages: SEARCH, ESEARCH (RFC 4731, RFC 9394), VANISHED (RFC 7162). A set that is not
// wholly understood is not understood at all: half of it would read as "the others are gone".
#include <algorithm>
#include <vector>

#include "parse_parts.h"
#include "sterna/base/bytes.h"

namespace sterna::imap {
namespace {

// Servers send numbers in any order; sorted once, they make a set in linear time.
UidSet to_set(std::vector<std::uint32_t>& numbers) {
  std::ranges::sort(numbers);
  UidSet set;
  for (const std::uint32_t number : numbers) set.add(Uid{number});
  return set;
}

std::optional<UidSet> parse_set(Cursor& cursor) {
  cursor.skip_spaces();
  return UidSet::parse(cursor.take_word());
}

// "(TAG "x")"
bool parse_correlator(Cursor& cursor, ESearch& result) {
  if (!cursor.take_after_spaces('(')) return true;
  const auto word = cursor.take_astring();
  auto tag = cursor.take_astring();
  if (!word || !ascii_iequals(*word, "TAG") || !tag) return false;
  result.tag = std::move(*tag);
  return cursor.take_after_spaces(')');
}

// "(1:500 2,10:11)" or "(1:500 NIL)"
bool parse_partial(Cursor& cursor, ESearch& result) {
  if (!cursor.take_after_spaces('(')) return false;
  cursor.take_word();  // the part that was asked for
  if (!cursor.take_nil()) {
    auto set = parse_set(cursor);
    if (!set) return false;
    result.all = std::move(*set);
  }
  return cursor.take_after_spaces(')');
}

bool parse_esearch_item(Cursor& cursor, std::string_view name, ESearch& result) {
  if (ascii_iequals(name, "UID")) {
    result.uid = true;
    return true;
  }
  if (ascii_iequals(name, "ALL")) {
    auto set = parse_set(cursor);
    if (!set) return false;
    result.all = std::move(*set);
    return true;
  }
  if (ascii_iequals(name, "PARTIAL")) return parse_partial(cursor, result);
  if (ascii_iequals(name, "MODSEQ")) {
    result.modseq = parse_mod_sequence(cursor);
    return true;
  }
  const bool min = ascii_iequals(name, "MIN");
  if (!min && !ascii_iequals(name, "MAX") && !ascii_iequals(name, "COUNT")) {
    return cursor.skip_value();
  }
  const auto number = cursor.take_number(UINT32_MAX);
  if (!number) return false;
  const auto value = static_cast<std::uint32_t>(*number);
  if (ascii_iequals(name, "COUNT")) {
    result.count = value;
  } else if (value != 0) {
    (min ? result.min : result.max) = Uid{value};
  }
  return true;
}

}  // namespace

std::optional<Response> parse_search(Cursor& cursor) {
  Search search;
  std::vector<std::uint32_t> numbers;
  for (cursor.skip_spaces(); !cursor.at_end(); cursor.skip_spaces()) {
    if (cursor.take('(')) {  // (MODSEQ 917162500)
      if (!ascii_iequals(cursor.take_word(), "MODSEQ")) return std::nullopt;
      search.modseq = parse_mod_sequence(cursor);
      if (!cursor.take_after_spaces(')')) return std::nullopt;
      continue;
    }
    const auto number = cursor.take_number(UINT32_MAX);
    if (!number || *number == 0) return std::nullopt;
    numbers.push_back(static_cast<std::uint32_t>(*number));
  }
  search.numbers = to_set(numbers);
  return search;
}

std::optional<Response> parse_esearch(Cursor& cursor) {
  ESearch result;
  if (!parse_correlator(cursor, result)) return std::nullopt;
  for (cursor.skip_spaces(); !cursor.at_end(); cursor.skip_spaces()) {
    const std::string_view name = cursor.take_word();
    if (name.empty() || !parse_esearch_item(cursor, name, result)) return std::nullopt;
  }
  return result;
}

std::optional<Response> parse_vanished(Cursor& cursor) {
  Vanished vanished;
  if (cursor.take_after_spaces('(')) {
    vanished.earlier = ascii_iequals(cursor.take_word(), "EARLIER");
    if (!vanished.earlier || !cursor.take_after_spaces(')')) return std::nullopt;
  }
  auto set = parse_set(cursor);
  if (!set) return std::nullopt;
  vanished.uids = std::move(*set);
  cursor.skip_spaces();
  if (!cursor.at_end()) return std::nullopt;
  return vanished;
}

}  // namespace sterna::imap
