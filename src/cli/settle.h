// SPDX-License-Identifier: Apache-2.0
// A configuration that was made from a foreign one, held against this version: what it refuses
// becomes a comment with the reason, so that what is printed can be used as it is.
#pragma once

#include <string>
#include <vector>

#include "sterna/base/secret.h"

namespace sterna::cli {

struct Settled {
  WipedString toml;
  std::vector<std::string> remarks;  // what became a comment, and why
};

// `toml` has a key a line, as write_toml() of importer prints it. An account that would reach
// another server or another Maildir without what was refused is switched off.
Settled settle(const WipedString& toml);

// Passwords become comments that do not have them.
WipedString without_passwords(const WipedString& toml);

}  // namespace sterna::cli
