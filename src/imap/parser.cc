// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/parser.h"

#include <fmt/format.h>

#include <array>

#include "parse_parts.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/limits.h"

namespace sterna::imap {
namespace {

constexpr std::size_t kExcerpt = 120;

std::optional<StatusKind> parse_status_word(std::string_view word) {
  constexpr std::array kinds = {StatusKind::ok, StatusKind::no, StatusKind::bad, StatusKind::bye,
                                StatusKind::preauth};
  for (const StatusKind kind : kinds) {
    if (ascii_iequals(word, to_string(kind))) return kind;
  }
  return std::nullopt;
}

std::optional<Response> parse_numbered(Cursor& cursor, std::uint32_t number) {
  cursor.skip_spaces();
  const std::string_view name = cursor.take_word();
  const bool uid_fetch = ascii_iequals(name, "UIDFETCH");
  if (uid_fetch || ascii_iequals(name, "FETCH")) {
    if (number == 0) return std::nullopt;
    bool closed = false;
    auto fetch = parse_fetch_items(cursor, closed);
    if (!fetch || !closed) return std::nullopt;
    if (uid_fetch) {
      fetch->uid = Uid{number};
    } else {
      fetch->number = SeqNum{number};
    }
    return *std::move(fetch);
  }
  if (ascii_iequals(name, "EXISTS")) return Exists{number};
  if (ascii_iequals(name, "RECENT")) return Recent{number};
  if (ascii_iequals(name, "EXPUNGE")) {
    if (number == 0) return std::nullopt;
    return Expunge{SeqNum{number}};
  }
  return name.empty() ? std::nullopt : std::optional<Response>(Ignored{ascii_upper(name)});
}

std::optional<Response> parse_flags_response(Cursor& cursor) {
  auto list = parse_flag_list(cursor, kMailboxKeywordsMax);
  if (!list) return std::nullopt;
  return Flags{std::move(list->flags)};
}

std::optional<Response> parse_named(Cursor& cursor, std::string_view name) {
  struct Entry {
    std::string_view name;
    std::optional<Response> (*parse)(Cursor&);
  };
  constexpr std::array kEntries = {
      Entry{"FLAGS", parse_flags_response},
      Entry{"LIST", [](Cursor& c) { return parse_list(c, false); }},
      Entry{"LSUB", [](Cursor& c) { return parse_list(c, true); }},
      Entry{"STATUS", parse_status},
      Entry{"SEARCH", parse_search},
      Entry{"ESEARCH", parse_esearch},
      Entry{"VANISHED", parse_vanished},
      Entry{"NAMESPACE", parse_namespace},
      Entry{"ID", parse_id},
      Entry{"MYRIGHTS", parse_my_rights},
      Entry{"CAPABILITY",
            [](Cursor& c) { return std::optional<Response>(Capabilities::parse(c.rest())); }},
      Entry{"ENABLED",
            [](Cursor& c) {
              return std::optional<Response>(Enabled{Capabilities::parse(c.rest())});
            }},
  };
  for (const Entry& entry : kEntries) {
    if (ascii_iequals(name, entry.name)) return entry.parse(cursor);
  }
  return Ignored{ascii_upper(name)};
}

std::optional<Response> parse_untagged(Cursor& cursor) {
  cursor.skip_spaces();
  const std::string_view word = cursor.take_word();
  if (word.empty()) return std::nullopt;
  if (word[0] >= '0' && word[0] <= '9') {
    const auto number = parse_number(word, UINT32_MAX);
    if (!number) return std::nullopt;
    return parse_numbered(cursor, static_cast<std::uint32_t>(*number));
  }
  if (const auto status = parse_status_word(word)) {
    auto [code, text] = parse_code_and_text(cursor.rest());
    return UntaggedStatus{*status, std::move(code), std::move(text)};
  }
  const bool is_name = ascii_lower(word[0]) >= 'a' && ascii_lower(word[0]) <= 'z';
  return is_name ? parse_named(cursor, word) : std::nullopt;
}

std::optional<Response> parse_tagged(Cursor& cursor) {
  Tagged tagged;
  tagged.tag = cursor.take_word();
  cursor.skip_spaces();
  const auto status = parse_status_word(cursor.take_word());
  if (tagged.tag.empty() || !status || *status == StatusKind::bye ||
      *status == StatusKind::preauth) {
    return std::nullopt;
  }
  tagged.status = *status;
  auto [code, text] = parse_code_and_text(cursor.rest());
  tagged.code = std::move(code);
  tagged.text = std::move(text);
  return tagged;
}

}  // namespace

std::string_view to_string(StatusKind kind) {
  constexpr std::array names = {"OK", "NO", "BAD", "BYE", "PREAUTH"};
  return names[static_cast<std::size_t>(kind)];
}

Result<Response> parse_response(const Frame& frame) {
  Cursor cursor(frame);
  cursor.skip_leading_garbage();
  std::optional<Response> response;
  if (cursor.take('*')) {
    response = parse_untagged(cursor);
  } else if (cursor.take('+')) {
    response = Continuation{std::string(trim(cursor.rest()))};
  } else {
    response = parse_tagged(cursor);
  }
  if (!response) {
    return fail(ErrorCode::protocol, fmt::format("the server sent what cannot be understood: {}",
                                                 printable(frame.text, kExcerpt)));
  }
  return *std::move(response);
}

std::optional<Fetch> parse_fetch_up_to_body(const Frame& so_far) {
  if (so_far.literals.empty() || so_far.text.size() > kFetchPrefixOctetsMax) return std::nullopt;
  Cursor cursor(so_far);
  cursor.skip_leading_garbage();
  if (!cursor.take('*')) return std::nullopt;
  const auto number = cursor.take_number(UINT32_MAX);
  if (!number || *number == 0) return std::nullopt;
  cursor.skip_spaces();
  const std::string_view name = cursor.take_word();
  const bool uid_fetch = ascii_iequals(name, "UIDFETCH");
  if (!uid_fetch && !ascii_iequals(name, "FETCH")) return std::nullopt;

  bool closed = false;
  auto fetch = parse_fetch_items(cursor, closed);
  if (!fetch || closed || fetch->bodies.empty()) return std::nullopt;
  const FetchBody& last = fetch->bodies.back();
  if (last.source != FetchBody::Source::literal || last.literal + 1 != so_far.literals.size()) {
    return std::nullopt;
  }
  const auto value = static_cast<std::uint32_t>(*number);
  if (uid_fetch) {
    fetch->uid = Uid{value};
  } else {
    fetch->number = SeqNum{value};
  }
  return fetch;
}

}  // namespace sterna::imap
