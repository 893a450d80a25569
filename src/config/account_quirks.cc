// SPDX-License-Identifier: Apache-2.0
// [account.NAME.quirks]: what the server does, where the user knows better than the table of
// imap/quirks.cc. The names and kinds are those of that table; a test of cli compares the two.
#include <algorithm>
#include <array>
#include <string_view>

#include "account.h"
#include "keys.h"

namespace sterna::config {
namespace {

struct Number {
  std::string_view name;
  std::int64_t min;
  std::int64_t max;
};

constexpr std::array kNumbers = {
    Number{"command_line_octets_max", 500, 64'000}, Number{"pipeline_depth_max", 1, 1'000},
    Number{"connections_max", 1, kConnectionsMax},  Number{"download_mb_a_day", 0, 1'000'000},
    Number{"upload_mb_a_day", 0, 1'000'000},        Number{"idle_seconds_max", 30, 29 * 60}};

bool is_number(std::string_view name) {
  return std::ranges::find(kNumbers, name, &Number::name) != kNumbers.end();
}

}  // namespace

void read_quirks(const Fields& fields, AccountConfig& account) {
  const Node* node = fields.find("quirks");
  if (node == nullptr) return;
  if (!node->is(Node::Kind::table)) {
    fields.refuse("quirks", "`quirks` takes a table, such as [account.NAME.quirks]");
    return;
  }
  const Fields quirks(*node, Section::quirks, "quirks.", fields.home(), fields.problems());
  quirks.check_keys();
  for (const Number& number : kNumbers) {
    std::uint64_t value = 0;
    if (quirks.integer(number.name, number.min, number.max, value))
      account.quirks[std::string(number.name)] = value;
  }
  for (const Key& key : kKeys) {
    if (key.section != Section::quirks || is_number(key.name)) continue;
    bool value = false;
    if (quirks.boolean(key.name, value)) account.quirks[std::string(key.name)] = value ? 1 : 0;
  }
}

}  // namespace sterna::config
