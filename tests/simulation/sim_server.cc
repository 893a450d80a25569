// SPDX-License-Identifier: Apache-2.0
#include "sim_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sterna/base/bytes.h"

namespace sterna::simulation {
namespace {

constexpr std::size_t kMessageLimit = 3;

bool is_inbox(const std::string& name) {
  return ascii_iequals(name, "INBOX");
}

std::string canonical(const std::string& name) {
  return is_inbox(name) ? "INBOX" : name;
}

std::string quoted_name(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool asks_modseq(const std::vector<Argument>& items) {
  return std::ranges::any_of(
      items, [](const Argument& item) { return ascii_iequals(item.text, "HIGHESTMODSEQ"); });
}

// RFC 3501 section 6.3.8.
bool matches(std::string_view name, std::string_view pattern, char delimiter) {
  if (pattern.empty()) return name.empty();
  const char first = pattern.front();
  if (first != '*' && first != '%') {
    return name.starts_with(first) && matches(name.substr(1), pattern.substr(1), delimiter);
  }
  for (std::size_t size = 0; size <= name.size(); ++size) {
    if (matches(name.substr(size), pattern.substr(1), delimiter)) return true;
    if (size < name.size() && first == '%' && name[size] == delimiter) return false;
  }
  return false;
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
  abilities.multiappend = script.has("multiappend");
  abilities.objectid = script.has("objectid");
  abilities.idle = script.has("idle");
  abilities.notify = script.has("notify");
  abilities.message_limit = script.has("message-limit") ? kMessageLimit : 0;
  abilities.no_appenduid = script.has("no-appenduid");
  abilities.no_copyuid = script.has("no-copyuid");
  abilities.partial_copyuid = script.has("partial-copyuid");
  abilities.half_move = script.has("half-move");
  abilities.lags = script.has("lags");
  abilities.filters = script.has("filters");
  abilities.rewrites = script.has("rewrites");
  abilities.gone = script.has("bodies-go") ? Gone::nil : Gone::body;
  abilities.manners = script.has("cyrus") ? Manners::cyrus : Manners::dovecot;
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
  add(multiappend, "MULTIAPPEND");
  add(objectid, "OBJECTID");
  add(idle, "IDLE");
  add(notify, "NOTIFY");
  if (message_limit > 0) words += fmt::format(" MESSAGELIMIT={}", message_limit);
  return words;
}

SimSession::SimSession(ServerState& state, Abilities abilities)
    : state_(state),
      abilities_(abilities),
      reader_([this](const ClientCommand& command) { return may_go_on(command); }) {}

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

// What cannot succeed is refused before its literal is sent.
bool SimSession::may_go_on(const ClientCommand& command) {
  if (command.name == "APPEND" && authenticated_ && refuses_append(command)) return false;
  say("+ go on");
  return true;
}

void SimSession::ok(const ClientCommand& command, const std::string& text) {
  finish(command, "OK", text);
}
void SimSession::no(const ClientCommand& command, const std::string& text) {
  finish(command, "NO", text);
}

void SimSession::finish(const ClientCommand& command, std::string_view word, std::string text) {
  const ServerMailbox* mailbox = selected_mailbox();
  if (mailbox) {
    if (!late_) tell_behind(command);
    const std::uint64_t highest = selected_->told_modseq;
    if (qresync_on_ && tells_as(Manners::dovecot) && selected_->said_modseq < highest) {
      selected_->said_modseq = highest;
      const std::string code = fmt::format("[HIGHESTMODSEQ {}] ", highest);
      if (word == "OK" && !text.starts_with('[')) {
        text.insert(0, code);
      } else {
        say("* OK " + code + "highest");
      }
    }
  }
  say(fmt::format("{} {} {}", command.tag, word, text));
}
void SimSession::bad(const ClientCommand& command) {
  state_.complaints.push_back(command.line);
  say(fmt::format("{} BAD not understood here", command.tag.empty() ? "*" : command.tag));
}

void SimSession::handle(const ClientCommand& command) {
  if (state_.before_command) state_.before_command(command.line);
  if (idle_) return end_idle(command);
  if (!state_.not_understood.empty() && command.line.contains(state_.not_understood)) {
    return bad(command);
  }
  if (selected_ && !selected_mailbox()) {
    if (tells_as(Manners::dovecot)) say("* BYE the mailbox is gone");
    ended_ = true;
    return;
  }
  late_ = is_late(command.name);
  if (selected_ && !late_) tell_before(command);
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
  } else if (name == "IDLE" && authenticated_ && abilities_.idle) {
    idle(command);
  } else if (name == "NOTIFY" && authenticated_ && abilities_.notify) {
    notify(command);
  } else if (name == "ENABLE" && authenticated_ && abilities_.condstore) {
    enable(command);
  } else if (name == "NAMESPACE" && authenticated_ && abilities_.namespaces) {
    say(fmt::format("* NAMESPACE (({} \"{}\")) NIL NIL", quoted_name(state_.prefix),
                    state_.delimiter));
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
  const bool cyrus = tells_as(Manners::cyrus);  // says what is new, QRESYNC as both
  std::string enabled;
  for (const Argument& argument : command.arguments) {
    const std::string word = ascii_upper(argument.text);
    if (word == "QRESYNC" && abilities_.qresync) {
      if (cyrus && !condstore_on_) enabled += " CONDSTORE";
      if (!cyrus || !qresync_on_) enabled += " QRESYNC";
      qresync_on_ = condstore_on_ = true;
    } else if (word == "CONDSTORE") {
      if (!cyrus || !condstore_on_) enabled += " CONDSTORE";
      condstore_on_ = true;
    }
  }
  if (!enabled.empty()) say("* ENABLED" + enabled);
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
    if (!state_.create(first)) return no(command, coded("[ALREADYEXISTS] it exists")), true;
    if (tells_as(Manners::cyrus)) create_parents(first);
    ++state_.changes_by_sessions;
    ok(command, abilities_.objectid ? fmt::format("[MAILBOXID (F{})] made", state_.find(first)->id)
                                    : "done");
  } else if (name == "DELETE" && count == 1) {
    if (first == "INBOX") return no(command, "not this one"), true;
    if (tells_as(Manners::cyrus) && has_children(first)) {
      return no(command, "[HASCHILDREN] others are below it"), true;
    }
    const ServerMailbox* mailbox = state_.find(first);
    if (!mailbox) return no(command, coded("[NONEXISTENT] no")), true;
    const auto messages = mailbox->messages;
    state_.remove(first);
    for (const auto& [uid, message] : messages) {
      if (state_.gone) state_.gone(message.octets);
    }
    ++state_.changes_by_sessions;
    ok(command);
  } else if (name == "RENAME" && count == 2) {
    const bool there = state_.find(first) != nullptr;
    if (!state_.rename(first, command.arguments[1].text)) {
      return no(command, coded(there ? "[ALREADYEXISTS] it exists" : "[NONEXISTENT] no")), true;
    }
    if (tells_as(Manners::cyrus)) create_parents(command.arguments[1].text);
    ++state_.changes_by_sessions;
    ok(command);
  } else if ((name == "SUBSCRIBE" || name == "UNSUBSCRIBE") && count == 1) {
    ok(command);
  } else {
    return false;
  }
  return true;
}

// Cyrus tells no code here.
std::string SimSession::coded(const std::string& text) const {
  return tells_as(Manners::dovecot) ? text : text.substr(text.find(' ') + 1);
}

void SimSession::create_parents(const std::string& name) {
  for (std::size_t at = name.find(state_.delimiter); at != std::string::npos;
       at = name.find(state_.delimiter, at + 1)) {
    if (at + 1 > state_.prefix.size()) state_.create(name.substr(0, at));
  }
}

bool SimSession::has_children(const std::string& name) const {
  return std::ranges::any_of(state_.mailboxes(), [&](const auto& one) {
    return one.first.starts_with(name + state_.delimiter);
  });
}

std::string SimSession::status_line(const std::string& name, const ServerMailbox& mailbox,
                                    const std::vector<Argument>& items) const {
  std::string text;
  const auto add = [&text](std::string_view item, std::uint64_t value) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " ", item, value);
  };
  // Of the mailbox that is open the session knows what it was told.
  const bool told = tells_as(Manners::dovecot) && selected_ && selected_->name == name;
  for (const Argument& argument : items) {
    const std::string item = ascii_upper(argument.text);
    if (item == "MESSAGES") add(item, told ? selected_->view.size() : mailbox.messages.size());
    if (item == "UIDNEXT") add(item, told ? selected_->told_uid_next : mailbox.uid_next);
    if (item == "UIDVALIDITY") add(item, mailbox.uidvalidity);
    if (item == "MAILBOXID" && abilities_.objectid) {
      text += fmt::format("{}MAILBOXID (F{})", text.empty() ? "" : " ", mailbox.id);
    }
    if (item == "HIGHESTMODSEQ" && abilities_.condstore) {
      add(item, told ? selected_->told_modseq : mailbox.highest_modseq);
    }
    if (item == "UNSEEN") {
      add(item,
          static_cast<std::uint64_t>(std::ranges::count_if(mailbox.messages, [](const auto& one) {
            return !one.second.flags.has(Flag::seen);
          })));
    }
  }
  return fmt::format("* STATUS {} ({})", quoted_name(name), text);
}

void SimSession::list(const ClientCommand& command) {
  std::vector<Argument> status_items;
  if (command.arguments.size() > 3) {
    const std::vector<Argument>& options = command.arguments[3].items;
    for (std::size_t i = 0; i + 1 < options.size(); ++i) {
      if (ascii_iequals(options[i].text, "STATUS")) status_items = options[i + 1].items;
    }
  }
  const Argument& asked = command.arguments[1];
  std::vector<std::string> patterns;
  for (const Argument& one : asked.items) patterns.push_back(canonical(one.text));
  if (asked.kind != Argument::Kind::list) patterns.push_back(canonical(asked.text));
  const auto is_asked = [&](const std::string& name) {
    return std::ranges::any_of(patterns, [&](const std::string& pattern) {
      return matches(name, pattern, state_.delimiter);
    });
  };
  if (patterns == std::vector<std::string>{""}) {
    say(fmt::format("* LIST (\\Noselect) \"{}\" \"\"", state_.delimiter));
    return ok(command);
  }
  std::set<std::string> parents;  // that are no mailboxes
  for (const auto& [name, mailbox] : state_.mailboxes()) {
    for (std::size_t at = name.find(state_.delimiter); at != std::string::npos;
         at = name.find(state_.delimiter, at + 1)) {
      parents.insert(name.substr(0, at));
    }
    if (!is_asked(name)) continue;
    say(fmt::format("* LIST () \"{}\" {}", state_.delimiter, quoted_name(name)));
    if (!status_items.empty()) say(status_line(name, mailbox, status_items));
  }
  for (const std::string& name : parents) {
    const bool of_namespace = state_.prefix == name + state_.delimiter;
    if (state_.find(name) || of_namespace || !is_asked(name)) continue;
    say(fmt::format("* LIST (\\Noselect) \"{}\" {}", state_.delimiter, quoted_name(name)));
  }
  ok(command);
}

void SimSession::status(const ClientCommand& command) {
  const std::string name = canonical(command.arguments[0].text);
  ServerMailbox* mailbox = state_.find(name);
  if (!mailbox) return no(command, "no such mailbox");
  const bool modseq = abilities_.condstore && asks_modseq(command.arguments[1].items);
  if (modseq && tells_as(Manners::dovecot)) enable_condstore();
  mailbox->modseq_asked = mailbox->modseq_asked || modseq;
  say(status_line(command.arguments[0].text, *mailbox, command.arguments[1].items));
  const bool own = tells_as(Manners::dovecot) && selected_ && selected_->name == name;
  ok(command, own ? "[CLIENTBUG] of the mailbox that is open" : "done");
}

void SimSession::select(const ClientCommand& command) {
  const bool has_parameters = command.arguments.size() > 1 && abilities_.condstore;
  const std::vector<Argument> parameters =
      has_parameters ? command.arguments[1].items : std::vector<Argument>{};
  const bool resyncs = parameters.size() == 2 && ascii_iequals(parameters[0].text, "QRESYNC");
  if (resyncs && !qresync_on_) return bad(command);
  const std::string name = canonical(command.arguments[0].text);
  ServerMailbox* mailbox = state_.find(name);
  select_failed_ = !mailbox || state_.locked.contains(name);
  if (select_failed_ && abilities_.keeps_selected) return no(command, "no such mailbox");
  if (selected_) say("* OK [CLOSED] the one before");
  selected_.reset();
  if (select_failed_) return no(command, "no such mailbox");
  condstore_on_ = condstore_on_ || has_parameters;
  mailbox->modseq_asked = mailbox->modseq_asked || condstore_on_ || tells_as(Manners::cyrus);
  selected_ = Selected{.name = name,
                       .uidvalidity = mailbox->uidvalidity,
                       .read_only = command.name == "EXAMINE",
                       .view = {},
                       .told_modseq = mailbox->highest_modseq,
                       .said_modseq = mailbox->highest_modseq,
                       .told_uid_next = mailbox->uid_next,
                       .told_keywords = mailbox->keywords.to_imap().size(),
                       .own = {}};
  for (const auto& [uid, message] : mailbox->messages) selected_->view.push_back(uid);
  say_opening(*mailbox);
  if (resyncs) resync(parameters[1], *mailbox);
  const bool read_only = selected_->read_only;
  ok(command, read_only ? "[READ-ONLY] open" : "[READ-WRITE] open");
}

void SimSession::say_opening(const ServerMailbox& mailbox) {
  say_flags(mailbox);
  say(fmt::format("* {} EXISTS", selected_->view.size()));
  say("* 0 RECENT");
  for (std::size_t i = 0; i < selected_->view.size(); ++i) {
    if (mailbox.messages.at(selected_->view[i]).flags.has(Flag::seen)) continue;
    say(fmt::format("* OK [UNSEEN {}] the first", i + 1));
    break;
  }
  say(fmt::format("* OK [UIDVALIDITY {}] UIDs", mailbox.uidvalidity));
  say(fmt::format("* OK [UIDNEXT {}] next", mailbox.uid_next));
  if (abilities_.objectid) say(fmt::format("* OK [MAILBOXID (F{})] object", mailbox.id));
  if (abilities_.condstore && mailbox.modseq_asked) {
    say(fmt::format("* OK [HIGHESTMODSEQ {}] highest", mailbox.highest_modseq));
  }
}

void SimSession::say_flags(const ServerMailbox& mailbox) {
  std::string words = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";
  for (const std::string& keyword : mailbox.keywords.to_imap()) words += " " + keyword;
  say(fmt::format("* FLAGS ({})", words));
  say(fmt::format("* OK [PERMANENTFLAGS ({})] kept", selected_->read_only ? "" : words + " \\*"));
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
