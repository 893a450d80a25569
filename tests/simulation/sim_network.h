// SPDX-License-Identifier: Apache-2.0
// SimNetwork: io::Dialer whose connections lead to the simulated server, with a delay in each
// direction, and which can be cut after any octet.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "seeded_random.h"
#include "sim_server.h"
#include "sterna/io/transport.h"
#include "tests/support/virtual_clock.h"

namespace sterna::simulation {

class SimLine;

class SimNetwork : public io::Dialer {
 public:
  SimNetwork(test::VirtualClock& clock, SeededRandom& random, ServerState& state,
             Abilities abilities);
  ~SimNetwork() override;

  coro::Task<Result<std::unique_ptr<io::Transport>>> dial(io::Endpoint endpoint) override;

  // The connection over which the octet of this number goes, counted over all connections and both
  // directions from now on, is cut behind it. nullopt: none is.
  void cut_after(std::optional<std::uint64_t> octets) { octets_left_ = octets; }
  // Every connection ends now, and dialling fails until it is allowed again.
  void go_down();
  void go_up() { down_ = false; }
  // Every connection goes on to look alive, and nothing passes any more, as after a sleep.
  void fall_silent();
  // Sessions in IDLE tell what changed.
  void tell();
  // And end it.
  void tire_of_idle();
  std::uint64_t dialled() const { return dialled_; }

 private:
  friend class SimLine;
  std::chrono::nanoseconds delay();
  // How many of `octets` pass before the cut.
  std::size_t pass(std::size_t octets);

  test::VirtualClock& clock_;
  SeededRandom& random_;
  ServerState& state_;
  Abilities abilities_;
  std::optional<std::uint64_t> octets_left_;
  bool down_ = false;
  std::uint64_t dialled_ = 0;
  std::vector<std::weak_ptr<SimLine>> lines_;
};

}  // namespace sterna::simulation
