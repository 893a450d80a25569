// SPDX-License-Identifier: Apache-2.0
// SASLprep (RFC 4013): a name or a password as both sides of a mechanism that hashes it agree to
// write it, however it was typed.
#pragma once

#include <string_view>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"

namespace sterna::auth {

// As a query (RFC 3454 section 7): code points that Unicode 3.2 did not have pass as they are.
// Fails with code secret for what is no UTF-8, holds control characters or others that are
// prohibited, or is empty afterwards; the error does not show it. `what` names it: "the password".
Result<Secret> saslprep(std::string_view text, std::string_view what);

}  // namespace sterna::auth
