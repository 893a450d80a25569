// SPDX-License-Identifier: Apache-2.0
// Scripts are printed and read, made from seeds, and made smaller.
#include "script.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "generator.h"
#include "shrinker.h"

namespace sterna::simulation {
namespace {

TEST(Script, IsReadAsItIsPrinted) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Script script = generate(seed);
    const auto read = Script::parse("# a note\n" + script.print());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, script) << seed;
  }
}

TEST(Script, SaysWhichLineCannotBeRead) {
  for (const char* text : {"seed x", "1", "x sync", "1 sync cut", "1 sync cut=x"}) {
    const auto read = Script::parse(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_NE(read.error().describe().find(text), std::string::npos);
  }
}

TEST(Generator, MakesTheSameOfASeedAndOthersOfOthers) {
  EXPECT_EQ(generate(7), generate(7));
  EXPECT_NE(generate(7).steps, generate(8).steps);
}

TEST(Shrinker, KeepsWhatMattersAlone) {
  const Script script = generate(3);
  const auto wrong = [](const Script& candidate) {
    const auto has = [&](std::string_view what) {
      return std::ranges::any_of(candidate.steps,
                                 [&](const Step& step) { return step.what == what; });
    };
    return has("rest") && has("sync") ? std::set<std::string>{"lost"} : std::set<std::string>{};
  };
  ASSERT_TRUE(wrong(script).contains("lost"));
  const Script least = shrink(script, "lost", wrong, 1'000);
  EXPECT_EQ(least.steps.size(), 2U);
  EXPECT_TRUE(least.features.empty());
  for (const Step& step : least.steps) EXPECT_TRUE(step.with.empty()) << step.print();
}

}  // namespace
}  // namespace sterna::simulation
