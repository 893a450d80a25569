// SPDX-License-Identifier: Apache-2.0
// Two users, a server and a line that breaks, from seeds.
//
//   STERNA_SIM_SEEDS=5000   that many seeds instead of the usual number
//   STERNA_SIM_FIRST=1000   from that one on
//   STERNA_SIM_SEED=17      this one alone, as a failure's message says
//   STERNA_SIM_LOG=debug    what the engine logs, "trace" with the wire
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "sim_world.h"
#include "sterna/base/bytes.h"
#include "sterna/base/log.h"

namespace sterna::simulation {
namespace {

constexpr std::uint64_t kSeeds = 200;
constexpr std::uint64_t kBlocks = 4;  // ctest runs them beside one another

std::optional<std::uint64_t> number_from(const char* name) {
  const char* text = std::getenv(name);
  return text ? parse_number(text) : std::nullopt;
}

void run_seed(std::uint64_t seed) {
  SimWorld world(seed);
  const std::vector<std::string> wrong = world.run();
  if (wrong.empty()) return;
  std::string text;
  for (const std::string& line : world.story()) text += "  " + line + "\n";
  for (const std::string& line : wrong) text += "WRONG " + line + "\n";
  ADD_FAILURE()
      << text
      << fmt::format(
             "replay: STERNA_SIM_SEED={} sterna_simulation_test "
             "--gtest_filter=Seeds/Simulation.BothSidesEndAlikeWithNothingLostOrDoubled/{}",
             seed, seed % kBlocks);
}

class Simulation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Simulation, BothSidesEndAlikeWithNothingLostOrDoubled) {
  const std::uint64_t block = GetParam();
  LogLevel level = LogLevel::off;
  if (const char* text = std::getenv("STERNA_SIM_LOG")) {
    level = std::string_view(text) == "trace" ? LogLevel::trace : LogLevel::debug;
  }
  set_log_level(level);
  if (const auto seed = number_from("STERNA_SIM_SEED")) {
    if (*seed % kBlocks == block) run_seed(*seed);
    return;
  }
  const std::uint64_t seeds = number_from("STERNA_SIM_SEEDS").value_or(kSeeds);
  const std::uint64_t first = number_from("STERNA_SIM_FIRST").value_or(0);
  for (std::uint64_t seed = first - first % kBlocks + block; seed < first + seeds;
       seed += kBlocks) {
    if (seed >= first) run_seed(seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Simulation, testing::Range(std::uint64_t{0}, kBlocks));

}  // namespace
}  // namespace sterna::simulation
