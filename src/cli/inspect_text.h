// SPDX-License-Identifier: Apache-2.0
// What the inspecting commands tell people. Pure; every text ends with a line end or is empty.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json.h"
#include "style.h"

namespace sterna::cli {

// The account's name, then a line a check, with how to mend it below.
std::string check_text(const CheckedAccount& account, const Style& style = {});
// What of it went wrong.
CheckedAccount failures_of(const CheckedAccount& account);

std::string mailboxes_text(const std::vector<MailboxRow>& rows, const Style& style = {});

enum class NoteDetail : std::uint8_t { counts, every_message };
// The differences and the notes, then how many there are and what was compared.
std::string verify_text(const VerifiedAccount& account, NoteDetail detail, const Style& style = {});
// The same without the notes; "" where nothing differs.
std::string differences_text(const VerifiedAccount& account, const Style& style = {});

// A row a change; below it the file, unless the row above has named it.
std::string history_text(const std::vector<HistoryRow>& rows, const Style& style = {});

enum class HeldDetail : std::uint8_t { summary, every_message };
// What is held, by mailbox and kind or message by message.
std::string held_text(const std::vector<HeldRow>& rows, HeldDetail detail, const Style& style = {});

}  // namespace sterna::cli
