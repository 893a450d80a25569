// SPDX-License-Identifier: Apache-2.0
// UID SEARCH (RFC 3501 section 6.4.4), RETURN of ESEARCH (RFC 4731).
#include <algorithm>

#include "parts.h"
#include "sterna/imap/commands.h"
#include "sterna/imap/date.h"

namespace sterna::imap {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool needs_charset(const SearchQuery& query) {
  return !std::ranges::all_of(query.texts, is_ascii) ||
         !std::ranges::all_of(query.headers, [](const auto& h) { return is_ascii(h.second); });
}

Status add_keys(Command& command, const SearchQuery& query) {
  for (const auto& [name, value] : query.headers) {
    command.text(" HEADER ");
    STERNA_CHECK(command.quoted_or_literal(name));
    command.text(" ");
    STERNA_CHECK(command.quoted_or_literal(value));
  }
  for (const std::string& text : query.texts) {
    command.text(" TEXT ");
    STERNA_CHECK(command.quoted_or_literal(text));
  }
  if (query.since) command.text(" SINCE ").text(print_day(*query.since));
  if (query.before) command.text(" BEFORE ").text(print_day(*query.before));
  return {};
}

}  // namespace

Result<Command> uid_search(const SearchQuery& query, bool utf8) {
  if (query.uids && query.uids->empty()) {
    return fail(ErrorCode::usage, "a command on no message");
  }
  Command command(CommandKind::search, "UID SEARCH");
  if (query.return_all) command.text(" RETURN (ALL)");
  if (!utf8 && needs_charset(query)) command.text(" CHARSET UTF-8");
  if (query.uids) command.text(" UID ").text(query.uids->to_string());
  if (query.deleted) command.text(" DELETED");
  STERNA_CHECK(add_keys(command, query));
  const bool any = query.uids || query.deleted || !query.headers.empty() || !query.texts.empty() ||
                   query.since || query.before;
  if (!any) command.text(" ALL");
  return command;
}

}  // namespace sterna::imap
