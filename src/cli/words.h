// SPDX-License-Identifier: Apache-2.0
// Small pieces of text that several commands show.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sterna::cli {

// "1 message", "2 messages".
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);
// A word of the state, for people: "delete_remote" becomes "delete remote".
std::string spaced(std::string_view word);
// "account/mailbox", as the commands take it.
std::string place_text(const std::string& account, const std::string& mailbox);

}  // namespace sterna::cli
