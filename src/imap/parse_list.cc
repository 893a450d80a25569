// SPDX-License-Identifier: Apache-2.0
// What is said about mailboxes and the server: LIST, STATUS, NAMESPACE, ID, MYRIGHTS.
#include <array>

#include "parse_parts.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/limits.h"

namespace sterna::imap {
namespace {

struct RoleName {
  std::string_view attribute;
  Role role;
};
constexpr std::array kRoles = {
    RoleName{"\\All", Role::all},       RoleName{"\\Archive", Role::archive},
    RoleName{"\\Drafts", Role::drafts}, RoleName{"\\Flagged", Role::flagged},
    RoleName{"\\Junk", Role::junk},     RoleName{"\\Sent", Role::sent},
    RoleName{"\\Trash", Role::trash},   RoleName{"\\Important", Role::important},
};

struct AttributeName {
  std::string_view attribute;
  bool ListAttributes::* member;
};
constexpr std::array kAttributes = {
    AttributeName{"\\Noselect", &ListAttributes::no_select},
    AttributeName{"\\NonExistent", &ListAttributes::non_existent},
    AttributeName{"\\Noinferiors", &ListAttributes::no_inferiors},
    AttributeName{"\\HasChildren", &ListAttributes::has_children},
    AttributeName{"\\HasNoChildren", &ListAttributes::has_no_children},
    AttributeName{"\\Marked", &ListAttributes::marked},
    AttributeName{"\\Subscribed", &ListAttributes::subscribed},
    AttributeName{"\\Remote", &ListAttributes::remote},
};

std::optional<ListAttributes> parse_attributes(Cursor& cursor) {
  if (!cursor.take_after_spaces('(')) return std::nullopt;
  ListAttributes attributes;
  while (!cursor.take_after_spaces(')')) {
    const auto word = cursor.take_astring();
    if (!word) return std::nullopt;
    for (const AttributeName& known : kAttributes) {
      if (ascii_iequals(known.attribute, *word)) attributes.*known.member = true;
    }
    for (const RoleName& known : kRoles) {
      if (ascii_iequals(known.attribute, *word)) attributes.role = known.role;
    }
  }
  if (attributes.non_existent) attributes.no_select = true;
  return attributes;
}

// A quoted character or NIL; some servers have "" for NIL.
std::optional<char> parse_delimiter(Cursor& cursor) {
  const auto text = cursor.take_nstring();
  if (!text || text->size() > 1) return std::nullopt;
  return text->empty() ? '\0' : text->front();
}

// ("OLDNAME" ("x")) and ("CHILDINFO" ("SUBSCRIBED")), RFC 5258 section 4.
bool parse_extended(Cursor& cursor, List& list) {
  while (!cursor.take_after_spaces(')')) {
    const auto tag = cursor.take_astring();
    if (!tag) return false;
    const bool old_name = ascii_iequals(*tag, "OLDNAME");
    if (!old_name && !ascii_iequals(*tag, "CHILDINFO")) {
      if (!cursor.skip_value()) return false;
      continue;
    }
    if (!cursor.take_after_spaces('(')) return false;
    while (!cursor.take_after_spaces(')')) {
      auto value = cursor.take_astring();
      if (!value) return false;
      if (old_name) {
        list.old_name = WireName{std::move(*value)};
      } else if (list.child_info.size() < kListedMax) {
        list.child_info.push_back(ascii_upper(*value));
      } else {
        return false;
      }
    }
  }
  return true;
}

template <class T>
std::optional<T> nonzero32(Cursor& cursor) {
  const auto number = cursor.take_number(UINT32_MAX);
  if (!number || *number == 0) return std::nullopt;
  return T{static_cast<std::uint32_t>(*number)};
}

std::optional<std::uint32_t> count32(Cursor& cursor) {
  const auto number = cursor.take_number(UINT32_MAX);
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

bool parse_status_item(Cursor& cursor, std::string_view name, MailboxStatus& status) {
  if (ascii_iequals(name, "MESSAGES")) {
    status.messages = count32(cursor);
  } else if (ascii_iequals(name, "UNSEEN")) {
    status.unseen = count32(cursor);
  } else if (ascii_iequals(name, "DELETED")) {
    status.deleted = count32(cursor);
  } else if (ascii_iequals(name, "UIDNEXT")) {
    status.uid_next = nonzero32<Uid>(cursor);
  } else if (ascii_iequals(name, "UIDVALIDITY")) {
    status.uid_validity = nonzero32<UidValidity>(cursor);
  } else if (ascii_iequals(name, "HIGHESTMODSEQ")) {
    status.highest_modseq = parse_mod_sequence(cursor);
  } else if (ascii_iequals(name, "SIZE")) {
    status.size = cursor.take_number(UINT64_MAX);
  } else if (ascii_iequals(name, "APPENDLIMIT")) {
    status.append_limit = cursor.take_number(UINT64_MAX);
  } else if (ascii_iequals(name, "MAILBOXID")) {
    const bool listed = cursor.take_after_spaces('(');
    auto id = cursor.take_astring();
    if (!id || (listed && !cursor.take_after_spaces(')'))) return false;
    if (id->size() <= kObjectIdOctetsMax) status.mailbox_id = std::move(*id);
  } else {
    return cursor.skip_value();
  }
  return true;
}

bool parse_namespace_list(Cursor& cursor, std::vector<NamespaceEntry>& entries) {
  if (cursor.take_nil()) return true;
  if (!cursor.take_after_spaces('(')) return false;
  while (!cursor.take_after_spaces(')')) {
    if (!cursor.take('(') || entries.size() >= kListedMax) return false;
    auto prefix = cursor.take_string();
    const auto delimiter = parse_delimiter(cursor);
    if (!prefix || !delimiter) return false;
    entries.push_back({std::move(*prefix), *delimiter});
    while (!cursor.take_after_spaces(')')) {  // extensions
      if (!cursor.skip_value()) return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Response> parse_list(Cursor& cursor, bool lsub) {
  List list;
  list.lsub = lsub;
  const auto attributes = parse_attributes(cursor);
  if (!attributes) return std::nullopt;
  list.attributes = *attributes;
  const auto delimiter = parse_delimiter(cursor);
  if (!delimiter) return std::nullopt;
  list.delimiter = *delimiter;
  auto name = cursor.take_astring();
  if (!name) return std::nullopt;
  list.name = WireName{std::move(*name)};
  if (cursor.take_after_spaces('(') && !parse_extended(cursor, list)) return std::nullopt;
  cursor.skip_spaces();
  // What is left would be the rest of a name with spaces that should have been quoted.
  if (!cursor.at_end()) return std::nullopt;
  return list;
}

std::optional<Response> parse_status(Cursor& cursor) {
  MailboxStatus status;
  auto name = cursor.take_astring();
  if (!name || name->empty() || !cursor.take_after_spaces('(')) return std::nullopt;
  status.name = WireName{std::move(*name)};
  while (!cursor.take_after_spaces(')')) {
    const std::string_view item = cursor.take_word();
    if (item.empty() || !parse_status_item(cursor, item, status)) return std::nullopt;
  }
  return status;
}

std::optional<Response> parse_namespace(Cursor& cursor) {
  Namespace result;
  if (!parse_namespace_list(cursor, result.personal) ||
      !parse_namespace_list(cursor, result.others) ||
      !parse_namespace_list(cursor, result.shared)) {
    return std::nullopt;
  }
  return result;
}

std::optional<Response> parse_id(Cursor& cursor) {
  Id id;
  if (cursor.take_nil()) return id;
  if (!cursor.take_after_spaces('(')) return std::nullopt;
  while (!cursor.take_after_spaces(')')) {
    auto key = cursor.take_string();
    auto value = cursor.take_nstring();
    if (!key || !value || id.fields.size() >= kListedMax) return std::nullopt;
    id.fields.emplace_back(std::move(*key), std::move(*value));
  }
  return id;
}

std::optional<Response> parse_my_rights(Cursor& cursor) {
  auto name = cursor.take_astring();
  auto rights = cursor.take_astring();
  if (!name || !rights) return std::nullopt;
  return MyRights{WireName{std::move(*name)}, std::move(*rights)};
}

}  // namespace sterna::imap
