// SPDX-License-Identifier: Apache-2.0
// What a sync tells people: a line an account, a plan by mailbox, and what went wrong. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exit_status.h"
#include "sterna/account/sync.h"
#include "style.h"

namespace sterna::cli {

// How much of this report counts as done, held and failed.
Outcome outcome_of(const account::AccountReport& report);

// "work: 12 new, 3 sent, 5 flags, 1 deleted in 0.8 s", "home: nothing to do"; with a line end. ""
// where nothing was done because it failed: the errors say it all.
std::string summary_text(const account::AccountReport& report, const Style& style = {});

// The plan of a dry run: the account's name, then a row a mailbox and action.
std::string plan_text(const account::AccountReport& report, const Style& style = {});

// What belongs on the standard error output: errors, then what is held, with the command that mends
// it.
std::vector<Error> complaints(const account::AccountReport& report);

// `error` with the account in front, unless it is named there already.
Error of_account(const std::string& account, Error error);

// "paused until 2026-01-01 09:00:12", "paused until it is resumed" where that is 0.
std::string paused_text(std::int64_t until_ms);

// Where no account is named and none is enabled.
inline constexpr std::string_view kAllDisabled =
    "sterna: nothing was done: all accounts are disabled (enabled = false)\n";

}  // namespace sterna::cli
