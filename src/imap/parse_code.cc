// SPDX-License-Identifier: Apache-2.0
// Response codes (RFC 3501 section 7.1, RFC 5530).
#include <algorithm>
#include <array>

#include "parse_parts.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/limits.h"

namespace sterna::imap {
namespace {

constexpr std::size_t kTextMax = 4096;

struct CodeName {
  Code code;
  std::string_view name;
};

constexpr std::array kCodeNames = {
    CodeName{Code::alert, "ALERT"},
    CodeName{Code::already_exists, "ALREADYEXISTS"},
    CodeName{Code::append_uid, "APPENDUID"},
    CodeName{Code::auth_failed, "AUTHENTICATIONFAILED"},
    CodeName{Code::authorization_failed, "AUTHORIZATIONFAILED"},
    CodeName{Code::bad_charset, "BADCHARSET"},
    CodeName{Code::bad_event, "BADEVENT"},
    CodeName{Code::cannot, "CANNOT"},
    CodeName{Code::capability, "CAPABILITY"},
    CodeName{Code::client_bug, "CLIENTBUG"},
    CodeName{Code::closed, "CLOSED"},
    CodeName{Code::compression_active, "COMPRESSIONACTIVE"},
    CodeName{Code::contact_admin, "CONTACTADMIN"},
    CodeName{Code::copy_uid, "COPYUID"},
    CodeName{Code::corruption, "CORRUPTION"},
    CodeName{Code::expired, "EXPIRED"},
    CodeName{Code::expunge_issued, "EXPUNGEISSUED"},
    CodeName{Code::has_children, "HASCHILDREN"},
    CodeName{Code::highest_modseq, "HIGHESTMODSEQ"},
    CodeName{Code::in_progress, "INPROGRESS"},
    CodeName{Code::in_use, "INUSE"},
    CodeName{Code::limit, "LIMIT"},
    CodeName{Code::mailbox_id, "MAILBOXID"},
    CodeName{Code::message_limit, "MESSAGELIMIT"},
    CodeName{Code::modified, "MODIFIED"},
    CodeName{Code::no_modseq, "NOMODSEQ"},
    CodeName{Code::non_existent, "NONEXISTENT"},
    CodeName{Code::no_perm, "NOPERM"},
    CodeName{Code::not_saved, "NOTSAVED"},
    CodeName{Code::notification_overflow, "NOTIFICATIONOVERFLOW"},
    CodeName{Code::over_quota, "OVERQUOTA"},
    CodeName{Code::parse, "PARSE"},
    CodeName{Code::permanent_flags, "PERMANENTFLAGS"},
    CodeName{Code::privacy_required, "PRIVACYREQUIRED"},
    CodeName{Code::read_only, "READ-ONLY"},
    CodeName{Code::read_write, "READ-WRITE"},
    CodeName{Code::server_bug, "SERVERBUG"},
    CodeName{Code::throttled, "THROTTLED"},
    CodeName{Code::too_big, "TOOBIG"},
    CodeName{Code::try_create, "TRYCREATE"},
    CodeName{Code::uid_next, "UIDNEXT"},
    CodeName{Code::uid_not_sticky, "UIDNOTSTICKY"},
    CodeName{Code::uid_required, "UIDREQUIRED"},
    CodeName{Code::uid_validity, "UIDVALIDITY"},
    CodeName{Code::unavailable, "UNAVAILABLE"},
    CodeName{Code::unknown_cte, "UNKNOWN-CTE"},
    CodeName{Code::unseen, "UNSEEN"},
    CodeName{Code::use_attr, "USEATTR"},
    CodeName{Code::web_alert, "WEBALERT"},
};

// Where the code that begins at "[" ends: the "]" outside of quotes and parentheses, since Gmail
// has "]" in flags; failing that, the first "]". npos if there is none.
std::size_t code_end(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      depth -= depth > 0 ? 1 : 0;
    } else if (c == ']' && depth == 0) {
      return i;
    }
  }
  return text.find(']');
}

Uid operator+(Uid uid, std::uint32_t count) {
  return Uid{uid.value + count};
}

// Pairs two sets of the same number of UIDs, range by range.
std::optional<std::vector<CopyUid::Run>> pair_ranges(const std::vector<UidRange>& sources,
                                                     const std::vector<UidRange>& targets) {
  std::vector<CopyUid::Run> runs;
  auto target = targets.begin();
  std::uint64_t target_used = 0;
  for (const UidRange& source : sources) {
    std::uint64_t source_used = 0;
    while (source_used < source.count()) {
      if (target == targets.end()) return std::nullopt;
      const std::uint64_t count = std::min(
          {source.count() - source_used, target->count() - target_used, std::uint64_t{UINT32_MAX}});
      runs.push_back({source.first + static_cast<std::uint32_t>(source_used),
                      target->first + static_cast<std::uint32_t>(target_used),
                      static_cast<std::uint32_t>(count)});
      source_used += count;
      target_used += count;
      if (target_used == target->count()) {
        ++target;
        target_used = 0;
      }
    }
  }
  if (target != targets.end()) return std::nullopt;
  return runs;
}

using Data = ResponseCode::Data;

template <class Id>
Data number32(Cursor& cursor) {
  const auto number = cursor.take_number(UINT32_MAX);
  if (!number || *number == 0) return {};
  return Id{static_cast<std::uint32_t>(*number)};
}

Data append_uid(Cursor& cursor) {
  const auto validity = cursor.take_number(UINT32_MAX);
  cursor.skip_spaces();
  auto uids = UidSet::parse(cursor.take_word());
  if (!validity || *validity == 0 || !uids) return {};
  return AppendUid{UidValidity{static_cast<std::uint32_t>(*validity)}, std::move(*uids)};
}

Data copy_uid(Cursor& cursor) {
  const auto validity = cursor.take_number(UINT32_MAX);
  cursor.skip_spaces();
  const auto sources = parse_uid_ranges(cursor.take_word());
  cursor.skip_spaces();
  const auto targets = parse_uid_ranges(cursor.take_word());
  if (!validity || *validity == 0 || !sources || !targets) return {};
  auto runs = pair_ranges(*sources, *targets);
  if (!runs) return {};
  return CopyUid{UidValidity{static_cast<std::uint32_t>(*validity)}, std::move(*runs)};
}

Data mailbox_id(Cursor& cursor) {
  const bool listed = cursor.take_after_spaces('(');
  const std::string_view id = cursor.take_word();
  if (id.empty() || (listed && !cursor.take_after_spaces(')'))) return {};
  if (id.size() > kObjectIdOctetsMax) return {};
  return std::string(id);
}

Data message_limit(Cursor& cursor) {
  const auto limit = cursor.take_number(UINT32_MAX);
  if (!limit) return {};
  const auto last = cursor.take_number(UINT32_MAX);
  return MessageLimit{
      static_cast<std::uint32_t>(*limit),
      last && *last > 0 ? std::optional(Uid{static_cast<std::uint32_t>(*last)}) : std::nullopt};
}

Data modified(Cursor& cursor) {
  cursor.skip_spaces();
  auto set = UidSet::parse(cursor.take_word());
  return set ? Data(std::move(*set)) : Data();
}

Data permanent_flags(Cursor& cursor) {
  auto list = parse_flag_list(cursor, kMailboxKeywordsMax);
  if (!list) return {};
  return PermanentFlags{std::move(list->flags), list->star};
}

Data parse_data(Code code, std::string_view arguments) {
  Cursor cursor(arguments);
  switch (code) {
    case Code::append_uid:
      return append_uid(cursor);
    case Code::capability:
      return arguments.empty() ? Data() : Data(Capabilities::parse(arguments));
    case Code::copy_uid:
      return copy_uid(cursor);
    case Code::highest_modseq: {
      const auto value = parse_mod_sequence(cursor);
      return value ? Data(*value) : Data();
    }
    case Code::mailbox_id:
      return mailbox_id(cursor);
    case Code::message_limit:
      return message_limit(cursor);
    case Code::modified:
      return modified(cursor);
    case Code::permanent_flags:
      return permanent_flags(cursor);
    case Code::uid_next:
      return number32<Uid>(cursor);
    case Code::uid_validity:
      return number32<UidValidity>(cursor);
    case Code::unseen:
      return number32<SeqNum>(cursor);
    default:
      return {};
  }
}

ResponseCode parse_code(std::string_view inside) {
  ResponseCode result;
  Cursor cursor(trim(inside));
  result.name = ascii_upper(cursor.take_word());
  if (result.name.size() > kTextMax) result.name.resize(kTextMax);
  result.code = Code::other;
  for (const CodeName& known : kCodeNames) {
    if (known.name == result.name) result.code = known.code;
  }
  cursor.skip_spaces();
  result.data = parse_data(result.code, cursor.rest());
  return result;
}

}  // namespace

std::string_view to_string(Code code) {
  for (const CodeName& known : kCodeNames) {
    if (known.code == code) return known.name;
  }
  return "";
}

CodeAndText parse_code_and_text(std::string_view rest) {
  CodeAndText result;
  rest = trim(rest);
  if (rest.starts_with('[')) {
    const std::size_t end = code_end(rest);
    if (end != std::string_view::npos) {
      result.code = parse_code(rest.substr(1, end - 1));
      rest = trim(rest.substr(end + 1));
    }
  }
  result.text = rest.substr(0, kTextMax);
  return result;
}

std::optional<Uid> CopyUid::target_of(Uid source) const {
  for (const Run& run : runs) {
    if (source >= run.source && source.value - run.source.value < run.count) {
      return run.target + (source.value - run.source.value);
    }
  }
  return std::nullopt;
}

UidSet CopyUid::sources() const {
  UidSet set;
  for (const Run& run : runs) set.add_range(run.source, run.source + (run.count - 1));
  return set;
}

UidSet CopyUid::targets() const {
  UidSet set;
  for (const Run& run : runs) set.add_range(run.target, run.target + (run.count - 1));
  return set;
}

}  // namespace sterna::imap
