// SPDX-License-Identifier: Apache-2.0
// What mends an error that does not say so itself. What servers say in words of their own differs
// from provider to provider: a hint is given where some are recognised, and nothing else depends on
// it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "sterna/base/error.h"

namespace sterna::account {

// The error's own hint, else what mends errors of its kind in general; "" where that is not known.
std::string hint_for(const Error& error);

// Of what a server says to a login that it refuses; "" where it says nothing of the kind.
std::string hint_of_refusal(std::string_view said);

// Of what was said in place of a greeting, by a server of something else than mail.
std::string hint_of_greeting(std::string_view said);

}  // namespace sterna::account
