// SPDX-License-Identifier: Apache-2.0
// The help and the manual page agree: neither has a command or an option that the other lacks.
#include <gmock/gmock.h>

#include "tests/cli/help_text.h"

namespace sterna::cli {
namespace {

using testing::Contains;
using testing::UnorderedElementsAreArray;

constexpr const char* kManual = "docs/man/sterna.1";

// mdoc(7) writes an option as a word after the macro Fl, without its first dash.
std::set<std::string> options_of_manual(const std::string& manual) {
  static const std::regex flag("\\bFl (-?[a-z][-a-z]*)");
  std::set<std::string> found;
  for (std::sregex_iterator it(manual.begin(), manual.end(), flag), end; it != end; ++it)
    found.insert("-" + (*it)[1].str());
  return found;
}

TEST(Manual, HasTheOptionsOfTheHelpAndNoOthers) {
  const std::string manual = test::source_file(kManual);
  ASSERT_FALSE(manual.empty());
  EXPECT_THAT(options_of_manual(manual), UnorderedElementsAreArray(test::all_options()));
}

TEST(Manual, HasTheCommandsOfTheHelpAndNoOthers) {
  const std::string manual = test::source_file(kManual);
  static const std::regex item("^\\.It Cm ([a-z]+)", std::regex::multiline);
  std::vector<std::string> described;
  for (std::sregex_iterator it(manual.begin(), manual.end(), item), end; it != end; ++it)
    described.push_back((*it)[1]);
  EXPECT_THAT(described, UnorderedElementsAreArray(command_names()));
}

TEST(Manual, HasEveryExitStatus) {
  const std::string manual = test::source_file(kManual);
  for (int status : {0, 1, 2, 3, 4, 5, 6, 11, 78, 130})
    EXPECT_NE(manual.find("\n.It " + std::to_string(status) + "\n"), std::string::npos) << status;
}

TEST(Help, NamesWhatItShould) {
  const std::set<std::string> options = test::all_options();
  for (const char* option : {"-h", "--help", "--version", "-c", "-v", "-q", "--json", "--color",
                             "--no-input", "--dry-run", "--offline", "--deep", "-n"})
    EXPECT_THAT(options, Contains(option));
}

}  // namespace
}  // namespace sterna::cli
