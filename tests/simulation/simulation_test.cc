// SPDX-License-Identifier: Apache-2.0
// Two users, a server and a line that breaks, from seeds.
//
//   STERNA_SIM_SEEDS=5000    that many seeds instead of the usual number
//   STERNA_SIM_FIRST=1000    from that one on
//   STERNA_SIM_SEED=17       this one alone, as a failure's message says
//   STERNA_SIM_SCRIPT=FILE   this script alone
//   STERNA_SIM_WITH="a -b"   what a seed makes has the feature a as well, and not b
//   STERNA_SIM_PRINT=1       no seed is played: their scripts are printed, for other players
//   STERNA_SIM_SHRINK=1      a script that fails is made smaller, and printed
//   STERNA_SIM_LOG=debug     what the engine logs, "trace" with the wire
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <ostream>
#include <sstream>
#include <tuple>

#include "environment.h"
#include "generator.h"
#include "shrinker.h"
#include "sim_world.h"
#include "sterna/base/bytes.h"
#include "tests/support/sanitized.h"

namespace sterna::simulation {
namespace {

constexpr std::uint64_t kBlocks = 4;  // ctest runs them beside one another
constexpr unsigned kShrinkingRunsMax = 3'000;

std::set<std::string> kinds_of(const Script& script) {
  std::set<std::string> kinds;
  for (const Wrong& wrong : SimWorld(script).run()) kinds.insert(wrong.kind);
  return kinds;
}

// The story of a run that fails; empty if it is well.
std::string run_script(const Script& script, std::string& kind) {
  SimWorld world(script);
  const std::vector<Wrong> wrong = world.run();
  if (wrong.empty()) return {};
  kind = wrong.front().kind;
  std::string text;
  for (const std::string& line : world.story()) text += "  " + line + "\n";
  for (const Wrong& one : wrong) text += fmt::format("WRONG {}: {}\n", one.kind, one.text);
  return text;
}

void run(const Script& script, const std::string& replay) {
  std::string kind;
  std::string text = run_script(script, kind);
  if (text.empty()) return;
  if (std::getenv("STERNA_SIM_SHRINK")) {
    const Script least = shrink(script, kind, kinds_of, kShrinkingRunsMax);
    text = run_script(least, kind);
    text += fmt::format("the script, for STERNA_SIM_SCRIPT=FILE:\n{}", least.print());
  }
  ADD_FAILURE() << text << "replay: " << replay;
}

using Generate = Script (*)(std::uint64_t);

struct Kind {
  const char* name;
  Generate generate;
  std::uint64_t seeds;  // of an ordinary run
};
void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}
constexpr Kind kLives{"Seeds", generate, test::kSanitized ? 60 : 200};
constexpr Kind kCloseUps{"CloseUps", generate_close, test::kSanitized ? 200 : 2'000};

void run_seed(const Kind& kind, std::uint64_t seed) {
  Script script = kind.generate(seed);
  if (const char* words = std::getenv("STERNA_SIM_WITH")) {
    for (const std::string_view word : split(words, ' ')) {
      if (word.starts_with('-')) {
        script.features.erase(std::string(word.substr(1)));
      } else {
        script.features.emplace(word);
      }
    }
  }
  if (std::getenv("STERNA_SIM_PRINT")) return fmt::print("{}\n", script.print());
  run(script,
      fmt::format("STERNA_SIM_SEED={} sterna_simulation_test "
                  "--gtest_filter={}/Simulation.BothSidesEndAlikeWithNothingLostOrDoubled/{}",
                  seed, kind.name, seed % kBlocks));
}

void run_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const auto script = Script::parse(text.str());
  ASSERT_TRUE(script.has_value()) << path << ": " << script.error().describe();
  ASSERT_FALSE(script->steps.empty()) << path << " has no steps";
  run(*script, fmt::format("STERNA_SIM_SCRIPT={} sterna_simulation_test", path));
}

using Block = std::tuple<Kind, std::uint64_t>;

class Simulation : public testing::TestWithParam<Block> {};

TEST_P(Simulation, BothSidesEndAlikeWithNothingLostOrDoubled) {
  const auto& [kind, block] = GetParam();
  set_log_level(asked_log_level());
  if (const char* path = std::getenv("STERNA_SIM_SCRIPT")) {
    if (block == 0) run_file(path);
    return;
  }
  if (const auto seed = number_from("STERNA_SIM_SEED")) {
    if (*seed % kBlocks == block) run_seed(kind, *seed);
    return;
  }
  const std::uint64_t seeds = number_from("STERNA_SIM_SEEDS").value_or(kind.seeds);
  const std::uint64_t first = number_from("STERNA_SIM_FIRST").value_or(0);
  for (std::uint64_t seed = first - first % kBlocks + block; seed < first + seeds;
       seed += kBlocks) {
    if (seed >= first) run_seed(kind, seed);
  }
}

// A name of a test, for whoever asks for one: "Seeds/Simulation.Both.../2".
std::string block_name(const testing::TestParamInfo<Block>& info) {
  return fmt::format("{}", std::get<1>(info.param));
}

const auto kEveryBlock = testing::Range(std::uint64_t{0}, kBlocks);
INSTANTIATE_TEST_SUITE_P(Seeds, Simulation, testing::Combine(testing::Values(kLives), kEveryBlock),
                         block_name);
INSTANTIATE_TEST_SUITE_P(CloseUps, Simulation,
                         testing::Combine(testing::Values(kCloseUps), kEveryBlock), block_name);

}  // namespace
}  // namespace sterna::simulation
