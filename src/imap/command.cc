// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/model/flags.h"

namespace sterna::imap {
namespace {

constexpr std::string_view kNeverInALine{"\0\r\n", 3};
constexpr std::string_view kSecret = "<secret>";
// A quoted string longer than this goes as a literal; no server has lines that long in mind.
constexpr std::size_t kQuotedMax = 1000;

bool is_line_text(std::string_view text) {
  return text.find_first_of(kNeverInALine) == std::string_view::npos;
}

bool can_be_quoted(std::string_view value) {
  return value.size() <= kQuotedMax &&
         std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

std::string quoted(std::string_view value) {
  std::string text;
  text.reserve(2 * value.size() + 2);  // a secret would stay behind where it grew
  text += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
  return text;
}

Status refuse(std::string_view what) {
  return fail(ErrorCode::usage, fmt::format("{} cannot be part of an IMAP command", what));
}

}  // namespace

std::string_view to_string(CommandKind kind) {
  constexpr std::array names = {
      "APPEND",    "AUTHENTICATE", "CAPABILITY", "COMPRESS",  "UID COPY", "CREATE",    "DELETE",
      "ENABLE",    "EXAMINE",      "EXPUNGE",    "UID FETCH", "ID",       "IDLE",      "LIST",
      "LOGIN",     "LOGOUT",       "LSUB",       "UID MOVE",  "MYRIGHTS", "NAMESPACE", "NOOP",
      "NOTIFY",    "RENAME",       "UID SEARCH", "SELECT",    "STARTTLS", "STATUS",    "UID STORE",
      "SUBSCRIBE", "UNSELECT",     "UNSUBSCRIBE"};
  return names[static_cast<std::size_t>(kind)];
}

Command::Command(CommandKind kind, std::string text) : kind_(kind) {
  STERNA_ASSERT(is_line_text(text));
  parts_.emplace_back(Text{std::move(text)});
}

bool Command::changes_selection() const {
  switch (kind_) {
    case CommandKind::store:
    case CommandKind::copy:
    case CommandKind::move:
    case CommandKind::expunge:
      return true;
    default:
      return false;
  }
}

bool Command::is_barrier() const {
  switch (kind_) {
    case CommandKind::authenticate:
    case CommandKind::compress:
    case CommandKind::idle:
    case CommandKind::logout:
    case CommandKind::starttls:
      return true;
    default:
      return false;
  }
}

Command& Command::text(std::string_view octets) {
  STERNA_ASSERT(is_line_text(octets));
  auto* last = std::get_if<Text>(&parts_.back());
  if (last != nullptr && !last->secret) {
    last->octets += octets;
  } else {
    parts_.emplace_back(Text{std::string(octets)});
  }
  return *this;
}

Status Command::quoted_or_literal(std::string_view value) {
  if (can_be_quoted(value)) {
    text(quoted(value));
    return {};
  }
  if (!is_line_text(value)) return refuse("a line end or NUL");
  parts_.emplace_back(Literal{std::string(value)});
  return {};
}

Status Command::secret_string(std::string_view value) {
  if (!is_line_text(value)) return refuse("a line end or NUL");
  if (can_be_quoted(value)) {
    parts_.emplace_back(Text{quoted(value), true});
  } else {
    parts_.emplace_back(Literal{std::string(value), true});
  }
  return {};
}

Command& Command::secret_text(std::string_view octets) {
  STERNA_ASSERT(is_line_text(octets));
  parts_.emplace_back(Text{std::string(octets), true});
  return *this;
}

Status Command::atom(std::string_view value) {
  if (!is_atom(value)) return refuse(fmt::format("the word \"{}\"", printable(value, 80)));
  text(value);
  return {};
}

Command& Command::stream(std::uint64_t size, LiteralMode mode) {
  parts_.emplace_back(Stream{size, mode});
  return *this;
}

std::string Command::redacted() const {
  std::string line;
  for (const Part& part : parts_) {
    if (const auto* plain = std::get_if<Text>(&part)) {
      line += plain->secret ? kSecret : std::string_view(plain->octets);
    } else if (const auto* literal = std::get_if<Literal>(&part)) {
      line +=
          literal->secret ? std::string(kSecret) : fmt::format("{{{}}}", literal->octets.size());
    } else {
      line += fmt::format("{{{}}}", std::get<Stream>(part).size);
    }
  }
  return line;
}

}  // namespace sterna::imap
