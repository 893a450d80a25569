// SPDX-License-Identifier: Apache-2.0
// AES-256-GCM (NIST SP 800-38D) over a short text, under a key that a person made.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"

namespace sterna::oauth {

struct Sealed {
  std::string nonce;  // random, 12 octets
  std::string text;   // with the tag behind it
};

// `about` is not hidden, and whoever opens it must say the same.
Result<Sealed> seal(const Secret& key, std::string_view about, const Secret& text);
// nullopt: another key, something else that it is about, or not what was sealed.
std::optional<Secret> unseal(const Secret& key, std::string_view about, const Sealed& sealed);

}  // namespace sterna::oauth
