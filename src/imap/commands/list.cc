// SPDX-License-Identifier: Apache-2.0
// LIST (RFC 3501 section 6.3.8, RFC 3348 CHILDREN, RFC 5258 LIST-EXTENDED, RFC 5819 LIST-STATUS,
// RFC 6154 SPECIAL-USE) and LSUB.
#include "parts.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {
namespace {

Status add_patterns(Command& command, const std::vector<std::string>& patterns) {
  if (patterns.size() == 1) return command.quoted_or_literal(patterns.front());
  const char* before = "(";
  for (const std::string& pattern : patterns) {
    command.text(before);
    STERNA_CHECK(command.quoted_or_literal(pattern));
    before = " ";
  }
  command.text(")");
  return {};
}

std::string return_options(const ListOptions& options) {
  std::string text;
  const auto add = [&text](std::string_view option) {
    if (!text.empty()) text += ' ';
    text += option;
  };
  if (options.return_subscribed) add("SUBSCRIBED");
  if (options.return_children) add("CHILDREN");
  if (options.return_special_use) add("SPECIAL-USE");
  if (!options.return_status.empty()) add("STATUS " + status_list(options.return_status));
  return text;
}

}  // namespace

ListOptions list_options_for(const Capabilities& capabilities) {
  ListOptions options;
  if (!capabilities.has(Capability::list_extended)) return options;
  options.return_subscribed = true;
  options.return_children = capabilities.has(Capability::children);
  options.return_special_use = capabilities.has(Capability::special_use);
  if (capabilities.has(Capability::list_status)) {
    options.return_status = status_items_for(capabilities);
  }
  return options;
}

Result<Command> list(const ListOptions& options) {
  const std::string returns = return_options(options);
  if (options.patterns.empty() || (options.patterns.size() > 1 && returns.empty())) {
    return fail(ErrorCode::usage, "a plain LIST has one pattern");
  }
  Command command(CommandKind::list, "LIST ");
  STERNA_CHECK(command.quoted_or_literal(options.reference));
  command.text(" ");
  STERNA_CHECK(add_patterns(command, options.patterns));
  if (!returns.empty()) command.text(" RETURN (").text(returns).text(")");
  return command;
}

Result<Command> lsub(std::string_view reference, std::string_view pattern) {
  Command command(CommandKind::lsub, "LSUB ");
  STERNA_CHECK(command.quoted_or_literal(reference));
  command.text(" ");
  STERNA_CHECK(command.quoted_or_literal(pattern));
  return command;
}

}  // namespace sterna::imap
