// SPDX-License-Identifier: Apache-2.0
// What a test needs that plays a script which failed once.
#pragma once

#include <gtest/gtest.h>

#include "sim_world.h"

namespace sterna::simulation {

inline void play(std::string_view text) {
  const auto script = Script::parse(text);
  ASSERT_TRUE(script.has_value()) << script.error().describe();
  SimWorld world(*script);
  for (const Wrong& one : world.run()) {
    ADD_FAILURE() << one.kind << ": " << one.text;
    for (const std::string& line : world.story()) ADD_FAILURE() << line;
  }
}

}  // namespace sterna::simulation
