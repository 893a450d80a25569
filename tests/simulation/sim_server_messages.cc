// SPDX-License-Identifier: Apache-2.0
// The commands of the simulated server that read and change messages.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "sim_server.h"
#include "sterna/base/bytes.h"

namespace sterna::simulation {
namespace {

constexpr std::int64_t kNoDate = 1'600'000'000;  // of an APPEND that names none

std::string print_internal_date(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 40> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%d-%b-%Y %H:%M:%S +0000", &parts);
  return {text.data(), size};
}

std::int64_t parse_internal_date(const std::string& text) {
  std::tm parts{};
  if (!::strptime(text.c_str(), " %d-%b-%Y %H:%M:%S %z", &parts)) return kNoDate;
  const long east = parts.tm_gmtoff;
  return static_cast<std::int64_t>(::timegm(&parts)) - east;
}

FlagSet flags_of(const std::vector<Argument>& items) {
  std::vector<std::string> words;
  for (const Argument& item : items) words.push_back(item.text);
  return FlagSet::from_imap(words);
}

std::string header_of(const std::string& octets) {
  const std::size_t end = octets.find("\r\n\r\n");
  return end == std::string::npos ? octets : octets.substr(0, end + 4);
}

std::string literal(const std::string& octets) {
  return fmt::format("{{{}}}\r\n{}", octets.size(), octets);
}

}  // namespace

ServerMailbox* SimSession::selected_mailbox() {
  if (!selected_) return nullptr;
  ServerMailbox* mailbox = state_.find(selected_->name);
  return mailbox && mailbox->uidvalidity == selected_->uidvalidity ? mailbox : nullptr;
}

std::vector<std::uint32_t> SimSession::in_view(const UidSet& uids) const {
  std::vector<std::uint32_t> found;
  for (const std::uint32_t uid : selected_->view) {
    if (uids.contains(Uid{uid})) found.push_back(uid);
  }
  return found;
}

std::size_t SimSession::number_of(std::uint32_t uid) const {
  const auto it = std::ranges::lower_bound(selected_->view, uid);
  return static_cast<std::size_t>(it - selected_->view.begin()) + 1;
}

bool SimSession::handle_messages(const ClientCommand& command) {
  const std::string& name = command.name;
  const std::size_t count = command.arguments.size();
  if (name == "APPEND" && count >= 2) return append(command), true;
  if (!selected_) return false;
  const bool changes = name == "UID STORE" || name == "UID MOVE" || name.ends_with("EXPUNGE");
  if (changes && selected_->read_only) return false;
  if (name == "UID FETCH" && count >= 2) {
    fetch(command);
  } else if (name == "UID STORE" && count >= 3) {
    store(command);
  } else if (name == "UID SEARCH" && count >= 1) {
    search(command);
  } else if (name == "UID COPY" && count == 2) {
    copy(command);
  } else if (name == "UID MOVE" && count == 2 && abilities_.move) {
    copy(command);
  } else if (name == "EXPUNGE" || (name == "UID EXPUNGE" && count == 1 && abilities_.uidplus)) {
    expunge(command);
  } else {
    return false;
  }
  return true;
}

void SimSession::append(const ClientCommand& command) {
  const std::string& name = command.arguments[0].text;
  ServerMailbox* mailbox = state_.find(ascii_iequals(name, "INBOX") ? "INBOX" : name);
  if (!mailbox) return no(command, "[TRYCREATE] no such mailbox");
  FlagSet flags;
  std::int64_t date = kNoDate;
  for (std::size_t i = 1; i + 1 < command.arguments.size(); ++i) {
    const Argument& argument = command.arguments[i];
    if (argument.kind == Argument::Kind::list) {
      flags = flags_of(argument.items);
    } else {
      date = parse_internal_date(argument.text);
    }
  }
  const std::uint32_t uid = mailbox->append(command.arguments.back().text, flags, date);
  ++state_.changes_by_sessions;
  if (selected_mailbox()) tell_news();
  ok(command, abilities_.uidplus
                  ? fmt::format("[APPENDUID {} {}] stored", mailbox->uidvalidity, uid)
                  : "stored");
}

std::string SimSession::fetch_item(const std::string& item, std::uint32_t uid,
                                   const ServerMessage& message) {
  if (item == "UID") return fmt::format("UID {}", uid);
  if (item == "FLAGS") return fmt::format("FLAGS ({})", message.flags.to_string());
  if (item == "MODSEQ") return fmt::format("MODSEQ ({})", message.modseq);
  if (item == "INTERNALDATE") {
    return fmt::format("INTERNALDATE \"{}\"", print_internal_date(message.internal_date));
  }
  if (item == "RFC822.SIZE") return fmt::format("RFC822.SIZE {}", message.octets.size());
  if (item == "BODY.PEEK[HEADER]") return "BODY[HEADER] " + literal(header_of(message.octets));
  if (item == "BODY.PEEK[]") {
    ++state_.bodies_sent;
    return "BODY[] " + literal(message.octets);
  }
  return {};
}

std::string SimSession::fetch_line(std::size_t number, std::uint32_t uid,
                                   const ServerMessage& message,
                                   const std::vector<Argument>& items) {
  std::string text;
  for (const Argument& argument : items) {
    const std::string item = fetch_item(ascii_upper(argument.text), uid, message);
    text += (text.empty() ? "" : " ") + item;
  }
  return fmt::format("* {} FETCH ({})", number, text);
}

void SimSession::fetch(const ClientCommand& command) {
  const auto uids = UidSet::parse(command.arguments[0].text);
  if (!uids) return bad(command);
  std::uint64_t since = 0;
  if (command.arguments.size() > 2) {
    const std::vector<Argument>& modifiers = command.arguments[2].items;
    if (!abilities_.condstore || modifiers.size() < 2) return bad(command);
    since = parse_number(modifiers[1].text).value_or(0);
    condstore_on_ = true;
  }
  std::vector<Argument> items = command.arguments[1].items;
  const bool modseq_asked = std::ranges::any_of(
      items, [](const Argument& item) { return ascii_iequals(item.text, "MODSEQ"); });
  if (modseq_asked && !abilities_.condstore) return bad(command);
  if (since != 0 && !modseq_asked) items.push_back({Argument::Kind::word, "MODSEQ", {}});
  const ServerMailbox& mailbox = *selected_mailbox();
  for (const std::uint32_t uid : in_view(*uids)) {
    const auto it = mailbox.messages.find(uid);
    if (it == mailbox.messages.end() || it->second.modseq <= since) continue;
    say(fetch_line(number_of(uid), uid, it->second, items));
  }
  ok(command);
}

void SimSession::store(const ClientCommand& command) {
  const auto uids = UidSet::parse(command.arguments[0].text);
  const std::size_t count = command.arguments.size();
  const std::string how = ascii_upper(command.arguments[count - 2].text);
  const FlagSet flags = flags_of(command.arguments[count - 1].items);
  const bool adds = how == "+FLAGS.SILENT";
  if (!uids || (!adds && how != "-FLAGS.SILENT")) return bad(command);
  std::uint64_t unchanged_since = UINT64_MAX;
  if (count == 4) {
    if (!abilities_.condstore || command.arguments[1].items.size() != 2) return bad(command);
    unchanged_since = parse_number(command.arguments[1].items[1].text).value_or(0);
    condstore_on_ = true;
  }
  ServerMailbox& mailbox = *selected_mailbox();
  UidSet refused;
  for (const std::uint32_t uid : in_view(*uids)) {
    const auto it = mailbox.messages.find(uid);
    if (it == mailbox.messages.end()) continue;
    if (it->second.modseq > unchanged_since) {
      refused.add(Uid{uid});
      continue;
    }
    const FlagSet& before = it->second.flags;
    mailbox.set_flags(uid, adds ? before.united(flags) : before.minus(flags));
    ++state_.changes_by_sessions;
    if (condstore_on_) {
      say(fmt::format("* {} FETCH (UID {} MODSEQ ({}))", number_of(uid), uid, it->second.modseq));
    }
  }
  selected_->told_modseq = mailbox.highest_modseq;
  ok(command, refused.empty() ? "done" : fmt::format("[MODIFIED {}] not all", refused.to_string()));
}

void SimSession::search(const ClientCommand& command) {
  bool returns_all = false;
  bool deleted = false;
  UidSet wanted = UidSet::range(Uid{1}, Uid{UINT32_MAX});
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const std::string word = ascii_upper(command.arguments[i].text);
    const bool more = i + 1 < command.arguments.size();
    if (word == "RETURN" && more && abilities_.esearch) {
      returns_all = true;
      ++i;
    } else if (word == "UID" && more) {
      const auto uids = UidSet::parse(command.arguments[++i].text);
      if (!uids) return bad(command);
      wanted = *uids;
    } else if (word == "DELETED") {
      deleted = true;
    } else if (word != "ALL") {
      return bad(command);
    }
  }
  const ServerMailbox& mailbox = *selected_mailbox();
  UidSet found;
  std::string numbers;
  for (const std::uint32_t uid : in_view(wanted)) {
    const auto it = mailbox.messages.find(uid);
    if (it == mailbox.messages.end()) continue;
    if (deleted && !it->second.flags.has(Flag::deleted)) continue;
    found.add(Uid{uid});
    numbers += fmt::format(" {}", uid);
  }
  if (returns_all) {
    say(fmt::format("* ESEARCH (TAG \"{}\") UID{}", command.tag,
                    found.empty() ? "" : " ALL " + found.to_string()));
  } else {
    say("* SEARCH" + numbers);
  }
  ok(command);
}

// UID COPY and UID MOVE.
void SimSession::copy(const ClientCommand& command) {
  const auto uids = UidSet::parse(command.arguments[0].text);
  if (!uids) return bad(command);
  const std::string& name = command.arguments[1].text;
  ServerMailbox* target = state_.find(ascii_iequals(name, "INBOX") ? "INBOX" : name);
  if (!target) return no(command, "[TRYCREATE] no such mailbox");
  ServerMailbox& source = *selected_mailbox();
  UidSet from;
  UidSet to;
  std::vector<std::uint32_t> copied;
  for (const std::uint32_t uid : in_view(*uids)) {
    if (!source.messages.contains(uid)) continue;
    to.add(Uid{state_.copy(source, uid, *target)});
    from.add(Uid{uid});
    copied.push_back(uid);
    ++state_.changes_by_sessions;
  }
  const bool moves = command.name == "UID MOVE";
  std::string code;
  if (abilities_.uidplus && !copied.empty()) {
    code =
        fmt::format("[COPYUID {} {} {}] ", target->uidvalidity, from.to_string(), to.to_string());
  }
  if (!moves) return ok(command, code + "copied");
  if (!code.empty()) say("* OK " + code + "moved");
  expunge_all(source, copied);
  ok(command, "moved");
}

void SimSession::expunge(const ClientCommand& command) {
  UidSet wanted = UidSet::range(Uid{1}, Uid{UINT32_MAX});
  if (!command.arguments.empty()) {
    const auto uids = UidSet::parse(command.arguments[0].text);
    if (!uids) return bad(command);
    wanted = *uids;
  }
  ServerMailbox& mailbox = *selected_mailbox();
  std::vector<std::uint32_t> gone;
  for (const std::uint32_t uid : in_view(wanted)) {
    const auto it = mailbox.messages.find(uid);
    if (it != mailbox.messages.end() && it->second.flags.has(Flag::deleted)) gone.push_back(uid);
  }
  expunge_all(mailbox, gone);
  ok(command, qresync_on_ && !gone.empty()
                  ? fmt::format("[HIGHESTMODSEQ {}] expunged", mailbox.highest_modseq)
                  : "expunged");
}

void SimSession::expunge_all(ServerMailbox& mailbox, const std::vector<std::uint32_t>& uids) {
  for (const std::uint32_t uid : uids) {
    const std::string octets = mailbox.messages.at(uid).octets;
    mailbox.expunge(uid);
    ++state_.changes_by_sessions;
    if (state_.gone) state_.gone(octets);
  }
  tell_vanished(mailbox);
}

void SimSession::tell_vanished(const ServerMailbox& mailbox) {
  std::vector<std::uint32_t>& view = selected_->view;
  UidSet gone;
  for (std::size_t i = 0; i < view.size();) {
    if (mailbox.messages.contains(view[i])) {
      ++i;
      continue;
    }
    gone.add(Uid{view[i]});
    if (!qresync_on_) say(fmt::format("* {} EXPUNGE", i + 1));
    view.erase(view.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (qresync_on_ && !gone.empty()) say("* VANISHED " + gone.to_string());
}

void SimSession::tell_news() {
  const ServerMailbox& mailbox = *selected_mailbox();
  tell_vanished(mailbox);
  std::vector<std::uint32_t>& view = selected_->view;
  const std::size_t before = view.size();
  const std::uint32_t last = view.empty() ? 0 : view.back();
  for (auto it = mailbox.messages.upper_bound(last); it != mailbox.messages.end(); ++it) {
    view.push_back(it->first);
  }
  if (view.size() != before) say(fmt::format("* {} EXISTS", view.size()));
  for (std::size_t i = 0; i < before; ++i) {
    const ServerMessage& message = mailbox.messages.at(view[i]);
    if (message.modseq <= selected_->told_modseq) continue;
    std::string modseq;
    if (condstore_on_) modseq = fmt::format(" MODSEQ ({})", message.modseq);
    say(fmt::format("* {} FETCH (UID {} FLAGS ({}){})", i + 1, view[i], message.flags.to_string(),
                    modseq));
  }
  selected_->told_modseq = mailbox.highest_modseq;
}

}  // namespace sterna::simulation
