// SPDX-License-Identifier: Apache-2.0
// The simulated server gives the answers of the real server whose manners it has, in every
// scenario. differences.txt has the exceptions, each with a reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "transcript.h"

namespace sterna::transcripts {
namespace {

using simulation::Abilities;
using simulation::Manners;

const std::string kHere = STERNA_TRANSCRIPTS_DIR;

std::vector<std::string> scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kHere + "/scenarios")) {
    names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

// "dovecot list 12-14: a reason": the steps of a scenario, counted from 1, in which the model
// differs; "list *" is every step.
class Differences {
 public:
  Differences(const std::string& server, const std::string& scenario) {
    std::ifstream in(kHere + "/differences.txt");
    for (std::string line; std::getline(in, line);) {
      const std::size_t space = line.find(' ');
      const std::string begin = " " + scenario + " ";
      if (space == std::string::npos || line.compare(space, begin.size(), begin) != 0) continue;
      const std::string named = line.substr(0, space);
      if (named != server && !(named == "dovecot*" && server.starts_with("dovecot"))) continue;
      const std::size_t from = space + begin.size();
      add(line.substr(from, line.find(':') - from));
    }
  }

  bool whole() const { return whole_; }
  bool take(int step) { return steps_.erase(step) == 1; }
  const std::set<int>& left() const { return steps_; }

 private:
  void add(const std::string& range) {
    if (range == "*") {
      whole_ = true;
      return;
    }
    const std::size_t dash = range.find('-');
    const int first = std::stoi(range);
    const int last = dash == std::string::npos ? first : std::stoi(range.substr(dash + 1));
    for (int step = first; step <= last; ++step) steps_.insert(step);
  }

  bool whole_ = false;
  std::set<int> steps_;
};

Abilities abilities_of(const std::string& server) {
  Abilities abilities;
  abilities.manners = server == "cyrus" ? Manners::cyrus : Manners::dovecot;
  abilities.gone = server == "dovecot-maildir" ? simulation::Gone::nil : simulation::Gone::body;
  abilities.condstore = abilities.qresync = abilities.uidplus = abilities.move = true;
  abilities.list_status = abilities.esearch = abilities.literal_plus = true;
  abilities.namespaces = abilities.unselect = abilities.capability_in_greeting = true;
  abilities.multiappend = true;
  return abilities;
}

class ModelTest : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(ModelTest, AnswersAsTheRealServer) {
  const auto& [server, scenario] = GetParam();
  Differences differences(server, scenario);
  if (differences.whole()) return;
  const std::vector<Step> recorded =
      read_transcript(kHere + "/recorded/" + server + "/" + scenario + ".txt");
  const std::vector<Step> played = play(recorded, abilities_of(server));
  const std::vector<std::string> theirs = comparable(recorded);
  const std::vector<std::string> ours = comparable(played);
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    if (differences.take(number)) {
      EXPECT_NE(ours[i], theirs[i]) << "no difference in step " << number << ": take it out of "
                                    << "differences.txt";
    } else {
      EXPECT_EQ(ours[i], theirs[i]) << "step " << number << ": " << recorded[i].text;
    }
  }
  EXPECT_TRUE(differences.left().empty()) << "differences.txt names steps that are not there";
}

INSTANTIATE_TEST_SUITE_P(Recorded, ModelTest,
                         testing::Combine(testing::Values("dovecot", "dovecot-maildir", "cyrus"),
                                          testing::ValuesIn(scenarios())),
                         [](const auto& info) {
                           std::string name =
                               std::get<0>(info.param) + "_" + std::get<1>(info.param);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace sterna::transcripts
