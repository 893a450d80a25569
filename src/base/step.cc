// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/step.h"

#ifdef STERNA_STEPS

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

constexpr std::string_view kAny = "any";

struct Death {
  std::string name;  // empty: of old age; kAny: at any step
  std::uint64_t turn = 1;
};

// A name or a number that is none would test nothing, unseen.
Death read_death() {
  const char* text = std::getenv("STERNA_DIE_AT");
  if (!text) return {};
  const std::string_view order = text;
  const std::size_t colon = order.find(':');
  Death death{std::string(order.substr(0, colon))};
  const auto turn = colon == std::string_view::npos ? std::optional<std::uint64_t>(1)
                                                    : parse_number(order.substr(colon + 1));
  const bool is_known =
      death.name == kAny || std::ranges::find(kSteps, death.name) != std::end(kSteps);
  if (!turn || *turn == 0 || !is_known) {
    std::fprintf(stderr, "sterna: STERNA_DIE_AT=%s names no step\n", text);
    std::abort();
  }
  death.turn = *turn;
  return death;
}

}  // namespace

void at_step(StepName step) {
  static const Death death = read_death();
  static std::atomic<std::uint64_t> turns = 0;
  const bool counts = death.name == kAny || step.text() == death.name;
  if (!counts || ++turns != death.turn) return;
  std::fprintf(stderr, "sterna: dies at %.*s\n", static_cast<int>(step.text().size()),
               step.text().data());
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

}  // namespace sterna

#endif
