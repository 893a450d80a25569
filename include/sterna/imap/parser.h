// SPDX-License-Identifier: Apache-2.0
// From a framed response to a Response: tolerant of the form, strict about the values.
//
// Tolerated, because servers in use do it: NUL in front, doubled and trailing spaces, missing text,
// 8-bit in strings, quoted flags, NIL or -1 for a number. Unknown untagged responses are `Ignored`,
// unknown codes are kept by name, unknown FETCH and STATUS items are skipped. No recursion
// anywhere.
#pragma once

#include <optional>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/imap/framer.h"
#include "sterna/imap/response.h"

namespace sterna::imap {

// Fails with ErrorCode::protocol if the response is none, with a printable excerpt in the message.
// One failure says nothing about the next response: the framing is sound.
Result<Response> parse_response(const Frame& frame);

// For a frame whose text ends behind the marker of its last literal: the FETCH so far, if that
// literal is the value of a body item (the last of `bodies`). nullopt otherwise.
std::optional<Fetch> parse_fetch_up_to_body(const Frame& so_far);

}  // namespace sterna::imap
