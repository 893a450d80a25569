// SPDX-License-Identifier: Apache-2.0
// How tokens are written down: JSON, with everything in it, or with a sealed text in it.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "seal.h"
#include "sterna/oauth/tokens.h"

namespace sterna::oauth {

Secret write_tokens(const Tokens& tokens);
Secret write_sealed(const Sealed& sealed);
// monostate: neither of the two, or of a later version.
std::variant<std::monostate, Tokens, Sealed> read_token_text(std::string_view text);

}  // namespace sterna::oauth
