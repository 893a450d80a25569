// SPDX-License-Identifier: Apache-2.0
// A recorded transcript (player.py says how it is written) and the same scenario played against the
// simulated server.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/sim_server.h"

namespace sterna::transcripts {

struct Step {
  std::string text;  // as in the scenario
  int connection = 0;
  std::string command;               // of a step that sends one
  std::string mailbox;               // that is open behind it
  std::vector<std::string> answers;  // without line ends; a tag is "tag"
};

std::vector<Step> read_transcript(const std::string& path);

// The same steps with the answers of the simulated server.
std::vector<Step> play(std::vector<Step> steps, const simulation::Abilities& abilities);

// The answers in a form in which those of two servers can be compared: without the words for
// people, the order where it is free, \Recent, and what no two recordings have in common
// (normal.py). One string a step.
std::vector<std::string> comparable(const std::vector<Step>& steps);

}  // namespace sterna::transcripts
