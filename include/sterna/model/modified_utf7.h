// SPDX-License-Identifier: Apache-2.0
// Modified UTF-7 (RFC 3501 section 5.1.3): how IMAP4rev1 and the Maildir++ layout spell names.
//
// Decoding accepts exactly what encoding prints, so decode and encode are each other's inverse:
// text that spells printable ASCII in base64, has padding bits set, closes and reopens a shift for
// nothing, or holds half a surrogate pair is refused. Whoever meets such a name keeps its octets as
// they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sterna {

// nullopt if `utf8` is not valid UTF-8. The result is printable ASCII.
std::optional<std::string> modified_utf7_encode(std::string_view utf8);

// nullopt unless `text` is what modified_utf7_encode() gives for some text, which is the result.
std::optional<std::string> modified_utf7_decode(std::string_view text);

}  // namespace sterna
