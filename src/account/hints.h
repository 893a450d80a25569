// SPDX-License-Identifier: Apache-2.0
// What servers say in words of their own, and what mends it. Words differ from provider to
// provider, so a hint is given where some are recognised, and nothing else depends on it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace sterna::account {

// Of what a server says to a login that it refuses; "" where it says nothing of the kind.
std::string hint_of_refusal(std::string_view said);

// Of what was said in place of a greeting, by a server of something else than mail.
std::string hint_of_greeting(std::string_view said);

}  // namespace sterna::account
