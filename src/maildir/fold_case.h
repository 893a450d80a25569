// SPDX-License-Identifier: Apache-2.0
// Case folding, as file systems that ignore case do it.
#pragma once

#include <string>
#include <string_view>

namespace sterna::maildir {

// Simple case folding by Unicode: letter for letter, so that "ß" stays what it is. What is not
// valid UTF-8 stays, octet by octet. The number of octets may change.
std::string fold_case(std::string_view text);

}  // namespace sterna::maildir
