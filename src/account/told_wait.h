// SPDX-License-Identifier: Apache-2.0
// A ToldWait (pause.h) is in a file of the account's state, so that neither a daemon that is
// started again nor the next sync of a timer knocks before.
#pragma once

#include <cstdint>
#include <optional>

#include "sterna/account/pause.h"
#include "sterna/account/settings.h"
#include "sterna/base/error.h"
#include "sterna/base/result.h"

namespace sterna::account {

// None where there is none; also one that does not stand. Code corrupt where the file holds no such
// thing.
Result<std::optional<ToldWait>> read_told_wait(const Settings& settings);
// Durable on return, as is its end. What was said is cut where it is long.
Status write_told_wait(const Settings& settings, const ToldWait& wait);
Status end_told_wait(const Settings& settings);
// For the syncs to come, where `error` is a server's that asks for time; else nothing.
Status leave_word(const Settings& settings, const Error& error, std::int64_t now_ms);

// What a sync ends with instead of knocking: imap::told_to_wait() has what is left of it.
Error error_of(const ToldWait& wait, const Settings& settings, std::int64_t now_ms);

}  // namespace sterna::account
