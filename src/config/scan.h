// SPDX-License-Identifier: Apache-2.0
// What can be said of the text of a configuration without its grammar: what the TOML library is not
// to see, and why it stumbled where it did.
#pragma once

#include <optional>
#include <string_view>

namespace sterna::config {

// Lines and columns count from 1, columns in characters. `message` is empty if there is nothing to
// object to.
struct Objection {
  unsigned line = 0;
  unsigned column = 0;
  std::string_view message;
  std::string_view hint;
};

inline constexpr std::string_view kTooDeep = "tables nest too deeply";

// Keys with more dots than any configuration has, and characters beyond ASCII, where they stand
// outside strings and comments.
Objection first_objection(std::string_view text);

// Where the library stumbled over text that should stand in quotes (`key = some text`), the column
// in which that text begins.
std::optional<unsigned> column_without_quotes(std::string_view text, unsigned line,
                                              unsigned column);

// Whether that line belongs to a key which may hold a secret, so that nothing of it may be shown.
bool may_hold_secret(std::string_view text, unsigned line);

}  // namespace sterna::config
