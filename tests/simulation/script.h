// SPDX-License-Identifier: Apache-2.0
// Script: a whole simulated run as a value. What world it is, and what happens in it, step by step;
// a seed makes one (generator.h), and it is printed, read and made smaller (shrinker.h).
//
//   seed 17
//   with coarse condstore nameless uidplus
//   1 local.deliver dice=4711
//   2 remote.flag dice=12 at=130
//   3 sync kill_ops=41
//   4 rest
//
// A step has a number that it keeps when others are dropped, and makes its own chance from `dice`:
// what one step does depends on the others only through the world. A step with `at` happens that
// many milliseconds into the next sync. All else about chance comes from the seed and the number of
// the sync.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"

namespace sterna::simulation {

struct Step {
  std::uint32_t id = 0;
  std::string what;                                        // "local.flag", "sync"
  std::map<std::string, std::uint64_t, std::less<>> with;  // "dice", "at" ...

  bool has(std::string_view key) const { return with.contains(key); }
  std::uint64_t number(std::string_view key) const {  // 0 if there is none
    const auto found = with.find(key);
    return found == with.end() ? 0 : found->second;
  }
  std::string print() const;
  bool operator==(const Step&) const = default;
};

struct Script {
  std::uint64_t seed = 0;
  std::set<std::string, std::less<>> features;  // of server, line and disk
  std::vector<Step> steps;

  bool has(std::string_view feature) const { return features.contains(feature); }
  std::string print() const;
  // Lines that begin with '#' are left out.
  static Result<Script> parse(std::string_view text);
  bool operator==(const Script&) const = default;
};

// What went wrong, and of which kind: a smaller script must fail in the same way.
struct Wrong {
  std::string kind;  // "lost" "doubled" "undead" ...
  std::string text;
};

}  // namespace sterna::simulation
