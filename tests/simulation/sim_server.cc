// SPDX-License-Identifier: Apache-2.0
#include "sim_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sterna/base/bytes.h"

namespace sterna::simulation {
namespace {

bool is_inbox(const std::string& name) {
  return ascii_iequals(name, "INBOX");
}

std::string canonical(const std::string& name) {
  return is_inbox(name) ? "INBOX" : name;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

Abilities Abilities::of(const Script& script) {
  Abilities abilities;
  abilities.qresync = script.has("qresync");
  abilities.condstore = script.has("condstore") || abilities.qresync;
  abilities.uidplus = script.has("uidplus");
  abilities.move = script.has("move");
  abilities.list_status = script.has("list-status");
  abilities.esearch = script.has("esearch");
  abilities.literal_plus = script.has("literal+");
  abilities.namespaces = script.has("namespace");
  abilities.unselect = script.has("unselect");
  abilities.capability_in_greeting = script.has("capability");
  return abilities;
}

std::string Abilities::to_string() const {
  std::string words = "IMAP4rev1";
  const auto add = [&words](bool has, std::string_view word) {
    if (has) words.append(" ").append(word);
  };
  add(condstore, "ENABLE CONDSTORE");
  add(qresync, "QRESYNC");
  add(uidplus, "UIDPLUS");
  add(move, "MOVE");
  add(list_status, "LIST-EXTENDED LIST-STATUS");
  add(esearch, "ESEARCH");
  add(literal_plus, "LITERAL+");
  add(namespaces, "NAMESPACE");
  add(unselect, "UNSELECT");
  return words;
}

SimSession::SimSession(ServerState& state, Abilities abilities)
    : state_(state), abilities_(abilities), reader_([this] { out_ += "+ go on\r\n"; }) {}

std::string SimSession::greeting() const {
  if (!abilities_.capability_in_greeting) return "* OK ready\r\n";
  return fmt::format("* OK [CAPABILITY {}] ready\r\n", abilities_.to_string());
}

std::string SimSession::receive(const std::string& octets) {
  reader_.feed(octets);
  while (!ended_) {
    const std::optional<ClientCommand> command = reader_.next();
    if (!command) break;
    handle(*command);
  }
  return std::exchange(out_, {});
}

void SimSession::ok(const ClientCommand& command, const std::string& text) {
  say(fmt::format("{} OK {}", command.tag, text));
}
void SimSession::no(const ClientCommand& command, const std::string& text) {
  say(fmt::format("{} NO {}", command.tag, text));
}
void SimSession::bad(const ClientCommand& command) {
  state_.complaints.push_back(command.line);
  say(fmt::format("{} BAD not understood here", command.tag.empty() ? "*" : command.tag));
}

void SimSession::handle(const ClientCommand& command) {
  if (state_.before_command) state_.before_command(command.line);
  if (selected_ && !selected_mailbox()) {
    say("* BYE the mailbox is gone");
    ended_ = true;
    return;
  }
  if (selected_) tell_news();
  if (!handle_session(command)) {
    const bool known = authenticated_ && (handle_mailboxes(command) || handle_messages(command));
    if (!known) bad(command);
  }
}

bool SimSession::handle_session(const ClientCommand& command) {
  const std::string& name = command.name;
  if (name == "CAPABILITY") {
    say("* CAPABILITY " + abilities_.to_string());
    ok(command);
  } else if (name == "NOOP") {
    ok(command);
  } else if (name == "ID") {
    say("* ID NIL");
    ok(command);
  } else if (name == "LOGIN") {
    login(command);
  } else if (name == "LOGOUT") {
    say("* BYE until next time");
    ok(command);
    ended_ = true;
  } else if (name == "ENABLE" && authenticated_ && abilities_.condstore) {
    enable(command);
  } else if (name == "NAMESPACE" && authenticated_ && abilities_.namespaces) {
    say(fmt::format("* NAMESPACE (({} \"{}\")) NIL NIL", quoted(state_.prefix), state_.delimiter));
    ok(command);
  } else {
    return false;
  }
  return true;
}

void SimSession::login(const ClientCommand& command) {
  const bool right = command.arguments.size() == 2 && command.arguments[0].text == "ann" &&
                     command.arguments[1].text == "secret word";
  if (!right) return no(command, "[AUTHENTICATIONFAILED] no");
  authenticated_ = true;
  ok(command, abilities_.capability_in_greeting
                  ? fmt::format("[CAPABILITY {}] welcome", abilities_.to_string())
                  : "welcome");
}

void SimSession::enable(const ClientCommand& command) {
  std::string enabled;
  for (const Argument& argument : command.arguments) {
    const std::string word = ascii_upper(argument.text);
    if (word == "QRESYNC" && abilities_.qresync) {
      qresync_on_ = condstore_on_ = true;
      enabled += " QRESYNC";
    } else if (word == "CONDSTORE") {
      condstore_on_ = true;
      enabled += " CONDSTORE";
    }
  }
  say("* ENABLED" + enabled);
  ok(command);
}

bool SimSession::handle_mailboxes(const ClientCommand& command) {
  const std::string& name = command.name;
  const std::size_t count = command.arguments.size();
  const std::string first = count > 0 ? canonical(command.arguments[0].text) : "";
  if (name == "LIST" && count >= 2) {
    list(command);
  } else if (name == "STATUS" && count == 2) {
    status(command);
  } else if ((name == "SELECT" || name == "EXAMINE") && count >= 1) {
    select(command);
  } else if (name == "UNSELECT" && abilities_.unselect && selected_) {
    selected_.reset();
    ok(command);
  } else if (name == "CREATE" && count == 1) {
    if (!state_.create(first)) return no(command, "[ALREADYEXISTS] it exists"), true;
    ++state_.changes_by_sessions;
    ok(command);
  } else if (name == "DELETE" && count == 1) {
    const ServerMailbox* mailbox = first == "INBOX" ? nullptr : state_.find(first);
    if (!mailbox) return no(command, "[NONEXISTENT] no"), true;
    const auto messages = mailbox->messages;
    state_.remove(first);
    for (const auto& [uid, message] : messages) {
      if (state_.gone) state_.gone(message.octets);
    }
    ++state_.changes_by_sessions;
    ok(command);
  } else if (name == "RENAME" && count == 2) {
    if (!state_.rename(first, command.arguments[1].text)) return no(command, "cannot"), true;
    ++state_.changes_by_sessions;
    ok(command);
  } else if ((name == "SUBSCRIBE" || name == "UNSUBSCRIBE") && count == 1) {
    ok(command);
  } else {
    return false;
  }
  return true;
}

std::string SimSession::status_line(const std::string& name, const ServerMailbox& mailbox,
                                    const std::vector<Argument>& items) const {
  std::string text;
  const auto add = [&text](std::string_view item, std::uint64_t value) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " ", item, value);
  };
  for (const Argument& argument : items) {
    const std::string item = ascii_upper(argument.text);
    if (item == "MESSAGES") add(item, mailbox.messages.size());
    if (item == "UIDNEXT") add(item, mailbox.uid_next);
    if (item == "UIDVALIDITY") add(item, mailbox.uidvalidity);
    if (item == "HIGHESTMODSEQ" && abilities_.condstore) add(item, mailbox.highest_modseq);
    if (item == "UNSEEN") {
      add(item,
          static_cast<std::uint64_t>(std::ranges::count_if(mailbox.messages, [](const auto& one) {
            return !one.second.flags.has(Flag::seen);
          })));
    }
  }
  return fmt::format("* STATUS {} ({})", quoted(name), text);
}

void SimSession::list(const ClientCommand& command) {
  std::vector<Argument> status_items;
  if (command.arguments.size() > 3) {
    const std::vector<Argument>& options = command.arguments[3].items;
    for (std::size_t i = 0; i + 1 < options.size(); ++i) {
      if (ascii_iequals(options[i].text, "STATUS")) status_items = options[i + 1].items;
    }
  }
  for (const auto& [name, mailbox] : state_.mailboxes()) {
    say(fmt::format("* LIST () \"{}\" {}", state_.delimiter, quoted(name)));
    if (!status_items.empty()) say(status_line(name, mailbox, status_items));
  }
  ok(command);
}

void SimSession::status(const ClientCommand& command) {
  const std::string name = canonical(command.arguments[0].text);
  const ServerMailbox* mailbox = state_.find(name);
  if (!mailbox) return no(command, "[NONEXISTENT] no such mailbox");
  say(status_line(name, *mailbox, command.arguments[1].items));
  ok(command);
}

void SimSession::select(const ClientCommand& command) {
  if (selected_ && condstore_on_) say("* OK [CLOSED] the one before");
  selected_.reset();
  const std::string name = canonical(command.arguments[0].text);
  const ServerMailbox* mailbox = state_.find(name);
  if (!mailbox) return no(command, "[NONEXISTENT] no such mailbox");
  const bool read_only = command.name == "EXAMINE";
  selected_ = Selected{name, mailbox->uidvalidity, read_only, {}, mailbox->highest_modseq};
  for (const auto& [uid, message] : mailbox->messages) selected_->view.push_back(uid);
  say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)");
  say(fmt::format("* {} EXISTS", selected_->view.size()));
  say("* 0 RECENT");
  say("* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] kept");
  say(fmt::format("* OK [UIDVALIDITY {}] UIDs", mailbox->uidvalidity));
  say(fmt::format("* OK [UIDNEXT {}] next", mailbox->uid_next));
  if (abilities_.condstore) {
    say(fmt::format("* OK [HIGHESTMODSEQ {}] highest", mailbox->highest_modseq));
  }
  if (command.arguments.size() > 1 && abilities_.condstore) {
    const std::vector<Argument>& parameters = command.arguments[1].items;
    condstore_on_ = true;
    if (parameters.size() == 2 && ascii_iequals(parameters[0].text, "QRESYNC")) {
      if (!qresync_on_) return bad(command);
      resync(parameters[1], *mailbox);
    }
  }
  ok(command, read_only ? "[READ-ONLY] open" : "[READ-WRITE] open");
}

// RFC 7162 section 3.2.5.
void SimSession::resync(const Argument& parameters, const ServerMailbox& mailbox) {
  if (parameters.items.size() < 2) return;
  if (parse_number(parameters.items[0].text) != mailbox.uidvalidity) return;
  const std::uint64_t since = parse_number(parameters.items[1].text).value_or(0);
  UidSet gone;
  for (const auto& [uid, modseq] : mailbox.vanished) {
    if (modseq > since) gone.add(Uid{uid});
  }
  if (!gone.empty()) say("* VANISHED (EARLIER) " + gone.to_string());
  for (std::size_t i = 0; i < selected_->view.size(); ++i) {
    const std::uint32_t uid = selected_->view[i];
    const ServerMessage& message = mailbox.messages.at(uid);
    if (message.modseq <= since) continue;
    say(fmt::format("* {} FETCH (UID {} FLAGS ({}) MODSEQ ({}))", i + 1, uid,
                    message.flags.to_string(), message.modseq));
  }
}

}  // namespace sterna::simulation
