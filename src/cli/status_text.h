// SPDX-License-Identifier: Apache-2.0
// What `status` tells people: a row an account, then what needs attention with the command that
// mends it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json.h"
#include "style.h"

namespace sterna::cli {

// The state's word where no daemon looks after the account: of the stable ones that `status --json`
// promises.
std::string_view state_word(const account::AccountState& state, bool enabled);
// "left alone until 2026-01-01 09:00:12, as its server asked".
std::string left_alone_text(std::int64_t until_ms);
// What a daemon knows goes over what the last sync left on the disk.
void take_life(StatusRow& row, const account::Life& life);

std::string status_text(const std::vector<StatusRow>& rows, std::int64_t now_ms,
                        const Style& style = {});
// A line for each account that is no longer as it was.
std::string changes_text(const std::vector<StatusRow>& before, const std::vector<StatusRow>& now,
                         std::int64_t now_ms);

// For a bar of a desktop: the state that asks for attention most, or "ok"; what to show; and a line
// an account.
std::string_view worst_word(const std::vector<StatusRow>& rows);
std::string bar_text(const std::vector<StatusRow>& rows);
std::string bar_tooltip(const std::vector<StatusRow>& rows, std::int64_t now_ms);

}  // namespace sterna::cli
