// SPDX-License-Identifier: Apache-2.0
#include "remote_user.h"

#include <fmt/format.h>

namespace sterna::simulation {

std::string RemoteUser::wire_of(const std::string& mailbox) const {
  if (mailbox == "INBOX") return mailbox;
  return state_.prefix + with_line_ends(mailbox, "/", std::string(1, state_.delimiter));
}

std::string RemoteUser::name_of(const std::string& wire) const {
  if (wire == "INBOX") return wire;
  return with_line_ends(wire.substr(state_.prefix.size()), std::string(1, state_.delimiter), "/");
}

std::vector<std::string> RemoteUser::mailboxes() const {
  std::vector<std::string> names;
  for (const auto& [wire, mailbox] : state_.mailboxes()) names.push_back(name_of(wire));
  return names;
}

std::vector<RemoteUser::Message> RemoteUser::messages() const {
  std::vector<Message> found;
  for (const auto& [wire, mailbox] : state_.mailboxes()) {
    for (const auto& [uid, message] : mailbox.messages) {
      found.push_back(
          {{token_of(message.octets), name_of(wire), message.flags, as_sent(message.octets)},
           wire,
           uid});
    }
  }
  return found;
}

std::vector<RemoteUser::Message> RemoteUser::sole_messages() const {
  return sole(messages(), diary_.ledger);
}
std::vector<Copy> RemoteUser::copies() const {
  return only_copies(messages());
}

std::string RemoteUser::token_at(const std::string& mailbox, std::uint32_t uid) const {
  for (const Message& message : messages()) {
    if (message.copy.mailbox == mailbox && message.uid == uid) return message.copy.token;
  }
  return "";
}

void RemoteUser::filtered(const std::string& octets, const std::string& wire) {
  const std::string token = token_of(octets);
  if (!diary_.ledger.knows(token)) return;
  // A rule is nobody who wants back what was deleted: of two of one message, the one that was.
  const bool deleted = diary_.ledger.is_deleted(token);
  diary_.ledger.moved(Side::remote, token, name_of(wire));
  if (deleted) diary_.ledger.left_open(token);
  diary_.tell(Side::remote, fmt::format("{} filtered into {}", token, name_of(wire)));
}

bool RemoteUser::act(std::string_view what, Deed& deed) {
  if (what == "deliver") return deliver(deed), true;
  if (what == "make") {
    const std::string name = deed.mailbox_name();
    state_.create(wire_of(name));
    diary_.tell(Side::remote, "mailbox " + name);
    return true;
  }
  using Act = void (RemoteUser::*)(Deed&, const Message&);
  constexpr std::pair<std::string_view, Act> kActs[] = {
      {"flag", &RemoteUser::flag}, {"move", &RemoteUser::move}, {"remove", &RemoteUser::remove}};
  for (const auto& [name, act] : kActs) {
    if (what != name) continue;
    const std::vector<Message> seen = sole_messages();
    if (const Message* message = deed.pick(seen)) (this->*act)(deed, *message);
    return true;
  }
  return false;
}

std::vector<std::string> RemoteUser::wires() const {
  std::vector<std::string> names;
  for (const auto& [wire, mailbox] : state_.mailboxes()) names.push_back(wire);
  return names;
}

// What was sent, and of which nobody here knows that it arrived, cannot be missed.
void RemoteUser::remove(Deed&, const Message& message) {
  const bool in_doubt = diary_.is_in_doubt(message.copy.token);
  state_.find(message.wire)->expunge(message.uid);
  diary_.ledger.deleted(Side::remote, message.copy.token);
  if (in_doubt) diary_.ledger.left_open(message.copy.token);
  diary_.tell(Side::remote,
              fmt::format("{} deleted in {}", message.copy.token, message.copy.mailbox));
}

void RemoteUser::deliver(Deed& deed) {
  const std::string token = deed.token();
  const std::string wire = *deed.pick(wires());
  const FlagSet flags = deed.flags();
  state_.find(wire)->append(deed.message(token), flags, diary_.now_s);
  diary_.ledger.born(Side::remote, token, name_of(wire), flags);
  diary_.tell(Side::remote, fmt::format("{} into {} ({})", token, wire, flags.to_string()));
}

void RemoteUser::flag(Deed& deed, const Message& message) {
  FlagSet flags = message.copy.flags;
  const std::string& flag = deed.flag();
  const bool on = toggle(flags, flag);
  state_.find(message.wire)->set_flags(message.uid, flags);
  diary_.ledger.flagged(Side::remote, message.copy.token, flag, on);
  diary_.tell(Side::remote,
              fmt::format("{} {} {}", message.copy.token, on ? "sets" : "clears", flag));
}

void RemoteUser::move(Deed& deed, const Message& message) {
  const std::string to = *deed.pick(wires());
  if (to == message.wire) return;
  ServerMailbox& source = *state_.find(message.wire);
  state_.copy(source, message.uid, *state_.find(to));
  source.expunge(message.uid);
  diary_.ledger.moved(Side::remote, message.copy.token, name_of(to));
  const bool marked = message.copy.flags.has(Flag::deleted);
  if (marked && diary_.amid_sync) diary_.ledger.overtaken(message.copy.token);
  diary_.tell(Side::remote, fmt::format("{} from {} to {}", message.copy.token,
                                        message.copy.mailbox, name_of(to)));
}

}  // namespace sterna::simulation
