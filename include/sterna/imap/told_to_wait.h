// SPDX-License-Identifier: Apache-2.0
// What a server that refuses or leaves says about coming again: throttling, limits, maintenance.
//
// RFC 5530 has codes for it, and few use them; most say it in words (docs/imap.md).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "sterna/base/error.h"

namespace sterna::imap {

// However long a server asks for, it is asked again after that.
inline constexpr std::chrono::hours kToldWaitMax{1};

// Words of a limit of the account: whatever the command was, the others would fare no better.
bool tells_of_limit(std::string_view text);
// These, and words of something that passes, which a login or a BYE may have.
bool says_later(std::string_view text);

// The time that is named: "Suggested Backoff Time: 92415 milliseconds", "try again in 5 minutes";
// up to kToldWaitMax.
std::optional<std::chrono::milliseconds> named_wait(std::string_view text);

// How long the server wants to be left alone, where the error is one of the account that says so:
// what it named, else what its kind of limit takes. nullopt: it asks for nothing of that kind.
std::optional<std::chrono::milliseconds> told_to_wait(const Error& error);

}  // namespace sterna::imap
