// SPDX-License-Identifier: Apache-2.0
// RemoteUser: somebody at another IMAP client.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diary.h"
#include "server_state.h"

namespace sterna::simulation {

class RemoteUser {
 public:
  RemoteUser(ServerState& state, Diary& diary) : state_(state), diary_(diary) {}

  // As LocalUser's.
  bool act(std::string_view what, Deed& deed);
  std::vector<Copy> copies() const;
  std::vector<std::string> mailboxes() const;
  std::string token_at(const std::string& mailbox, std::uint32_t uid) const;  // "" if none
  // A rule of this user's moved what was just stored.
  void filtered(const std::string& octets, const std::string& wire);

  std::string wire_of(const std::string& mailbox) const;

 private:
  struct Message {
    Copy copy;
    std::string wire;
    std::uint32_t uid = 0;
  };
  std::string name_of(const std::string& wire) const;
  std::vector<std::string> wires() const;
  std::vector<Message> messages() const;
  std::vector<Message> sole_messages() const;

  void deliver(Deed& deed);
  void flag(Deed& deed, const Message& message);
  void move(Deed& deed, const Message& message);
  void remove(Deed& deed, const Message& message);

  ServerState& state_;
  Diary& diary_;
};

}  // namespace sterna::simulation
