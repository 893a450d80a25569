// SPDX-License-Identifier: Apache-2.0
// Witness: the promise of every moment. Whenever Sterna takes a message from the server, a name
// from a directory, or such a removal reaches the disk, what nobody deleted must still be
// somewhere: on the server, in the Maildir or in the undo area; durably, if it was durable. Judged
// before the next effect; what did not lose anything costs nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ledger.h"
#include "server_state.h"
#include "tests/support/memory_disk.h"

namespace sterna::simulation {

class Witness {
 public:
  Witness(const ServerState& server, const Ledger& ledger) : server_(server), ledger_(ledger) {}

  void watch(test::MemoryDisk& disk);
  void gone_from_server(std::string_view octets);
  // Of what was taken since the last look.
  void look(std::vector<Wrong>& wrong);
  // Whether it is anywhere, be it in a cache alone.
  bool sees(const std::string& token) const;

 private:
  enum class From : std::uint8_t { server, cache, disk };
  struct Removal {
    From from = From::server;
    std::string token;
  };
  bool is_on_server(const std::string& token) const;
  bool is_on_disk(const std::string& token, bool durably) const;

  const ServerState& server_;
  const Ledger& ledger_;
  std::vector<test::MemoryDisk*> disks_;
  std::vector<Removal> removals_;
};

}  // namespace sterna::simulation
