// SPDX-License-Identifier: Apache-2.0
// Two users and a planner: whatever they do, and wherever it is cut, both sides come to agree,
// nothing that nobody deleted is lost, nothing is doubled, and a plan for a settled world is empty.
//
// A failure prints its seed; STERNA_SEED=n runs that one alone, with everything shown.
#include <gtest/gtest.h>

#include <cstdlib>

#include "model.h"
#include "notation.h"
#include "tests/support/sanitized.h"

namespace sterna::sync::test {
namespace {

constexpr int kPassesToSettle = 12;
constexpr int kRuns = ::sterna::test::kSanitized ? 200 : 3000;

std::optional<std::uint64_t> seed_asked_for() {
  const char* seed = std::getenv("STERNA_SEED");
  if (!seed) return std::nullopt;
  return std::strtoull(seed, nullptr, 10);
}

class Run {
 public:
  Run(std::uint64_t seed, Chances chances) : model_(seed), chances_(chances), random_(seed + 1) {}

  std::string run() {
    for (int round = 0; round < 6; ++round) {
      const int changes = 1 + static_cast<int>(random_() % 6);
      for (int i = 0; i < changes; ++i) model_.mutate();
      if (const std::string wrong = pass(chances_); !wrong.empty()) return wrong;
    }
    model_.decide_held();
    for (int i = 0; i < kPassesToSettle; ++i) {
      if (const std::string wrong = pass({}); !wrong.empty()) return wrong;
    }
    const Input input = model_.observe();
    const std::string rest = told(input);
    if (!rest.empty()) return "not at rest:\n" + rest + model_.describe();
    const std::string wrong =
        model_.unsettled(chances_.unrecorded > 0 ? Doubles::in_trash : Doubles::nowhere);
    return wrong.empty() ? wrong : wrong + model_.describe();
  }

 private:
  std::string pass(const Chances& chances) {
    if (seed_asked_for()) {
      const Input input = model_.observe();
      std::printf("%s--- plan\n%s\n", model_.describe().c_str(), told(input).c_str());
    }
    model_.pass(chances);
    return model_.lost();
  }

  Model model_;
  Chances chances_;
  std::mt19937_64 random_;
};

void run_many(std::uint64_t first, int count, Chances chances) {
  if (const auto only = seed_asked_for()) {
    first = *only;
    count = 1;
  }
  for (int i = 0; i < count; ++i) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
    const std::string wrong = Run(seed, chances).run();
    if (!wrong.empty()) FAIL() << wrong << "STERNA_SEED=" << seed;
  }
}

TEST(Convergence, WhenEverythingIsCarriedOut) {
  run_many(1, kRuns, {});
}

TEST(Convergence, WhenActionsFail) {
  run_many(100'000, kRuns, {.skip = 0.3, .unrecorded = 0});
}

TEST(Convergence, WhenItDiesBetweenEffectAndRecord) {
  run_many(200'000, kRuns, {.skip = 0.1, .unrecorded = 0.3});
}

}  // namespace
}  // namespace sterna::sync::test
