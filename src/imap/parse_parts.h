// SPDX-License-Identifier: Apache-2.0
// The parsers of single responses, one file a family, and of what several of them hold. Each of the
// former stands behind the response's name and gives nullopt if what follows cannot be understood.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "cursor.h"
#include "sterna/imap/response.h"

namespace sterna::imap {

// parse_code.cc. The code if there is one ("[...]"), and the text behind it.
struct CodeAndText {
  ResponseCode code;
  std::string text;
};
CodeAndText parse_code_and_text(std::string_view rest);

// "(\Seen work)"; nullopt if it is no list, or one of more than `keywords_max`. `star` and `recent`
// tell of "\*" and \Recent.
struct FlagList {
  FlagSet flags;
  bool star = false;
  bool recent = false;
};
std::optional<FlagList> parse_flag_list(Cursor& cursor, std::size_t keywords_max);
// A mod-sequence is 63 bits, and 0 is none.
std::optional<ModSeq> parse_mod_sequence(Cursor& cursor);

// parse_fetch.cc. `closed` tells whether the closing parenthesis was there.
std::optional<Fetch> parse_fetch_items(Cursor& cursor, bool& closed);

// parse_list.cc
std::optional<Response> parse_list(Cursor& cursor, bool lsub);
std::optional<Response> parse_status(Cursor& cursor);
std::optional<Response> parse_namespace(Cursor& cursor);
std::optional<Response> parse_id(Cursor& cursor);
std::optional<Response> parse_my_rights(Cursor& cursor);

// parse_search.cc
std::optional<Response> parse_search(Cursor& cursor);
std::optional<Response> parse_esearch(Cursor& cursor);
std::optional<Response> parse_vanished(Cursor& cursor);

}  // namespace sterna::imap
