// SPDX-License-Identifier: Apache-2.0
// FETCH (RFC 3501 section 7.4.2, RFC 7162, RFC 8474, RFC 3516).
#include <string>
#include <utility>

#include "parse_parts.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/date.h"
#include "sterna/imap/limits.h"

namespace sterna::imap {
namespace {

// EMAILID (M123); some servers have NIL for none.
bool parse_object_id(Cursor& cursor, std::string& id) {
  const bool listed = cursor.take_after_spaces('(');
  if (!listed && cursor.take_nil()) return true;
  auto value = cursor.take_astring();
  if (!value) return false;
  if (value->size() <= kObjectIdOctetsMax) id = std::move(*value);
  return !listed || cursor.take_after_spaces(')');
}

// What stands in brackets, with strings and literals in it, upper case.
bool parse_section(Cursor& cursor, std::string& section) {
  for (;;) {
    section += ascii_upper(cursor.take_until("]\"{"));
    if (cursor.take(']')) return true;
    if (cursor.at_end()) return false;
    if (const auto text = cursor.take_string()) {
      section += ascii_upper(*text);
    } else if (!cursor.take('{')) {
      return false;
    }
  }
}

bool parse_body(Cursor& cursor, Fetch& fetch, FetchBody body) {
  if (fetch.bodies.size() >= kBodiesMax) return false;
  if (cursor.take('<')) {
    body.origin = parse_number(cursor.take_until("> "));
    if (!body.origin || !cursor.take('>')) return false;
  }
  if (cursor.take_nil()) {
    body.source = FetchBody::Source::nil;
  } else if (const auto literal = cursor.take_literal()) {
    body.source = FetchBody::Source::literal;
    body.literal = *literal;
    body.size = cursor.literal(*literal).size;
  } else {
    cursor.skip_spaces();
    if (cursor.peek() == '~') cursor.take('~');
    auto quoted = cursor.take_string();
    if (!quoted) return false;
    body.source = FetchBody::Source::quoted;
    body.size = quoted->size();
    body.quoted = std::move(*quoted);
  }
  fetch.bodies.push_back(std::move(body));
  return true;
}

// BODY[...] and BINARY[...]; without brackets, or with another name before them, it is skipped.
bool parse_sectioned(Cursor& cursor, Fetch& fetch, std::string_view name) {
  FetchBody body;
  cursor.take('[');
  if (!parse_section(cursor, body.section)) return false;
  body.binary = ascii_iequals(name, "BINARY");
  if (body.binary || ascii_iequals(name, "BODY")) return parse_body(cursor, fetch, std::move(body));
  return cursor.skip_value();
}

bool parse_rfc822(Cursor& cursor, Fetch& fetch, std::string_view name) {
  FetchBody body;
  if (ascii_iequals(name, "RFC822.HEADER")) body.section = "HEADER";
  if (ascii_iequals(name, "RFC822.TEXT")) body.section = "TEXT";
  return parse_body(cursor, fetch, std::move(body));
}

bool parse_uid(Cursor& cursor, Fetch& fetch) {
  const auto uid = cursor.take_number(UINT32_MAX);
  if (uid && *uid > 0) fetch.uid = Uid{static_cast<std::uint32_t>(*uid)};
  return true;
}

bool parse_flags(Cursor& cursor, Fetch& fetch) {
  if (cursor.take_nil()) return true;
  auto list = parse_flag_list(cursor, kKeywordsMax);
  if (!list) return false;
  fetch.flags = std::move(list->flags);
  fetch.recent = list->recent;
  return true;
}

bool parse_modseq_item(Cursor& cursor, Fetch& fetch) {
  const bool listed = cursor.take_after_spaces('(');
  fetch.modseq = parse_mod_sequence(cursor);
  return !listed || cursor.take_after_spaces(')');
}

bool parse_internal_date(Cursor& cursor, Fetch& fetch) {
  if (cursor.take_nil()) return true;
  const auto text = cursor.take_string();
  if (!text) return cursor.skip_value();
  fetch.internal_date = parse_date(*text);
  return true;
}

bool parse_item(Cursor& cursor, Fetch& fetch, std::string_view name) {
  if (cursor.peek() == '[') return parse_sectioned(cursor, fetch, name);
  if (ascii_iequals(name, "UID")) return parse_uid(cursor, fetch);
  if (ascii_iequals(name, "FLAGS")) return parse_flags(cursor, fetch);
  if (ascii_iequals(name, "MODSEQ")) return parse_modseq_item(cursor, fetch);
  if (ascii_iequals(name, "INTERNALDATE")) return parse_internal_date(cursor, fetch);
  if (ascii_iequals(name, "EMAILID")) return parse_object_id(cursor, fetch.email_id);
  if (ascii_iequals(name, "RFC822.SIZE")) {
    fetch.size = cursor.take_number(UINT64_MAX);
    return true;
  }
  if (ascii_iequals(name, "X-GM-MSGID")) {
    fetch.gm_msgid = cursor.take_number(UINT64_MAX);
    return true;
  }
  const bool rfc822 = ascii_iequals(name, "RFC822") || ascii_iequals(name, "RFC822.HEADER") ||
                      ascii_iequals(name, "RFC822.TEXT");
  return rfc822 ? parse_rfc822(cursor, fetch, name) : cursor.skip_value();
}

// Of Domino, an item may have parentheses of its own.
bool parse_one(Cursor& cursor, Fetch& fetch) {
  const bool wrapped = cursor.take_after_spaces('(');
  const std::string_view name = cursor.take_until(" ()[");
  if (name.empty() || !parse_item(cursor, fetch, name)) return false;
  return !wrapped || cursor.take_after_spaces(')');
}

}  // namespace

std::optional<Fetch> parse_fetch_items(Cursor& cursor, bool& closed) {
  Fetch fetch;
  closed = false;
  if (!cursor.take_after_spaces('(')) return std::nullopt;
  while (!cursor.take_after_spaces(')')) {
    if (cursor.at_end()) return fetch;
    if (!parse_one(cursor, fetch)) return std::nullopt;
  }
  closed = true;
  return fetch;
}

}  // namespace sterna::imap
