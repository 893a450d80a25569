// SPDX-License-Identifier: Apache-2.0
#include "half_looks.h"

#include <fmt/format.h>

#include <algorithm>

#include "tree.h"

namespace sterna::account {
namespace {

constexpr std::string_view kHalfSeenKey = "half_seen_since";  // a generation

bool is_half_look(const Engine& engine) {
  return engine.news || std::ranges::any_of(engine.mailboxes, [](const auto& work) {
           const sync::MailboxInput& in = work->input;
           const bool doubts = in.is_yet_to_be_paired() && !in.remote.gone.empty();
           return !work->requested || in.remote.coverage == Coverage::unknown || doubts;
         });
}

bool left_something(const Engine& engine) {
  return !engine.report.waiting.empty() ||
         std::ranges::any_of(engine.mailboxes, [](const auto& work) { return work->broken_off; });
}

}  // namespace

Status read_half_looks(Engine& engine) {
  STERNA_TRY(const std::uint64_t since, get_number(*engine.store, kHalfSeenKey));
  engine.half_seen_since.reset();
  if (since != 0) engine.half_seen_since = Generation{static_cast<std::int64_t>(since)};
  return {};
}

Status note_half_look(Engine& engine) {
  if (engine.half_seen_since || !is_half_look(engine)) return {};
  engine.half_seen_since = engine.generation;
  return engine.store->set(kHalfSeenKey, fmt::format("{}", engine.generation.value));
}

Status note_surplus(Engine& engine, const sync::Plan& plan) {
  if (!plan.surplus_since) return {};
  if (engine.half_seen_since && *engine.half_seen_since <= *plan.surplus_since) return {};
  engine.half_seen_since = plan.surplus_since;
  return engine.write([&] {
    return engine.store->set(kHalfSeenKey, fmt::format("{}", plan.surplus_since->value));
  });
}

Status end_half_looks(Engine& engine) {
  if (!engine.half_seen_since || is_half_look(engine) || left_something(engine)) return {};
  engine.half_seen_since.reset();
  return engine.write([&] { return engine.store->unset(kHalfSeenKey); });
}

}  // namespace sterna::account
