// SPDX-License-Identifier: Apache-2.0
// The completions of the shells know every command and option of the help.
#include <gtest/gtest.h>

#include "tests/cli/help_text.h"

namespace sterna::cli {
namespace {

bool has_word(const std::string& text, const std::string& word) {
  const std::regex whole("(^|[^-a-z])" + word + "([^-a-z]|$)");
  return std::regex_search(text, whole);
}

TEST(Completions, OfBashKnowEverything) {
  const std::string script = test::source_file("src/cli/completions/sterna.bash");
  for (const std::string& option : test::all_options())
    EXPECT_TRUE(has_word(script, option)) << option;
  for (std::string_view command : command_names())
    EXPECT_TRUE(has_word(script, std::string(command))) << command;
}

TEST(Completions, OfZshKnowEverything) {
  const std::string script = test::source_file("src/cli/completions/_sterna");
  for (const std::string& option : test::all_options())
    EXPECT_TRUE(has_word(script, option)) << option;
  for (std::string_view command : command_names())
    EXPECT_NE(script.find("'" + std::string(command) + ":"), std::string::npos) << command;
}

TEST(Completions, OfFishKnowEverything) {
  const std::string script = test::source_file("src/cli/completions/sterna.fish");
  for (const std::string& option : test::all_options()) {
    const std::string flag =
        option.starts_with("--") ? "-l " + option.substr(2) : "-s " + option.substr(1);
    EXPECT_TRUE(has_word(script, flag)) << option;
  }
  for (std::string_view command : command_names())
    EXPECT_TRUE(has_word(script, "-a " + std::string(command))) << command;
}

}  // namespace
}  // namespace sterna::cli
