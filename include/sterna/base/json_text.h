// SPDX-License-Identifier: Apache-2.0
// Any octets through a JSON library that takes UTF-8 alone: those that are not UTF-8 are \udcXX in
// the text, as Python's surrogateescape has them, so that names come out as they are on the disk.
//
// On the way through the library such an octet is a DEL and two hexadecimal digits, and DEL itself
// is DEL and "7f": the library leaves a DEL as it is and makes none of its own.
#pragma once

#include <string>
#include <string_view>

namespace sterna {

// What is given to the library for these octets.
std::string json_marked(std::string_view raw);
// What it wrote, with the marks as escapes of JSON, and so is what no terminal should be given as
// it is, such as C1 and what turns the direction of text.
std::string json_escaped(std::string_view written);

// What is given to the library for this text, and the octets of a string that it read.
std::string json_with_marks(std::string_view text);
std::string json_unmarked(std::string_view read);

}  // namespace sterna
