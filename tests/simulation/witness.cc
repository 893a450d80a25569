// SPDX-License-Identifier: Apache-2.0
#include "witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "diary.h"

namespace sterna::simulation {

void Witness::watch(test::MemoryDisk& disk) {
  disks_.push_back(&disk);
  disk.removed = [this](bool durably, std::string_view content) {
    removals_.push_back({durably ? From::disk : From::cache, token_of(content)});
  };
}

void Witness::gone_from_server(std::string_view octets) {
  removals_.push_back({From::server, token_of(octets)});
}

bool Witness::is_on_server(const std::string& token) const {
  return std::ranges::any_of(server_.mailboxes(), [&](const auto& mailbox) {
    return std::ranges::any_of(mailbox.second.messages, [&](const auto& message) {
      return token_of(message.second.octets) == token;
    });
  });
}

bool Witness::is_on_disk(const std::string& token, bool durably) const {
  return std::ranges::any_of(disks_, [&](const test::MemoryDisk* disk) {
    return std::ranges::any_of(disk->contents(durably), [&](std::string_view content) {
      return token_of(content) == token;
    });
  });
}

bool Witness::sees(const std::string& token) const {
  return is_on_server(token) || is_on_disk(token, false);
}

void Witness::look(std::vector<Wrong>& wrong) {
  for (const auto& [from, token] : std::exchange(removals_, {})) {
    if (!ledger_.must_live(token) || is_on_server(token)) continue;
    if (is_on_disk(token, from != From::cache)) continue;
    constexpr std::array kPlaces{"the server", "a directory", "the disk"};
    wrong.push_back({"lost meanwhile", fmt::format("{}: taken from {}, and nowhere else{}", token,
                                                   kPlaces.at(static_cast<std::size_t>(from)),
                                                   from == From::cache ? "" : " durably")});
  }
}

}  // namespace sterna::simulation
